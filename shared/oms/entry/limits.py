"""How often a caller may call. One caller's flood is answered 429; the others do not notice (docs/adr/0010).

The limit of a machine stands in its reference setting `CLIENT`; that of a role, for people and other machines, in
`LIMIT`; what is not set is DEFAULT. Every process takes its tokens in chunks: see oms.aws.leases for the sum.
"""

from oms.aws.buckets import SECOND_US, Rate
from oms.entry.log import logger
from oms.entry.principal import Principal
from oms.kernel.errors import RateLimitedError, TransientError
from oms.reference.model import Limit
from oms.wiring import wire

DEFAULT = Limit(burst=600, per_minute=6_000)


def admit(principal: Principal) -> dict[str, str]:
    """Count one call; the headers that tell the caller what is left (draft-ietf-httpapi-ratelimit-headers-10).

    When the table of the buckets is not ready, the caller is let in: a limit is not worth an outage.

    Raises:
        RateLimitedError: one call too many.
    """
    wiring = wire()
    rate = _rate_of(principal)
    now_us = int(wiring.clock().timestamp() * SECOND_US)
    try:
        token = wiring.limits.take(principal.subject, rate, now_us=now_us)
    except TransientError as error:
        logger.warning("callers are not counted", extra={"error": str(error), "principal": principal.subject})
        return {}
    wait_s = -(-token.wait_us // SECOND_US)
    headers = {
        "ratelimit-policy": f'"caller";q={rate.burst};w={-(-rate.depth_us // SECOND_US)}',
        "ratelimit": f'"caller";r={token.left};t={wait_s}',
    }
    if not token.given:
        if token.news:
            logger.warning("rate limited", extra={"principal": principal.subject, "per_minute": rate.per_minute})
        raise RateLimitedError(wait_s, headers)
    return headers


def _rate_of(principal: Principal) -> Rate:
    """The caller's own limit; else the most generous of its roles; else the default."""
    limit = principal.limit
    if limit is None:
        known = wire().reference.limits()
        of_roles = [known[role] for role in principal.roles if role in known]
        limit = max(of_roles, key=lambda one: (one.per_minute, one.burst), default=DEFAULT)
    return Rate(limit.burst, limit.per_minute)
