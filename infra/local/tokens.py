"""Access tokens of the local user pool: one user per role and objects, made when first asked for."""

import hashlib
from collections.abc import Sequence
from typing import Any

from infra.local import company
from infra.local.clients import Clients
from oms.entry import examples

PASSWORD = "Local-only-" + hashlib.sha256(b"baton").hexdigest()[:16] + "!"  # for an emulator on loopback


class UnknownRoleError(Exception):
    """There is no such group in the user pool; the message names those that exist."""


# Who has only the objects named to them gets these, when none are: a warehouse everywhere, the channel of the examples.
USUAL = {
    "warehouse": tuple(f"location.{location.id}" for location in company.LOCATIONS),
    "channel": (f"channel.{examples.CHANNEL}",),
}


def access_token(clients: Clients, outputs: dict[str, Any], role: str, objects: Sequence[str] = ()) -> str:
    """A token of a user in the group `role` and in those of its objects (`location.ber-1`), valid for an hour.

    Raises:
        UnknownRoleError: no such group.
    """
    pool, users = outputs["UserPoolId"], clients("cognito-idp")
    groups = {group["GroupName"] for group in users.list_groups(UserPoolId=pool)["Groups"]}
    roles = sorted(group for group in groups if "." not in group)
    if role not in roles:
        raise UnknownRoleError(f"There is no role {role!r}. Roles: {', '.join(roles)}")
    name = "+".join([role, *objects]) + "@baton.example"
    wanted = [role, *(objects or USUAL.get(role, ()))]
    for group in sorted(set(wanted) - groups):
        users.create_group(UserPoolId=pool, GroupName=group)
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
        for group in wanted:
            users.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
    answer = users.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=outputs["UserClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    return str(answer["AuthenticationResult"]["AccessToken"])
