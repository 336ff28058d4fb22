"""What a caller says of the state that it has seen."""

from oms.entry.api import Request
from oms.kernel.errors import MalformedError


def if_match(request: Request) -> str:
    """The entity tag of what the caller has read (`If-Match`, RFC 9110 section 13.1.1); empty when it says nothing.

    Raises:
        MalformedError: the header is there, and blank.
    """
    tag = request.headers.get("if-match")
    if tag is not None and not tag.strip():
        raise MalformedError("an If-Match without a tag")
    return tag or ""
