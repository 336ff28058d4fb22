"""A draft order: any JSON object on its way to becoming a `NewOrder`. Pure."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from oms.intake.model import NewOrder
from oms.kernel.errors import Fault, words_of
from oms.kernel.identifiers import CARD_NUMBER, carries_card, cut
from oms.kernel.json import write_json

MAX_BYTES = 200_000  # of the order as JSON; a DynamoDB item ends at 400 KB
_PREFIX = "DRAFT-"


def _unicode(order: dict[str, JsonValue]) -> dict[str, JsonValue]:
    try:
        write_json(order).encode()
    except UnicodeEncodeError:
        raise ValueError("holds text that is no Unicode") from None
    return order


Document = Annotated[dict[str, JsonValue], AfterValidator(_unicode)]


class PutDraft(BaseModel):
    """A draft as it should be. `version` is the one that the caller has seen, 0 for a new draft."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    version: Annotated[int, Field(ge=0, le=1_000_000_000)]
    order: Document


class OpenPoint(BaseModel):
    """What is missing or wrong; `field` is a dotted path such as `order.lines.0.quantity`."""

    field: str
    message: str


class DraftView(BaseModel):
    """A draft as it stands. One that was submitted has an `order_id`, and nothing of its content any more."""

    draft_id: str
    channel: str
    version: int
    status: Literal["open", "submitted"]
    order_id: str | None = None
    updated_at: str
    expires_at: str
    order: dict[str, JsonValue] | None = None
    open_points: list[OpenPoint] = []


class Draft(NamedTuple):
    """A draft as it is stored: `box` is its sealed content, None once it was submitted; `content_hash` is keyed."""

    channel: str
    draft_id: str
    version: int
    status: Literal["open", "submitted"]
    box: bytes | None
    content_hash: str
    by: str
    at: str
    expires_s: int
    order_id: str | None = None

    @property
    def name(self) -> str:
        """What its envelope is bound to: the content of one draft cannot be read as another's."""
        return f"draft {self.channel} {self.draft_id}"


def read_order(channel: str, draft_id: str, order: Mapping[str, Any]) -> tuple[NewOrder | None, list[Fault]]:
    """The order that a draft makes, or all that it still lacks.

    The channel is that of the path, whatever the draft says; without an external order id it has that of the draft.
    """
    found = _read(channel, draft_id, order)
    return (found, []) if isinstance(found, NewOrder) else (None, [fault for _, fault in found])


def cards_in_names(channel: str, draft_id: str, order: Mapping[str, Any]) -> list[Fault]:
    """The identifiers and the keys of a draft that carry a card number; a key is named without it."""
    found = _read(channel, draft_id, order)
    faults = [] if isinstance(found, NewOrder) else [fault for kind, fault in found if kind == CARD_NUMBER]
    keys = [cut(key) for key in _keys(order) if carries_card(key)]
    return faults + [Fault(f"order.{key[:60]}", "must not carry a card number") for key in keys]


def _read(channel: str, draft_id: str, order: Mapping[str, Any]) -> NewOrder | list[tuple[str, Fault]]:
    """The order, or what it lacks, each with the kind of fault."""
    named = {**order, "channel": channel}
    if named.get("external_order_id") is None:
        named["external_order_id"] = _PREFIX + draft_id
    try:
        return NewOrder.model_validate(named)
    except ValidationError as error:
        rows = error.errors(include_url=False, include_input=False, include_context=False)
        return [
            (row["type"], Fault(".".join(str(part) for part in ("order", *row["loc"])), words_of(row["msg"])))
            for row in rows
        ]


def _keys(document: Any) -> Iterator[str]:
    if isinstance(document, Mapping):
        for key, value in document.items():
            yield key
            yield from _keys(value)
    elif isinstance(document, list):
        for value in document:
            yield from _keys(value)
