"""Where Baton runs: one CDK app for AWS accounts and the local cloud."""
