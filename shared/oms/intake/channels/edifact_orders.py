"""UN/EDIFACT purchase orders (ORDERS) and their cancellations (ORDCHG), from a file that a partner drops.

No signature: the file comes through a drop that only the partner may write to. A repeat is known by its reference
together with its content, because partners start their numbers anew without saying so.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from oms.intake.edi import edifact
from oms.intake.edi.acknowledge_edifact import acknowledge
from oms.intake.edi.edifact_orders import OrderReader
from oms.intake.edi.notices import check, check_sender, mistakes_in, notice_of, read_all, version_of
from oms.intake.edi.segments import Document, Group, Interchange, Segment, segment, written
from oms.intake.notices import Arrival, ChannelSecrets, Ignored, Notice
from oms.kernel.errors import RejectedError
from oms.reference.model import Channel

_KINDS = ("ORDERS", "ORDCHG")


class Edifact:
    """The plug-in."""

    def verify(self, _channel: Channel, _arrival: Arrival, _secrets: ChannelSecrets) -> bool:
        """Nothing is signed, so nothing is let in over HTTP."""
        return False

    def message_id(self, arrival: Arrival) -> str | None:
        try:
            first = edifact.read(arrival.raw)[0]
        except RejectedError:
            return None
        references = [document.control for _, document in first.each()][:1]
        digest = hashlib.sha256(arrival.raw).hexdigest()[:24]
        return "-".join([first.header.get(2), first.header.get(5), *references, digest])

    def parse(self, channel: Channel, _headers: Mapping[str, str], raw: bytes) -> Sequence[Notice]:
        return read_all(channel, edifact.read(raw), _read)

    def split(self, raw: bytes) -> list[bytes]:
        """Each message of a file in an envelope of its own; an interchange with broken envelopes stays whole.

        Raises:
            RejectedError: the file is no EDIFACT at all.
        """
        return [part.encode() for interchange in edifact.read(raw) for part in _parts(interchange)]

    def acknowledgements(self, channel: Channel, raw: bytes, *, first_number: int, at: datetime) -> list[str]:
        """A CONTRL for each interchange of a file, numbered from `first_number`."""
        answers: list[str] = []
        for interchange in edifact.read(raw):
            mistakes = {
                id(document): mistakes_in(channel, interchange, group, document, _read)
                for group, document in interchange.each()
            }
            number = first_number + len(answers)
            text = acknowledge(interchange, mistakes, number=number, at=at)
            answers += [text] if text else []
        return answers


def _read(channel: Channel, interchange: Interchange, _group: Group, document: Document) -> Notice:
    header = interchange.header
    check_sender(channel, header.get(2), document, "UNB.0004")
    check(document)
    if document.kind not in _KINDS:
        return Ignored(f"message {document.kind[:20]}")
    sent = version_of(header.get(4), header.get(4, 2), header.get(5), document.control)
    return notice_of(channel, OrderReader(document, sent).read(document))


def _parts(interchange: Interchange) -> list[str]:
    documents = list(interchange.each())
    if len(documents) <= 1 or interchange.mistakes or any(group.mistakes for group in interchange.groups):
        return [interchange.text]
    advice = interchange.text[:9] if interchange.text.startswith("UNA") else ""
    return [advice + written(_alone(interchange, document), interchange.characters) for _, document in documents]


def _alone(interchange: Interchange, document: Document) -> list[Segment]:
    return [interchange.header, *document.segments, segment("UNZ", "1", interchange.header.get(5))]


PLUGIN = Edifact()
