"""Purchase orders in X12 and EDIFACT: what they become, what is refused and how that is said; nothing breaks."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.intake.model import NewOrder
from oms.intake.notices import Arrival, Cancellation, Ignored, Snapshot
from oms.kernel.errors import RejectedError
from tests.amounts import total_faults
from tests.edi import AGREED, PLUGINS, REAL, SPECIMENS, Real, channel, many, parse, real_orders, refusal, rows

KINDS = sorted(PLUGINS)
TERMS = {**AGREED, "unit.CT": "6"}
NOW = datetime(2026, 11, 23, 9, 45, tzinfo=UTC)
needs_real = pytest.mark.skipif(REAL is None, reason="the given EDI documents (../shared/data) are not here")


def order_of(kind: str, raw: bytes) -> NewOrder:
    (notice,) = parse(kind, raw, SPECIMENS[kind].CHANNEL.options)
    assert isinstance(notice, Snapshot)
    return notice.order


def faults_of(kind: str, changes: dict[str, str | None]) -> list[tuple[str, str]]:
    error = refusal(kind, rows(kind, changes), SPECIMENS[kind].CHANNEL.options)
    return [(fault.field, fault.message) for fault in error.faults]


@pytest.mark.parametrize("kind", KINDS)
def test_a_purchase_order_adds_up(kind: str) -> None:
    order = order_of(kind, SPECIMENS[kind].MESSAGE)
    assert total_faults(order) == []
    expected = {"x12_850": (2, [12, 24], 15900), "edifact_orders": (2, [12, 12], 18240)}[kind]
    assert (len(order.lines), [line.quantity for line in order.lines], order.total_minor) == expected


def test_an_850_becomes_an_order_field_by_field() -> None:
    order = order_of("x12_850", SPECIMENS["x12_850"].MESSAGE)
    assert (order.external_order_id, order.external_number, order.currency) == ("PO-4711", "PO-4711", "USD")
    lamp, mug = order.lines
    assert (lamp.sku, lamp.external_line_id, lamp.quantity, lamp.unit_price_minor) == ("LAMP", "1", 12, 925)
    assert (mug.sku, mug.quantity, mug.unit_price_minor, mug.discount_minor) == ("MUG", 24, 250, 1200)
    assert order.ship_to.model_dump(exclude_none=True) == {
        "address_lines": ["31875 Solon Rd", "Dock 4"],
        "city": "Solon",
        "region": "OH",
        "postal_code": "44139",
        "country": "US",
    }
    assert (order.customer.name, order.customer.company) == ("Big Retail Store 17", "Big Retail Inc")
    assert (order.customer.email, order.customer.phone) == ("store17@example.com", "+1 440 555 0100")
    assert order.delivery is not None
    assert (order.delivery.service, order.delivery.ship_by) == ("UPS GROUND", "2026-11-30T23:59:59.000Z")
    assert order.delivery.deliver_by == "2026-12-04T23:59:59.000Z"
    assert (order.placed_at, order.account_id, order.note) == (
        "2026-11-22T00:00:00.000Z",
        "ACME",
        "Deliver to the back door",
    )


def test_an_orders_message_becomes_an_order_field_by_field() -> None:
    order = order_of("edifact_orders", SPECIMENS["edifact_orders"].MESSAGE)
    lamp, mug = order.lines
    assert (lamp.sku, lamp.quantity, lamp.unit_price_minor) == ("LAMP", 12, 925)
    assert (mug.sku, mug.quantity, mug.unit_price_minor, mug.tax_minor) == ("MUG", 12, 500, 1140)
    assert (order.customer.name, order.customer.company) == ("A+A Lager", "A+A Kälte GmbH")
    assert (order.ship_to.city, order.ship_to.country, order.customer.email) == (
        "Lagerstadt",
        "DE",
        "einkauf@example.com",
    )
    assert order.note == "Hintereingang bitte klingeln"
    assert order.delivery is not None
    assert order.delivery.deliver_by == "2026-12-04T12:00:00.000Z"


@pytest.mark.parametrize(
    ("kind", "changes", "field", "message"),
    [
        ("x12_850", {"SE*": "SE*99*0001"}, "SE01", "says 99, there are 18 segments"),
        ("x12_850", {"SE*": "SE*18*0002"}, "SE02", "is not the control number of ST02"),
        ("x12_850", {"GE*": "GE*2*7"}, "GE01", "says 2, there are 1 transaction sets"),
        ("x12_850", {"GE*": "GE*1*8"}, "GE02", "is not the control number of GS06"),
        ("x12_850", {"IEA*": "IEA*1*000000043"}, "IEA02", "is not the control number of ISA13"),
        ("x12_850", {"IEA*": None}, "IEA", "is missing: the interchange was cut off"),
        ("x12_850", {"SE*": None}, "SE", "is missing: the transaction set was cut off"),
        ("x12_850", {"GS*": None}, "ST", "stands outside of any group or transaction set"),
        ("x12_850", {"BEG*": "BEG*00*SA***20261122"}, "BEG03", "the purchase order has no number"),
        ("x12_850", {"BEG*": "BEG*99*SA*1**20261122"}, "BEG01", "is no purpose that we know"),
        ("x12_850", {"PO1*1": "PO1*1*12.5*EA*9.25*PE*VN*LAMP"}, "lines.0.PO102", "must be a whole number above zero"),
        ("x12_850", {"PO1*1": "PO1*1*-12*EA*9.25*PE*VN*LAMP"}, "lines.0.PO102", "must be a whole number above zero"),
        ("x12_850", {"PO1*1": "PO1*1*12*EA*9,25*PE*VN*LAMP"}, "lines.0.PO104", "must be a plain decimal amount"),
        ("x12_850", {"PO1*1": "PO1*1*12*EA**PE*VN*LAMP"}, "lines.0.PO104", "the line has no price and none is agreed"),
        ("x12_850", {"PO1*1": "PO1*1*12*EA*9.25"}, "lines.0.PO107", "the line names no product"),
        (
            "x12_850",
            {"PO1*1": "PO1*1*12*CA*9.25**VN*LAMP"},
            "lines.0.PO102",
            "no agreement says how many units one CA is (option unit.CA)",
        ),
        ("x12_850", {"CTT*": "CTT*3*14"}, "CTT01", "says 3, the lines come to 2"),
        ("x12_850", {"CTT*": "CTT*2*15"}, "CTT02", "says 15, the quantity come to 14"),
        ("x12_850", {"AMT*": "AMT*TT*158.99"}, "AMT02", "says 158.99, the total come to 15900"),
        ("x12_850", {"DTM*038": "DTM*038*20261131"}, "DTM", "20261131 is not a date"),
        ("x12_850", {"N3*": None, "N4*": None}, "N1*ST", "no address to send to (option place.0017)"),
        ("x12_850", {"SAC*": "SAC*A*C310"}, "lines.1.SAC05", "an allowance or charge without an amount"),
        (
            "x12_850",
            {"SAC*": "SDQ*EA*92*0001*6*0002*6"},
            "lines.1.SDQ03",
            "one order for many places is not supported: send one for each",
        ),
        ("edifact_orders", {"UNT+": "UNT+99+1"}, "UNT.0074", "says 99, there are 24 segments"),
        ("edifact_orders", {"UNZ": "UNZ+2+896"}, "UNZ.0036", "says 2, there are 1"),
        ("edifact_orders", {"UNZ": "UNZ+1+897"}, "UNZ.0020", "is not the reference of UNB"),
        ("edifact_orders", {"UNZ": None}, "UNZ", "is missing: the interchange was cut off"),
        ("edifact_orders", {"BGM": "BGM+220+B-4711+99"}, "BGM.1225", "is no purpose that we know"),
        ("edifact_orders", {"BGM": "BGM+220++9"}, "BGM.1004", "the purchase order has no number"),
        ("edifact_orders", {"QTY+21:12": None}, "lines.0.QTY.6060", "the line has no quantity"),
        ("edifact_orders", {"PRI+AAA:9": None}, "lines.0.PRI.5118", "the line has no price and none is agreed"),
        (
            "edifact_orders",
            {"PRI+AAA:9": "PRI+AAA:9,25:CA:NTP:0"},
            "lines.0.PRI.5284",
            "must be a whole number above zero",
        ),
        ("edifact_orders", {"CNT": "CNT+2:3"}, "CNT.6066", "says 3, the lines come to 2"),
        ("edifact_orders", {"MOA+86": "MOA+86:182.41"}, "MOA.5004", "says 182.41, the total come to 18240"),
    ],
)
def test_what_is_wrong_is_named_by_its_segment(
    kind: str, changes: dict[str, str | None], field: str, message: str
) -> None:
    assert (field, message) in faults_of(kind, changes)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"ISA",
        b"{}",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        SPECIMENS["x12_850"].MESSAGE.replace(b"*", b"A"),
        SPECIMENS["x12_850"].MESSAGE.replace(b"~", b"*"),
        SPECIMENS["x12_850"].MESSAGE.replace(b"*0*P*>~", b"*0*P*"),
        SPECIMENS["edifact_orders"].MESSAGE.replace(b"UNA:+.? '", b"UNA::.? '"),
        SPECIMENS["edifact_orders"].MESSAGE.replace(b"UNA:+.? '", b"UNAAB.? '"),
    ],
)
def test_delimiters_that_are_none_and_documents_of_other_kinds_are_refused(raw: bytes) -> None:
    for kind in KINDS:
        assert refusal(kind, raw).code == "malformed"
        assert refusal(kind, raw).faults


def test_other_delimiters_say_the_same() -> None:
    plain = parse("x12_850", SPECIMENS["x12_850"].MESSAGE)
    for element, terminator in ((b"|", b"\n"), (b"^", b"\x85"), (b"\x1d", b"\x1c")):
        raw = SPECIMENS["x12_850"].MESSAGE.replace(b"~\n", b"~").replace(b"*", element).replace(b"~", terminator)
        assert parse("x12_850", raw) == plain
    wrapped = b"\r\n".join(
        SPECIMENS["x12_850"].MESSAGE.replace(b"\n", b"")[place : place + 80] for place in range(0, 2_000, 80)
    )
    assert parse("x12_850", wrapped) == plain
    assert parse("x12_850", b"\xef\xbb\xbf" + SPECIMENS["x12_850"].MESSAGE) == plain


def test_a_cancellation_asks_and_a_copy_says_nothing() -> None:
    raw = rows("x12_850", {"BEG*": "BEG*01*SA*PO-4711**20261122"})
    sent = "2026-11-23T09:30:00.000Z#00000000000042#00000000000001"
    assert parse("x12_850", raw) == [Cancellation("PO-4711", "buyer_cancelled", None, asked=True, version=sent)]
    assert parse("x12_850", rows("x12_850", {"BEG*": "BEG*22*SA*PO-4711**20261122"})) == [
        Ignored("a copy for information")
    ]
    assert parse("x12_850", rows("x12_850", {"BEG*": "BEG*00*BK*PO-4711**20261122"})) == [
        Ignored("a blanket order: its releases are the orders")
    ]


def test_an_860_that_deletes_lines_asks_for_their_units_back_and_another_one_is_refused() -> None:
    gone = x12_change("POC*2*DI*24**EA")
    (notice,) = parse("x12_850", gone)
    assert isinstance(notice, Cancellation)
    assert (notice.external_order_id, notice.units, notice.asked) == ("PO-4711", {"2": 24}, True)
    error = refusal("x12_850", x12_change("POC*2*PC*24**EA*1.00"))
    assert [fault.field for fault in error.faults] == ["POC02"]


def x12_change(line: str) -> bytes:
    others = ("CUR", "DTM", "TD5", "MSG", "N1", "N3", "N4", "PER", "PO1*2", "SAC", "CTT", "AMT")
    changes: dict[str, str | None] = dict.fromkeys(others)
    changes |= {"ST*": "ST*860*0001", "BEG*": "BCH*04*SA*PO-4711***20261123", "PO1*1": line}
    return rows("x12_850", changes)


def test_a_later_document_has_the_greater_version() -> None:
    sent = [
        ("20261122*2359", "000000041"),
        ("20261123*0930", "000000042"),
        ("20261123*0930", "000000043"),
        ("20261123*0931", "000000001"),
    ]
    versions = []
    for when, control in sent:
        raw = (
            SPECIMENS["x12_850"]
            .MESSAGE.replace(b"20261123*0930", when.encode())
            .replace(b"000000042", control.encode())
        )
        (notice,) = parse("x12_850", raw)
        assert isinstance(notice, Snapshot)
        versions.append(notice.version or "")
    assert versions == sorted(versions)
    assert len(set(versions)) == 4


def test_the_same_file_is_one_message_and_another_content_under_the_same_number_is_not() -> None:
    one = Arrival({}, SPECIMENS["x12_850"].MESSAGE, NOW)
    other = one._replace(raw=one.raw.replace(b"PO-4711", b"PO-4712"))
    plugin = PLUGINS["x12_850"]
    assert plugin.message_id(one) == plugin.message_id(one._replace(at=NOW))
    assert plugin.message_id(one) != plugin.message_id(other)
    assert plugin.verify(channel("x12_850"), one, None) is False  # type: ignore[arg-type]


def test_only_the_agreed_partner_is_heard() -> None:
    agreed = {**AGREED, "sender": "SOMEBODY, BIGRETAIL"}
    assert len(parse("x12_850", SPECIMENS["x12_850"].MESSAGE, agreed)) == 1
    error = refusal("x12_850", SPECIMENS["x12_850"].MESSAGE, {**AGREED, "sender": "SOMEBODY"})
    assert [tuple(fault) for fault in error.faults] == [("ISA06", "BIGRETAIL is not a sender of this channel")]


@given(
    quantity=st.integers(1, 5_000),
    price=st.decimals(0, 9_999, places=4),
    factor=st.sampled_from([1, 6, 12, 144]),
)
def test_a_price_finer_than_a_cent_costs_what_the_line_says(quantity: int, price: Decimal, factor: int) -> None:
    changes: dict[str, str | None] = {
        "PO1*1": f"PO1*1*{quantity}*CA*{price:f}**VN*LAMP", "PO1*2": None, "SAC": None, "CTT": "CTT*1", "AMT": None,
    }  # fmt: skip
    (notice,) = parse("x12_850", rows("x12_850", changes), {**AGREED, "unit.CA": str(factor)})
    assert isinstance(notice, Snapshot)
    exact = Decimal(quantity) * price * 100
    assert abs(notice.order.total_minor - exact) <= Decimal("0.5")
    assert notice.order.lines[0].quantity == quantity * factor
    assert total_faults(notice.order) == []


@given(count=st.integers(1, 6), kind=st.sampled_from(KINDS))
def test_a_file_taken_apart_says_what_it_said_whole(count: int, kind: str) -> None:
    raw = many(kind, count)
    plugin = PLUGINS[kind]
    parts = plugin.split(raw)
    assert len(parts) == count
    apart = [notice for part in parts for notice in plugin.parse(channel(kind, TERMS), {}, part)]
    assert apart == list(plugin.parse(channel(kind, TERMS), {}, raw))
    assert len({plugin.message_id(Arrival({}, part, NOW)) for part in parts}) == count


@needs_real
def test_every_real_order_maps_or_is_refused_with_a_reason() -> None:
    table = [(real.name, *_outcome(real)) for real in real_orders()]
    print("\n" + "\n".join(f"{name:34} {outcome:8} {detail}" for name, outcome, detail in table))  # noqa: T201
    mapped = {name for name, outcome, _ in table if outcome == "mapped"}
    assert mapped == {
        "850.OK.edi", "850.edi", "850_2.edi", "850_3.edi", "850_fat.edi", "x12.850.issue135.edi",
        "invoice810_po850_dual.edi",
    }  # fmt: skip
    assert len(table) == 20
    assert all(detail for _, _, detail in table)


def _outcome(real: Real) -> tuple[str, str]:
    options = {
        **AGREED,
        **{
            f"price.{sku}": "1.25"
            for sku in (
                "F07EXPLBA1818",
                "F07EXPLLO1224",
                "F19POCOOA0636P9",
                "F19POCOSM0624P14",
                "F19POCOSM0636P9",
                "F07EXPLMI1224",
            )
        },
    }
    options["place"] = options["place.123456789"]
    try:
        notices = parse(real.kind, real.raw, options)
    except RejectedError as error:
        return "refused", "; ".join(f"{fault.field} {fault.message}" for fault in error.faults[:2])
    orders = [notice.order for notice in notices if isinstance(notice, Snapshot)]
    assert all(total_faults(order) == [] for order in orders)
    return "mapped", ", ".join(
        f"{order.external_order_id}: {len(order.lines)} lines, {order.total_minor}" for order in orders
    )


@needs_real
@pytest.mark.parametrize(
    ("name", "old", "new", "lines", "total"),
    [
        ("x12.850.edi", b"IEA*1*000000001", b"IEA*1*000000055", 1, 1995),
        ("x12.850a.edi", b"IEA*1*000000001", b"IEA*1*000000055", 3, 1655500),
        ("order.edi", b"UNT+16+1'", b"UNT+16+1'UNZ+1+807'", 2, 2000),
        ("order2.edi", b"UNT+11+1'", b"UNT+11+1'UNZ+1+000000001'", 1, 25000),
        ("orders-with-group.edi", b"UNT+21+1", b"UNT+18+1", 1, 368640),
    ],
)
def test_a_real_order_that_was_refused_for_its_envelope_maps_when_that_is_right(
    name: str, old: bytes, new: bytes, lines: int, total: int
) -> None:
    (real,) = [each for each in real_orders() if each.name == name]
    assert old in real.raw
    (notice,) = parse(real.kind, real.raw.replace(old, new), {**AGREED, "unit.CT": "1"})
    assert isinstance(notice, Snapshot)
    assert (len(notice.order.lines), notice.order.total_minor) == (lines, total)
    assert total_faults(notice.order) == []


@needs_real
def test_a_real_order_of_146_lines_maps_under_the_terms_it_relies_on() -> None:
    (real,) = [each for each in real_orders() if each.name == "example_order_ok.edi"]
    numbers = [row.split("+")[3].split(":")[0] for row in real.raw.decode().split("'") if row.strip().startswith("LIN")]
    units = ("GBND", "BTL", "EIM", "PACK", "SCHA", "STK")
    terms = {**AGREED, **{f"price.{each}": "2.00" for each in numbers}, **{f"unit.{each}": "1" for each in units}}
    (notice,) = parse(real.kind, real.raw, terms)
    assert isinstance(notice, Snapshot)
    order = notice.order
    assert (len(order.lines), order.lines[0].sku, order.ship_to.city) == (146, "1001", "TestCity")
    assert order.total_minor == 200 * sum(line.quantity for line in order.lines) == 200 * 454
