"""ANSI X12 purchase orders (850) and their cancellations (860), from a file that a partner drops.

No signature: the file comes through a drop that only the partner may write to. A repeat is known by its control
numbers together with its content, because partners start their numbers anew without saying so.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from oms.intake.edi import x12
from oms.intake.edi.acknowledge_x12 import acknowledge
from oms.intake.edi.notices import check, check_sender, mistakes_in, notice_of, read_all, version_of
from oms.intake.edi.segments import Document, Group, Interchange, Segment, segment, written
from oms.intake.edi.x12_orders import OrderReader
from oms.intake.notices import Arrival, ChannelSecrets, Ignored, Notice
from oms.kernel.errors import RejectedError
from oms.reference.model import Channel

_KINDS = ("850", "860")


class X12:
    """The plug-in."""

    def verify(self, _channel: Channel, _arrival: Arrival, _secrets: ChannelSecrets) -> bool:
        """Nothing is signed, so nothing is let in over HTTP."""
        return False

    def message_id(self, arrival: Arrival) -> str | None:
        try:
            first = x12.read(arrival.raw)[0]
        except RejectedError:
            return None
        numbers = [first.header.get(6), first.header.get(13)]
        for group, document in first.each():
            numbers += [group.header.get(6) if group.header else "", document.control]
            break
        return "-".join([*numbers, hashlib.sha256(arrival.raw).hexdigest()[:24]])

    def parse(self, channel: Channel, _headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        return read_all(channel, x12.read(raw), _read)

    def split(self, raw: bytes) -> list[bytes]:
        """Each transaction set of a file in an envelope of its own; an interchange with broken envelopes stays whole.

        Raises:
            RejectedError: the file is no X12 at all.
        """
        return [part.encode() for interchange in x12.read(raw) for part in _parts(interchange)]

    def acknowledgements(self, channel: Channel, raw: bytes, *, first_number: int, at: datetime) -> list[str]:
        """A 997 (or a TA1 that refuses) for each interchange of a file, numbered from `first_number`."""
        answers: list[str] = []
        for interchange in x12.read(raw):
            mistakes = {
                id(document): mistakes_in(channel, interchange, group, document, _read)
                for group, document in interchange.each()
            }
            number = first_number + len(answers)
            text = acknowledge(interchange, mistakes, number=number, at=at)
            answers += [text] if text else []
        return answers


def _read(channel: Channel, interchange: Interchange, group: Group, document: Document) -> Notice:
    check_sender(channel, interchange.header.get(6), document, "ISA06")
    check(document)
    if document.kind not in _KINDS:
        return Ignored(f"transaction set {document.kind[:20]}")
    header = group.header or interchange.header
    sent = version_of(header.get(4), header.get(5), interchange.header.get(13), document.control)
    return notice_of(channel, OrderReader(document, sent).read(document))


def _parts(interchange: Interchange) -> list[str]:
    documents = list(interchange.each())
    if len(documents) <= 1 or interchange.mistakes or any(group.mistakes for group in interchange.groups):
        return [interchange.text]
    return [written(_alone(interchange, group, document), interchange.characters) for group, document in documents]


def _alone(interchange: Interchange, group: Group, document: Document) -> list[Segment]:
    header = group.header or segment("GS")
    trailers = [segment("GE", "1", header.get(6)), segment("IEA", "1", interchange.header.get(13))]
    return [interchange.header, header, *document.segments, *trailers]


PLUGIN = X12()
