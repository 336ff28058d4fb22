"""Whether what comes again under a known name is what came first. Pure.

A claim keeps `asked`, a digest of what came under its name, and `told`, the same in words for who comes with another.
"""

from collections.abc import Mapping

from oms.kernel.errors import RejectedError
from oms.kernel.ids import derive_id


def digest(*content: str) -> str:
    """What is kept of a request to know it again."""
    return derive_id("body", *content)


def refuse_other(first: Mapping[str, str], asked: str, *, what: str, code: str = "id_reused") -> None:
    """Refuse another content under a name that was used; claims from before contents were kept count as the same.

    Raises:
        RejectedError: `code`: it came with other content; the message says with which.
    """
    if first.get("asked", asked) != asked:
        told = first.get("told")
        recorded = f"; recorded at {first['at']}: {told}" if told else ""
        raise RejectedError(f"{what} was used with other content before{recorded}", code=code)
