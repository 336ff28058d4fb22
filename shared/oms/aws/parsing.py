"""Answers of DynamoDB are read as they are: an attribute on the wire is already what botocore makes of it.

botocore looks each attribute up under all ten names that an AttributeValue may have and copies what it finds: half
the CPU of reading ten items. Only binary content needs work. Should a botocore no longer call `_handle_map`, its
own reading comes back, slower and with the same result (tests/unit/aws/test_parsing.py compares the two).
"""

import base64
from typing import Any

from botocore.parsers import JSONParser, ResponseParserFactory


class ParserFactory(ResponseParserFactory):
    """What a botocore session makes its parsers with."""

    def create_parser(self, protocol_name: str) -> Any:
        return _Parser() if protocol_name == "json" else super().create_parser(protocol_name)


class _Parser(JSONParser):
    def _handle_map(self, shape: Any, value: Any) -> Any:
        if shape.value.name == "AttributeValue":
            return {name: _attribute(part) for name, part in value.items()}
        return super()._handle_map(shape, value)  # type: ignore[misc]  # the stubs leave it out


def _attribute(wire: dict[str, Any]) -> dict[str, Any]:
    """One typed attribute with its binary content decoded; sets are not stored."""
    ((kind, content),) = wire.items()
    if kind == "B":
        return {"B": base64.b64decode(content)}
    if kind == "M":
        return {"M": {name: _attribute(part) for name, part in content.items()}}
    if kind == "L":
        return {"L": [_attribute(part) for part in content]}
    return wire
