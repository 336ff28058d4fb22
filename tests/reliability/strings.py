"""The naughty strings through every text field and back, and the strict reader against the given JSON files."""

from http import HTTPStatus

from tests.intake import TestClock, company
from tests.naughty import PLACES, kept_pairs, naughty, refusals, through_storage
from tests.shared_data import shared_path


def figures() -> list[tuple[str, str]]:
    """Rows of docs/reliability.md; none where the data is not here."""
    if shared_path("7_security_pii", "given", "naughty", "blns.json") is None:
        return []
    pairs = kept_pairs()
    with company(TestClock()) as wiring:
        stored, refused = through_storage(wiring), refusals()
    answers = stored.answers + refused
    broken = sum(count for status, count in answers.items() if status >= HTTPStatus.INTERNAL_SERVER_ERROR)
    return [
        (
            f"{len(naughty())} naughty strings x {len(PLACES)} text fields: same in NFC, changed, refused",
            f"{pairs.same:,}, {pairs.changed + pairs.unsealed}, {pairs.refused:,}",
        ),
        (
            "naughty strings read back from storage; changed there; answers of 500 and above",
            f"{len(stored.back)}; {len(stored.changed)}; {broken} of {answers.total()}",
        ),
    ]
