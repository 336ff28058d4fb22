"""Who calls: API Gateway has checked signature, issuer, audience and expiry; we read the claims.

A person's roles and objects are the groups of the user pool: `operator`, `location.ber-1`, `channel.shopify_eu`. A
machine proves itself with client credentials; what it is for us is the reference setting of its client id, and the
scopes of its token narrow that further. Nobody may do anything that is not given.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from oms.kernel.errors import ForbiddenError, NotFoundError, UnauthorizedError
from oms.orders.bounds import Bounds
from oms.orders.model import FulfillmentOrder, Order
from oms.reference.model import Client, Limit

RESOURCE_SERVER = "baton"  # Cognito writes a scope as `baton/orders:write`

STAFF = ("operator", "sales", "warehouse", "finance", "procurement", "privacy_officer", "auditor")
ROLES = (*STAFF, "channel", "customer")  # a customer has no token: a signed link shows one order
_BOUND = {"warehouse": "location", "channel": "channel"}  # who has no objects named sees none

_INSTANT = re.compile(r"[0-9]{1,12}")  # seconds

Names = frozenset[str]
ClientOf = Callable[[str], Client | None]


@dataclass(frozen=True)
class Principal:
    """A caller: `subject` is a user or client id.

    `channels` and `locations` are what it may see and touch; None: all of them. `scopes` None: a person, for whom the
    roles alone decide. `limit` None: as often as its roles may. Objects bind whatever role they come with: an operator
    with `location.ber-1` works there only.
    """

    subject: str
    roles: Names = frozenset()
    channels: Names | None = frozenset()
    locations: Names | None = frozenset()
    scopes: Names | None = frozenset()
    limit: Limit | None = None

    @classmethod
    def anonymous(cls) -> "Principal":
        """Nobody in particular: a webhook or a signed link proves itself otherwise."""
        return cls("anonymous")

    @property
    def unbound(self) -> bool:
        """Whether every channel and every location is this caller's."""
        return self.channels is None and self.locations is None

    @property
    def bounds(self) -> Bounds:
        """What of the orders it may see."""
        return Bounds(self.channels, self.locations)

    def require(self, roles: Iterable[str], scope: str) -> None:
        """Let this caller pass, or raise.

        Raises:
            ForbiddenError: none of the roles; or a machine whose token lacks the scope.
        """
        if self.roles.isdisjoint(roles):
            raise ForbiddenError(f"this is for the roles {', '.join(sorted(roles))}")
        if self.scopes is not None and scope not in self.scopes:
            raise ForbiddenError(f"this needs the scope {scope}")

    def may_see_channel(self, name: str) -> bool:
        return self.channels is None or name in self.channels

    def may_see_location(self, name: str) -> bool:
        return self.locations is None or name in self.locations

    def may_see_order(self, order: Order, works: Iterable[FulfillmentOrder]) -> bool:
        """Its channel is ours and, where locations bind, one of ours has or had work for it."""
        works_here = self.locations is None or any(work.location in self.locations for work in works)
        return works_here and self.may_see_channel(order.channel)

    def check_channel(self, name: str) -> None:
        """Answer a foreign channel exactly like one that is not set up.

        Raises:
            NotFoundError: code `unknown_channel`.
        """
        if not self.may_see_channel(name):
            raise unknown_channel()


def unknown_channel() -> NotFoundError:
    """The one answer for a channel that is not there, or not the caller's."""
    return NotFoundError("there is no such channel", code="unknown_channel")


def principal_of(event: Mapping[str, Any], *, now_s: float, client_of: ClientOf) -> Principal:
    """The caller named by the token's claims.

    Raises:
        UnauthorizedError: no claims, not an access token, no expiry (the standard allows such tokens, we do not),
            expired, or nobody's.
    """
    claims = event.get("requestContext", {}).get("authorizer", {}).get("jwt", {}).get("claims") or {}
    subject = str(claims.get("sub") or claims.get("client_id") or "")
    if not subject:
        raise UnauthorizedError("a token is needed")
    if claims.get("token_use") != "access":
        raise UnauthorizedError("an access token is needed; an id token says who one is, not what one may do")
    if not _INSTANT.fullmatch(expiry := str(claims.get("exp", ""))) or int(expiry) <= now_s:
        raise UnauthorizedError("the token has no expiry or is past it")
    if claims.get("username") or "cognito:groups" in claims:
        return _person(subject, _groups(claims.get("cognito:groups", "")))
    prefix = f"{RESOURCE_SERVER}/"
    scopes = [part.removeprefix(prefix) for part in str(claims.get("scope", "")).split() if part.startswith(prefix)]
    return _machine(subject, str(claims.get("client_id") or subject), frozenset(scopes), client_of)


def _person(subject: str, groups: list[str]) -> Principal:
    roles = frozenset(groups) & set(STAFF) | frozenset(groups) & {"channel"}
    channels, locations = _named(groups, "channel."), _named(groups, "location.")
    return Principal(
        subject, roles, _seen("channel", roles, channels), _seen("location", roles, locations), scopes=None
    )


def _machine(subject: str, client_id: str, scopes: Names, client_of: ClientOf) -> Principal:
    client = client_of(client_id)
    if client is None or not client.active:
        return Principal(subject, scopes=scopes)
    roles = client.roles & set(ROLES) - {"customer"}
    return Principal(
        subject,
        roles,
        _seen("channel", roles, client.channels),
        _seen("location", roles, client.locations),
        scopes,
        client.limit,
    )


def _named(groups: Iterable[str], prefix: str) -> Names | None:
    return frozenset(group.removeprefix(prefix) for group in groups if group.startswith(prefix)) or None


def _seen(kind: str, roles: Names, named: Names | None) -> Names | None:
    """The objects of a kind: those named; else none for who is nothing but bound to that kind; else all."""
    if named is not None:
        return named
    bound = roles <= set(_BOUND) and any(_BOUND[role] == kind for role in roles)
    return frozenset() if bound or not roles else None


def _groups(claim: Any) -> list[str]:
    """API Gateway hands a list claim over as the text `[operator sales]`."""
    if isinstance(claim, list):
        return [str(group) for group in claim]
    return str(claim).strip("[]").replace(",", " ").split()
