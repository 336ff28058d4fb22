"""What the senders of purchase orders are told of them; and that damage is answered, never an error."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oms.intake.edi import edifact, x12
from oms.intake.notices import Cancellation, Ignored, Snapshot
from oms.kernel.errors import Fault, RejectedError
from tests.edi import AGREED, PLUGINS, REAL, SPECIMENS, broken, channel, many, parse, real_orders, rows
from tests.unit.intake.specimens import x12_850

KINDS = sorted(PLUGINS)
TERMS = {**AGREED, "unit.CT": "6"}
NOW = datetime(2026, 11, 23, 9, 45, tzinfo=UTC)
needs_real = pytest.mark.skipif(REAL is None, reason="the given EDI documents (../shared/data) are not here")


def test_an_accepted_file_is_answered_word_for_word() -> None:
    (x12_answer,) = PLUGINS["x12_850"].acknowledgements(
        channel("x12_850"), SPECIMENS["x12_850"].MESSAGE, first_number=7, at=NOW
    )
    assert x12_answer.splitlines() == [
        "ISA*00*          *00*          *ZZ*BATON          *ZZ*BIGRETAIL      *261123*0945*U*00401*000000007*0*P*>~",
        "GS*FA*BATON*BIGRETAIL*20261123*0945*701*X*004010~",
        "ST*997*0001~",
        "AK1*PO*7~",
        "AK2*850*0001~",
        "AK5*A~",
        "AK9*A*1*1*1~",
        "SE*6*0001~",
        "GE*1*701~",
        "IEA*1*000000007~",
    ]
    (edifact_answer,) = PLUGINS["edifact_orders"].acknowledgements(
        channel("edifact_orders", {**AGREED, "unit.CT": "6"}),
        SPECIMENS["edifact_orders"].MESSAGE,
        first_number=7,
        at=NOW,
    )
    assert edifact_answer.splitlines() == [
        "UNB+UNOC:3+4012345000009:14+4250159300001:14+261123:0945+7'",
        "UNH+1+CONTRL:D:3:UN'",
        "UCI+896+4250159300001:14+4012345000009:14+7'",
        "UCM+1+ORDERS:D:96A:UN:EAN008+7'",
        "UNT+4+1'",
        "UNZ+1+7'",
    ]


def test_a_refusal_points_at_the_segment_and_repeats_nothing_of_it() -> None:
    raw = rows("x12_850", {"PO1*1": "PO1*1*12*EA*9,25*PE*VN*LAMP", "N4*": "N4*Solon*OH*44139*USA"})
    (answer,) = PLUGINS["x12_850"].acknowledgements(channel("x12_850"), raw, first_number=8, at=NOW)
    assert "AK3*PO1*13**8~\nAK4*4**7~\nAK5*R*5~\nAK9*R*1*1*0~" in answer
    assert "Solon" not in answer
    assert "9,25" not in answer


def test_a_broken_envelope_is_refused_as_a_whole_and_an_answer_is_not_answered() -> None:
    raw = rows("x12_850", {"IEA*": "IEA*2*000000042"})
    (answer,) = PLUGINS["x12_850"].acknowledgements(channel("x12_850"), raw, first_number=9, at=NOW)
    assert "TA1*000000042*261123*0930*R*021~" in answer
    (again,) = PLUGINS["x12_850"].acknowledgements(channel("x12_850"), x12_850.MESSAGE, first_number=9, at=NOW)
    assert PLUGINS["x12_850"].acknowledgements(channel("x12_850"), again.encode(), first_number=10, at=NOW) == []


def test_our_answers_are_well_formed_for_our_own_reader() -> None:
    for kind, reader in (("x12_850", x12), ("edifact_orders", edifact)):
        for raw in (SPECIMENS[kind].MESSAGE, many(kind, 3), *(real.raw for real in real_orders() if real.kind == kind)):
            for answer in PLUGINS[kind].acknowledgements(channel(kind), raw, first_number=1, at=NOW):
                (interchange,) = reader.read(answer.encode())
                mistakes = [
                    each for group, document in interchange.each() for each in interchange.mistakes_of(group, document)
                ]
                assert mistakes == interchange.mistakes == [], answer


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32), which=st.integers(0, 100))
def test_a_document_that_was_damaged_is_an_order_or_a_refusal_with_a_reason(kind: str, seed: int, which: int) -> None:
    documents = [SPECIMENS[kind].MESSAGE, *(real.raw[:4_000] for real in real_orders() if real.kind == kind)]
    raw = broken(documents[which % len(documents)], Random(seed))  # noqa: S311  damage, not a secret
    answers: list[object] = []
    for read in (
        lambda: parse(kind, raw),
        lambda: PLUGINS[kind].split(raw),
        lambda: PLUGINS[kind].acknowledgements(channel(kind), raw, first_number=1, at=NOW),
    ):
        try:
            answers += read()
        except RejectedError as error:
            answers += [error.faults[0]]
    assert all(isinstance(each, Snapshot | Cancellation | Ignored | Fault | bytes | str) for each in answers)
