"""Who may call: people in groups with a password, machines with client credentials."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.constructs.acknowledge import acknowledge
from infra.settings import Settings
from oms.entry.principal import STAFF

# The roles that people have. The objects they are bound to are groups as well, made with the user: `location.ber-1`,
# `channel.shopify_eu`. A machine's role and objects stand in the reference table under its client id.
GROUPS = (*STAFF, "channel")
SCOPES = {
    "orders:read": "Read orders, parcels, stock and documents",
    "orders:write": "Submit, cancel and release orders",
    "people:read": "Read the person of an order, for a purpose",
    "fulfillment:write": "Confirm what a location did",
    "procurement:read": "Read purchase proposals",
    "procurement:write": "Announce and receive what suppliers send",
    "credit:read": "Read what customers on account owe",
    "credit:write": "Agree terms with customers on account, and send their statements",
    "policies:read": "Read what orders are checked for",
    "policies:write": "Draft and publish what orders are checked for",
    "sourcing:read": "Read who ships and what is dear",
    "sourcing:write": "Draft and publish who ships and what is dear, and try it on past orders",
}


class Identity(Construct):
    """The user pool, its groups, and the two clients whose tokens the API accepts."""

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        super().__init__(scope, "Identity")
        self.pool = _pool(self, settings)
        for group in GROUPS:
            self.pool.add_group(group, group_name=group)
        scopes = {name: cognito.ResourceServerScope(scope_name=name, scope_description=SCOPES[name]) for name in SCOPES}
        server = self.pool.add_resource_server(
            "Server", identifier="baton", user_pool_resource_server_name="Baton", scopes=list(scopes.values())
        )
        self.users = self.pool.add_client(
            "Users",
            user_pool_client_name=settings.name("users"),
            auth_flows=cognito.AuthFlow(user_password=True, user_srp=True, admin_user_password=True),
            access_token_validity=Duration.hours(1),
            prevent_user_existence_errors=True,
            disable_o_auth=True,
        )
        self.machine = self.pool.add_client(
            "Machine",
            user_pool_client_name=settings.name("machine"),
            generate_secret=True,
            access_token_validity=Duration.hours(1),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(client_credentials=True),
                scopes=[cognito.OAuthScope.resource_server(server, scopes[name]) for name in SCOPES],
            ),
        )
        self.pool.add_domain(
            "Domain",
            cognito_domain=cognito.CognitoDomainOptions(domain_prefix=f"{settings.name('id')}-{settings.account}"),
        )
        # Written out: the emulator's user pool lacks the attribute ProviderURL.
        self.issuer = f"https://cognito-idp.{settings.region}.amazonaws.com/{self.pool.user_pool_id}"
        CfnOutput(scope, "UserPoolId", value=self.pool.user_pool_id)
        CfnOutput(scope, "UserClientId", value=self.users.user_pool_client_id)
        CfnOutput(scope, "MachineClientId", value=self.machine.user_pool_client_id)


def _pool(scope: Construct, settings: Settings) -> cognito.UserPool:
    pool = cognito.UserPool(
        scope,
        "Users",
        user_pool_name=settings.name("users"),
        self_sign_up_enabled=False,
        sign_in_aliases=cognito.SignInAliases(username=True, email=True),
        sign_in_case_sensitive=False,
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        mfa=cognito.Mfa.OPTIONAL,
        mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
        password_policy=cognito.PasswordPolicy(
            min_length=14, require_digits=True, require_lowercase=True, require_uppercase=True, require_symbols=True
        ),
        deletion_protection=settings.protected,
        removal_policy=RemovalPolicy.RETAIN if settings.protected else RemovalPolicy.DESTROY,
    )
    acknowledge(
        pool,
        AwsSolutions_COG2="One-time codes are on offer; whether a role must use them is the operator's policy, and the "
        "unattended demo signs in with a password only.",
        AwsSolutions_COG8="The Plus tier charges per active user for threat protection; people here are a few staff "
        "without self sign-up. Raise it with one property if yours are many.",
    )
    return pool
