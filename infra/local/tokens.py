"""Access tokens of the local user pool: one user per role, made when first asked for."""

import hashlib
from typing import Any

from infra.local.clients import Clients

PASSWORD = "Local-only-" + hashlib.sha256(b"baton").hexdigest()[:16] + "!"  # for an emulator on loopback


class UnknownRoleError(Exception):
    """There is no such group in the user pool; the message names those that exist."""


def access_token(clients: Clients, outputs: dict[str, Any], role: str) -> str:
    """A token whose group is `role`, valid for an hour.

    Raises:
        UnknownRoleError: no such group.
    """
    pool, users = outputs["UserPoolId"], clients("cognito-idp")
    groups = sorted(group["GroupName"] for group in users.list_groups(UserPoolId=pool)["Groups"])
    if role not in groups:
        raise UnknownRoleError(f"There is no role {role!r}. Roles: {', '.join(groups)}")
    name = f"{role}@baton.example"
    try:
        users.admin_get_user(UserPoolId=pool, Username=name)
    except users.exceptions.UserNotFoundException:
        users.admin_create_user(
            UserPoolId=pool,
            Username=name,
            MessageAction="SUPPRESS",
            TemporaryPassword=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": name}, {"Name": "email_verified", "Value": "true"}],
        )
        users.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
        users.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=role)
    answer = users.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=outputs["UserClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    return str(answer["AuthenticationResult"]["AccessToken"])
