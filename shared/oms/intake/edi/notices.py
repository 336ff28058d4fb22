"""What a purchase order document asks of us."""

from collections.abc import Callable, Sequence

from oms.intake.edi.dates import instant_of
from oms.intake.edi.mapping import Mapper, UnreadableError
from oms.intake.edi.purchase_order import Place, PurchaseOrder
from oms.intake.edi.segments import Document, Group, Interchange, Mistake
from oms.intake.notices import Cancellation, Ignored, Notice, Snapshot
from oms.reference.model import Channel

_MAX_UNITS = 1_000_000
Reading = Callable[[Channel, Interchange, Group, Document], Notice]


def version_of(date: str, time: str, *numbers: str) -> str:
    """When the sender sent it, then its running numbers: a later document is the greater text."""
    return "#".join([instant_of(date + time) or "", *(number.rjust(14, "0") for number in numbers)])


def notice_of(channel: Channel, order: PurchaseOrder) -> Notice:
    """The one thing that the document says.

    Raises:
        UnreadableError: it is meant to be an order and is not a valid one.
    """
    if order.purpose == "copy":
        return Ignored("a copy for information")
    if order.purpose == "blanket":
        return Ignored("a blanket order: its releases are the orders")
    if order.purpose in ("cancellation", "reduction"):
        return _cancellation(order)
    return Snapshot(Mapper(channel.name, channel.options, order).map(), version=order.sent)


def _cancellation(order: PurchaseOrder) -> Cancellation:
    """The whole order, or the lines that were deleted. A partner asks: goods may be on their way."""
    mistakes = list(order.mistakes)
    if not order.number:
        mistakes.append(order.place("number").mistake("1", "which order is cancelled?"))
    if order.purpose == "reduction" and not order.gone and not mistakes:
        mistakes.append(order.place("lines").mistake("1", "no line is changed"))
    if mistakes:
        raise UnreadableError(mistakes)
    whole = order.purpose == "cancellation"
    units = None if whole else {line: int(units) for line, units in order.gone.items()}
    return Cancellation(order.name, "buyer_cancelled", units, asked=True, version=order.sent)


def read_all(channel: Channel, interchanges: Sequence[Interchange], reading: Reading) -> list[Notice]:
    """The notices of all documents, in order; one that cannot be read refuses them all.

    Raises:
        UnreadableError: a mistake in an envelope (`malformed`) or in a document (`invalid`).
    """
    notices: list[Notice] = []
    for interchange in interchanges:
        envelopes = [*interchange.mistakes, *(each for group in interchange.groups for each in group.mistakes)]
        if envelopes:
            raise UnreadableError(envelopes, code="malformed")
        notices += [reading(channel, interchange, group, document) for group, document in interchange.each()]
    return notices or [Ignored("an interchange without documents")]


def mistakes_in(
    channel: Channel, interchange: Interchange, group: Group, document: Document, reading: Reading
) -> list[Mistake]:
    """What keeps this document from being taken; nothing: it is."""
    try:
        reading(channel, interchange, group, document)
    except UnreadableError as error:
        return error.mistakes
    return []


def check(document: Document) -> None:
    """Refuse a document whose own envelope is wrong.

    Raises:
        UnreadableError: code `malformed`.
    """
    if document.mistakes:
        raise UnreadableError(document.mistakes, code="malformed")


def check_sender(channel: Channel, sender: str, at: Document, name: str) -> None:
    """Refuse a partner that this channel is not for: one mailbox may serve many.

    Raises:
        UnreadableError: not one of the channel's senders.
    """
    agreed = [each.strip() for each in channel.options.get("sender", "").split(",") if each.strip()]
    if agreed and sender not in agreed:
        raise UnreadableError(
            [Place(at.header, 0, name=name).mistake("7", f"{sender[:35]} is not a sender of this channel")]
        )
