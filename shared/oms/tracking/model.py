"""What a carrier feed says."""

from typing import Annotated

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, field_validator

from oms.kernel.cards import redact
from oms.kernel.time import from_text, to_text

_Short = Annotated[str, Field(min_length=1, max_length=120)]
_Said = Annotated[_Short, AfterValidator(redact)]  # words of a driver: they may be anything


class CarrierScan(BaseModel):
    """One status event of a feed. Fields that we do not know are the carrier's business and ignored."""

    model_config = ConfigDict(frozen=True, strict=True, populate_by_name=True)

    carrier: _Short
    tracking_number: _Short
    code: Annotated[_Short, Field(validation_alias=AliasChoices("status", "code"))]
    at: str
    place: Annotated[_Said | None, Field(validation_alias=AliasChoices("place", "location"))] = None
    reason: _Said | None = None
    event_id: _Short | None = None

    @field_validator("at")
    @classmethod
    def _instant(cls, text: str) -> str:
        return to_text(from_text(text))
