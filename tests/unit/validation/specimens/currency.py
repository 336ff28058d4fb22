"""An order in a currency that the channel does not take."""

BAD = {"currency": "USD"}
FAULTS = [("currency", "the channel takes EUR, not USD")]
