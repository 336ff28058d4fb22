"""Token buckets in DynamoDB, one item each, exact under any number of takers, at one write for many tokens.

| access pattern | how |
|---|---|
| take tokens | update `BUCKET#<name>` / `BUCKET`, on condition that they are there |

A bucket is one number (the generic cell rate algorithm, ITU-T I.371): `tat`, the instant in microseconds at which it
will be full again. Taking n tokens moves it n intervals on, and it may not lie further ahead than `burst` intervals.
So nothing has to refill it, and a taker that dies costs no more than what it took. An item that nobody needed for a
day is deleted by its TTL `expires_at`: not to be there means to be full.
"""

from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from oms.aws import clients, tables
from oms.aws.errors import code_of, translated
from oms.aws.tables import Key, from_wire, to_wire
from oms.kernel.errors import TransientError

SECOND_US = 1_000_000
_MINUTE_US = 60 * SECOND_US
_KEPT_S = 86_400
_TRIES = 5
_FULL = "attribute_not_exists(tat) OR tat < :now"
_USED = "tat BETWEEN :now AND :latest"


class Rate(NamedTuple):
    """`burst` tokens at once, `per_minute` in the long run."""

    burst: int
    per_minute: int

    @property
    def interval_us(self) -> int:
        """How long one token takes to come back."""
        return max(1, _MINUTE_US // self.per_minute)

    @property
    def depth_us(self) -> int:
        """How long an empty bucket takes to fill."""
        return self.burst * self.interval_us


class Taken(NamedTuple):
    """What was given: `tokens`, how many are left behind them, and how long until there is another one.

    `tat_us` is how far the bucket is now: said again with the next take, it saves a call while the bucket is in use.
    """

    tokens: int
    left: int
    wait_us: int
    tat_us: int


class Buckets:
    """The buckets of one table."""

    def __init__(self, table: str) -> None:
        self.table = table

    def take(self, name: str, wanted: int, rate: Rate, *, now_us: int, tat_us: int = 0) -> Taken:
        """Up to `wanted` tokens; fewer or none when the bucket has no more. One call, two when `tat_us` is old.

        Raises:
            TransientError: DynamoDB is not ready, or too many take at once.
        """
        for _ in range(_TRIES):
            tokens = min(wanted, _available(tat_us, rate, now_us))
            if tokens <= 0:
                return _taken(0, tat_us, rate, now_us)
            take = self._from_full if tat_us < now_us else self._from_used
            done, tat_us = take(name, tokens * rate.interval_us, rate, now_us)
            if done:
                return _taken(tokens, tat_us, rate, now_us)
        raise TransientError(f"too many take from the bucket {name}")

    def _from_full(self, name: str, cost_us: int, _rate: Rate, now_us: int) -> tuple[bool, int]:
        """Whether it was full and is taken from; and how far it is."""
        values = {":now": now_us, ":tat": now_us + cost_us, ":ttl": _expiry(now_us + cost_us)}
        return self._update(name, "SET tat = :tat, expires_at = :ttl", _FULL, values)

    def _from_used(self, name: str, cost_us: int, rate: Rate, now_us: int) -> tuple[bool, int]:
        """Whether it was in use, had as much, and is taken from; and how far it is."""
        latest = now_us + rate.depth_us
        values = {":now": now_us, ":latest": latest - cost_us, ":cost": cost_us, ":ttl": _expiry(latest)}
        return self._update(name, "SET tat = tat + :cost, expires_at = :ttl", _USED, values)

    def _update(self, name: str, expression: str, condition: str, values: dict[str, int]) -> tuple[bool, int]:
        key = Key(self.table, f"BUCKET#{name}", "BUCKET")
        request: dict[str, Any] = {
            "TableName": key.table,
            "Key": to_wire({"pk": key.pk, "sk": key.sk}),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": to_wire(values),
            "ReturnValues": "UPDATED_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        with translated():
            try:
                answer = clients.dynamodb().update_item(**request)
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                old: Any = error.response.get("Item")
                item = from_wire(old) if old else tables.get(key) or {}
                return False, int(item.get("tat", 0))
        return True, int(from_wire(answer["Attributes"])["tat"])


def _available(tat_us: int, rate: Rate, now_us: int) -> int:
    """Tokens in a bucket that is so far; below zero when its rate was lowered meanwhile."""
    return min(rate.burst, (now_us + rate.depth_us - max(tat_us, now_us)) // rate.interval_us)


def _taken(tokens: int, tat_us: int, rate: Rate, now_us: int) -> Taken:
    left = max(0, _available(tat_us, rate, now_us))
    wait_us = 0 if left else tat_us + rate.interval_us - rate.depth_us - now_us
    return Taken(tokens, left, wait_us, tat_us)


def _expiry(tat_us: int) -> int:
    return tat_us // SECOND_US + _KEPT_S
