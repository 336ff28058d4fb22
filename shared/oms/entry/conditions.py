"""What a caller says of the state that it has seen."""

import re

from oms.entry.api import Request
from oms.kernel.errors import MalformedError

_TAG = re.compile(r'\*|"[\x21\x23-\x7e]*"')  # a weak tag is none of ours: what it stands for may differ


def if_match(request: Request) -> str:
    """The entity tag of what the caller has read (`If-Match`, RFC 9110 section 13.1.1); empty when it says nothing.

    Raises:
        MalformedError: the header is there, and is neither `*` nor one entity tag: text in double quotes.
    """
    tag = request.headers.get("if-match")
    if tag is None:
        return ""
    if not _TAG.fullmatch(tag.strip()):
        raise MalformedError('If-Match is `*` or an entity tag as it was read, such as "3"')
    return tag.strip()
