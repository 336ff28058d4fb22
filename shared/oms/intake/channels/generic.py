"""Any sender of Standard Webhooks: what its fields mean is data, JMESPath expressions in the channel's `mapping`.

A key of the mapping is a field of ours (`NewOrder`), by dotted path: `external_order_id`, `customer.name`,
`ship_to.address_lines` ... `lines` gives the rows, and keys such as `lines.sku` are evaluated on each row. An amount
may be mapped in minor units (`total_minor`) or as the sender's decimal (`total`). Besides fields:

- `take`: when it is there and gives nothing, false or null, the message is none of our work;
- `version`: the sender's time of the last change or running number;
- `cancelled` (with `cancel_reason`): true makes it a cancellation of the order;
- `refund.id` (with `refund.amount` or `refund.amount_minor`): there, it makes it a refund.

A literal is an expression too: `` `"EUR"` `` is always EUR. The option `own_ids_digits` says how many digits the ids
have that the sender counts, where one may look like a card number.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from oms.intake.notices import Arrival, Cancellation, ChannelSecrets, Ignored, Notice, Refund, Snapshot, own_ids_of
from oms.intake.reading import Document, Reader, read_object
from oms.intake.signatures import standard_webhook
from oms.kernel.errors import Fault, RejectedError
from oms.reference.model import Channel

_LINES = "lines"
_DECIMALS = ("total", "tax", "shipping", "discount", "unit_price", "amount")
_RUNNING_DIGITS = 20
_LONG = frozenset({"note", "gift_message"})
_PLAIN = frozenset(
    {"accepts_substitutes", "taxes_included", "address_lines", "ship_to.address_lines", "bill_to.address_lines"}
)
_COUNTS = frozenset({"quantity", "priority"})


class Generic:
    """The plug-in."""

    def verify(self, _channel: Channel, arrival: Arrival, secrets: ChannelSecrets) -> bool:
        return standard_webhook(arrival, secrets)

    def message_id(self, arrival: Arrival) -> str | None:
        return arrival.headers.get("webhook-id") or None

    def parse(self, channel: Channel, _headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        mapped = _Mapped(channel.mapping, read_object(raw))
        mapped.reader.own_ids = own_ids_of(self, channel.options)
        return [mapped.notice(channel)]


class _Mapped:
    """One document under one mapping."""

    def __init__(self, mapping: Mapping[str, str], document: Document) -> None:
        self.mapping = mapping
        self.document = document
        self.reader = Reader(
            {
                name.replace(f"{_LINES}.", f"{_LINES}.*.", 1): f"{mapping.get(_LINES)}.*.{expression}"
                if name.startswith(f"{_LINES}.")
                else expression
                for name, expression in mapping.items()
            }
        )

    def notice(self, channel: Channel) -> Notice:
        if "take" in self.mapping and not self.found("take"):
            return Ignored("the mapping does not take it")
        order_id = self.reader.identifier({"external_order_id": self.found("external_order_id")}, "external_order_id")
        if order_id is None:
            self.reader.fault(self.their("external_order_id"), "is needed")
        self.reader.refuse()
        currency = self.found("currency")
        self.reader.currency = currency if isinstance(currency, str) else ""
        version = self.version()
        if self.found("cancelled") is True:
            reason = self.found("cancel_reason")
            self.reader.refuse()
            return Cancellation(order_id or "", str(reason)[:120] if reason else "cancelled", version=version)
        if "refund.id" in self.mapping and (refund_id := self.found("refund.id")):
            amount = self.value("refund.amount_minor", self.document)
            self.reader.refuse()
            return Refund(order_id or "", str(refund_id)[:128], int(amount or 0), self.reader.currency)
        return Snapshot(self.reader.order(self.order(channel)), version)

    def order(self, channel: Channel) -> dict[str, Any]:
        ours: dict[str, Any] = {"channel": channel.name}
        for name in _fields(self.mapping):
            if not name.startswith(f"{_LINES}.") and name != _LINES:
                _put(ours, name, self.value(name, self.document))
        for group in ("payment", "delivery", "bill_to"):
            if group in ours and not any(ours[group].values()):
                del ours[group]
        ours[_LINES] = [self.line(row) for row in self.rows()]
        return ours

    def rows(self) -> Sequence[Any]:
        found = self.found(_LINES)
        if isinstance(found, list) and all(isinstance(row, dict) for row in found):
            return found
        self.reader.fault(self.their(_LINES), "must be a list of objects")
        return []

    def line(self, row: Document) -> dict[str, Any]:
        line: dict[str, Any] = {}
        for name in _fields(self.mapping):
            if name.startswith(f"{_LINES}."):
                line[name.removeprefix(f"{_LINES}.")] = self.value(name, row)
        return {name: value for name, value in line.items() if value is not None}

    def value(self, name: str, owner: Document) -> Any:
        """The value of one of our fields, read as what it is: an amount, a count, an instant, a text."""
        short = name.rpartition(".")[2]
        decimal = name.removesuffix("_minor")
        if name.endswith("_minor") and decimal in self.mapping:
            where = self.their(decimal)
            return self.reader.money({where: self.found(decimal, owner)}, where)
        value = self.found(name, owner)
        if value is None or short in _PLAIN or name in _PLAIN:
            return value
        where = self.their(name)
        held = {where: value}
        if short in _COUNTS or name.endswith("_minor"):
            return self.reader.number(held, where)
        if short.endswith(("_at", "_by")):
            return self.reader.instant(held, where)
        return self.reader.long_text(held, where) if short in _LONG else self.reader.text(held, where)

    def version(self) -> str | None:
        """An instant as UTC text, a number with leading zeros, another text as it is."""
        value = self.found("version")
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value).zfill(_RUNNING_DIGITS)
        if not isinstance(value, str) or not value:
            return None
        return Reader({}).instant({"version": value}, "version") or value[:128]

    def found(self, name: str, owner: Any = None) -> Any:
        expression = self.mapping.get(name)
        if expression is None:
            return None
        try:
            return _compiled(expression).search(self.document if owner is None else owner)
        except (JMESPathError, TypeError, ValueError, AttributeError, OverflowError) as error:
            self.reader.fault(self.their(name), f"cannot be evaluated: {type(error).__name__}")
            return None

    def their(self, name: str) -> str:
        return self.mapping.get(name) or self.mapping.get(name.removesuffix("_minor")) or name


def _fields(mapping: Mapping[str, str]) -> list[str]:
    """The fields of ours that a mapping fills, decimals under the name of their minor units."""
    others = ("take", "version", "cancelled", "cancel_reason")
    names = [name for name in mapping if name not in others and not name.startswith("refund.")]
    return [f"{name}_minor" if name.rpartition(".")[2] in _DECIMALS else name for name in names]


def _put(ours: dict[str, Any], path: str, value: Any) -> None:
    if value is None:
        return
    *groups, last = path.split(".")
    for group in groups:
        ours = ours.setdefault(group, {})
    ours[last] = value


@lru_cache(maxsize=1_000)
def _compiled(expression: str) -> Any:
    try:
        return jmespath.compile(expression)
    except JMESPathError:
        message = f"the channel's mapping is wrong: {expression[:80]!r} is no JMESPath expression"
        raise RejectedError(message, code="mapping_wrong", faults=[Fault("mapping", "is no expression")]) from None


PLUGIN = Generic()
