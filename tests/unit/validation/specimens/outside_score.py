"""An order that somebody else thinks ill of."""

from oms.validation.check import Score

BAD: dict[str, object] = {}
SCORE = Score(90, ("stolen_card", "proxy"))
FAULTS = [("customer", "scored 90: stolen_card, proxy")]
