"""The composition root: the only reader of the environment, and the only place that knows which store serves whom.

Everything is made on first use, so that a function pays only for what it names. Each file adds a floor to the one
below: ground, goods, sources, buyers, channels.
"""

from oms.wiring.channels import Channels


class Wiring(Channels):
    """What exists, by name. Tests make their own with another environment and clock."""


_current: Wiring | None = None


def wire() -> Wiring:
    """The wiring of this process."""
    global _current  # noqa: PLW0603  one process, one wiring
    if _current is None:
        _current = Wiring()
    return _current


def rewire(wiring: Wiring | None) -> None:
    """Use another wiring (tests, `make invoke`); None makes a fresh one from the environment next time."""
    global _current  # noqa: PLW0603  see `wire`
    _current = wiring
