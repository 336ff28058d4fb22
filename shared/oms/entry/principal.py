"""Who calls: API Gateway has checked signature, issuer, audience and expiry; we read the claims and decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oms.kernel.errors import ForbiddenError, UnauthorizedError

RESOURCE_SERVER = "baton"  # Cognito writes a scope as `baton/orders:write`

ROLE_SCOPES: Mapping[str, frozenset[str]] = {
    "operator": frozenset({"orders:read", "orders:write", "fulfillment:write", "procurement:read"}),
    "sales": frozenset({"orders:read", "orders:write"}),
    "warehouse": frozenset({"orders:read", "fulfillment:write"}),
    "procurement": frozenset({"orders:read", "procurement:read"}),
    "auditor": frozenset({"orders:read", "procurement:read"}),
}


@dataclass(frozen=True)
class Principal:
    """A caller: `subject` is a user or client id, `scopes` what it may do."""

    subject: str
    scopes: frozenset[str]

    @classmethod
    def anonymous(cls) -> "Principal":
        """Nobody in particular: a webhook or a signed link proves itself otherwise."""
        return cls("anonymous", frozenset())

    def require(self, scope: str) -> None:
        """Let this caller pass, or raise.

        Raises:
            ForbiddenError: the scope is missing.
        """
        if scope not in self.scopes:
            raise ForbiddenError(f"this needs the scope {scope}")


def principal_of(event: Mapping[str, Any], *, now_s: float) -> Principal:
    """The caller named by the token's claims.

    Raises:
        UnauthorizedError: no claims, no expiry (the standard allows such tokens, we do not), or expired.
    """
    claims = event.get("requestContext", {}).get("authorizer", {}).get("jwt", {}).get("claims") or {}
    subject = str(claims.get("sub") or claims.get("client_id") or "")
    if not subject:
        raise UnauthorizedError("a token is needed")
    if not str(claims.get("exp", "")).isdigit() or int(claims["exp"]) <= now_s:
        raise UnauthorizedError("the token has no expiry or is past it")
    prefix = f"{RESOURCE_SERVER}/"
    scopes = {part.removeprefix(prefix) for part in str(claims.get("scope", "")).split() if part.startswith(prefix)}
    for group in _groups(claims.get("cognito:groups", "")):
        scopes |= ROLE_SCOPES.get(group, frozenset())
    return Principal(subject, frozenset(scopes))


def _groups(claim: Any) -> list[str]:
    """API Gateway hands a list claim over as the text `[operator sales]`."""
    if isinstance(claim, list):
        return [str(group) for group in claim]
    return str(claim).strip("[]").replace(",", " ").split()
