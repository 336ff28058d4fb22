"""Amounts that senders write as an object, `{"value": "8.90", "currency": "EUR"}`, under whatever names."""

from typing import NamedTuple

from oms.intake.reading import Document, Reader, at


class AmountNames(NamedTuple):
    """What a sender calls the two parts."""

    value: str
    currency: str


class AmountReader(Reader):
    """A reader of documents whose amounts name their currency. One in another currency than the order's is a fault."""

    names = AmountNames("value", "currency")

    def amount(self, owner: Document, name: str, path: str = "") -> int:
        """Minor units, not negative; none is nothing."""
        return self._read(owner, name, path, signed=False)

    def signed_amount(self, owner: Document, name: str, path: str = "") -> int:
        """As `amount`, for one that may be negative."""
        return self._read(owner, name, path, signed=True)

    def _read(self, owner: Document, name: str, path: str, *, signed: bool) -> int:
        money, place = self.object(owner, name, path), at(path, name)
        if not money:
            return 0
        currency = self.text(money, self.names.currency, place)
        if currency != self.currency:
            self.fault(at(place, self.names.currency), "must be the order's currency")
            return 0
        return (self.signed if signed else self.money)(money, self.names.value, place)
