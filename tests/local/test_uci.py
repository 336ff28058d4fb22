"""Real rows become orders whose sums add up; every row is counted once."""

from pathlib import Path

import pytest

from infra.local import company
from infra.local.uci import Invoice, Reading, WrongFileError, invoices
from oms.kernel.ids import check_digit_mod10

_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def _read(tmp_path: Path, rows: str) -> tuple[list[Invoice], Reading]:
    path = tmp_path / "retail.csv"
    path.write_text(_HEADER + rows)
    reading = Reading()
    return list(invoices(path, reading)), reading


def test_one_invoice_is_one_order_with_its_postage(tmp_path: Path) -> None:
    found, reading = _read(
        tmp_path,
        "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,France\n"
        "536365,22752,BOXES,2,2010-12-01 08:26:00,7.65,17850.0,France\n"
        "536365,POST,POSTAGE,1,2010-12-01 08:26:00,18.00,17850.0,France\n"
        "536365,M,Manual,1,2010-12-01 08:26:00,3.00,17850.0,France\n",
    )

    (invoice,) = found
    assert invoice.buyer == "17850"
    assert invoice.units == {"85123A": 6, "22752": 2}
    assert invoice.document["shipping_minor"] == 1800
    assert invoice.document["total_minor"] == 6 * 255 + 2 * 765 + 1800
    assert invoice.document["ship_to"]["country"] == "FR"
    assert dict(reading.rows) == {"goods": 2, "carriage": 1, "left out": 1}


def test_a_cancellation_turns_its_quantities(tmp_path: Path) -> None:
    found, _ = _read(tmp_path, "C536379,22752,BOXES,-2,2010-12-01 09:41:00,7.65,14527.0,United Kingdom\n")

    (invoice,) = found
    assert (invoice.cancels, invoice.units) == (True, {"22752": 2})


def test_a_stock_correction_is_no_order(tmp_path: Path) -> None:
    found, reading = _read(tmp_path, "536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom\n")

    assert found == []
    assert reading.without_goods == 1


def test_another_file_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")

    with pytest.raises(WrongFileError, match="InvoiceNo"):
        list(invoices(path, Reading()))


def test_the_company_is_what_it_says() -> None:
    assert len(set(company.SKUS)) == 24
    assert company.SOLD_OUT in company.SKUS
    for location in company.LOCATIONS:
        gln = location.gln or ""
        assert check_digit_mod10(gln[:-1]) == gln[-1]
