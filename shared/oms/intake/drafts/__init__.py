"""Orders that a person at the sales desk is still writing."""
