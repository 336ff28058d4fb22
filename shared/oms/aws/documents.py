"""A value as one binary attribute: compact JSON, deflated. A two-line order fits one write unit this way (ADR 0004)."""

import zlib
from typing import TypeVar

from pydantic import BaseModel

_Model = TypeVar("_Model", bound=BaseModel)


def pack(value: BaseModel) -> bytes:
    return zlib.compress(value.model_dump_json(exclude_defaults=True).encode(), 6)


def unpack(model: type[_Model], packed: bytes) -> _Model:
    return model.model_validate_json(zlib.decompress(packed))
