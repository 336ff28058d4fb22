"""What stands on a packing list, read back from the PDF; the bar code is decoded from its bars."""

import re
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from pypdf import PdfReader

from oms.fulfillment.packing_list import PackingList, Row, gs1_128, write_packing_list
from oms.fulfillment.typeface import BOLD, REGULAR, runs, width_of, wrap

SSCC = "195212340000000017"
MUGS = (Row(1, "MUG-1", "Blue mug", 2),)
# Module widths of the symbols that this code word can be made of (ISO/IEC 15417, annex A), value by value.
_PATTERNS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232"
)
START_C, FNC1 = 105, 102


def a_list(**changes: Any) -> PackingList:
    made = PackingList(
        order_number="SHOP-1001",
        parcel_id="shp_abcdefghijklmnopqrstuvwxyz",
        place=1,
        of=2,
        name="Jane Doe",
        ship_to=("12 High Street", "EC1A 1BB London", "GB"),
        ship_from="Berlin (ber-1)",
        carrier_service="Swift Post Standard",
        tracking_number="SW00000000017",
        sscc=SSCC,
        weight_g=1_050,
        ship_by="2026-11-24",
        rows=MUGS,
    )
    return made._replace(**changes)


def pages(document: PackingList) -> list[str]:
    reader = PdfReader(BytesIO(write_packing_list(document)))
    return [page.extract_text() for page in reader.pages]


def together(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_all_that_a_packer_needs_stands_on_one_page() -> None:
    (text,) = pages(a_list())
    for part in (
        "Packing list", "Order SHOP-1001", "Parcel 1 of 2", "Jane Doe", "12 High Street", "EC1A 1BB London", "GB",
        "Swift Post Standard", "SW00000000017", "1.050 kg", "Berlin (ber-1)", "2026-11-24", f"SSCC (00) {SSCC}",
        "Blue mug", "MUG-1", "2 units in this parcel", "page 1 of 1", "shp_abcdefghijklmnopqrstuvwxyz",
    ):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    "name",
    [
        "Zażółć Gęślą Jaźń",
        "Ελληνικά Ονόματα",
        "Ørsted Åse",
        "O'Brien & Søn",
        "Иван Щукин",
        "Nguyễn Thị Ánh",
        "Žofie Ďurišová",
    ],
)
def test_a_name_is_written_as_it_is(name: str) -> None:
    (text,) = pages(a_list(name=name))
    assert together(name) in together(text)


def test_a_name_in_composed_and_decomposed_letters_is_the_same_name() -> None:
    decomposed = "Z\u0307ófia"
    assert together("Żófia") in together(pages(a_list(name=decomposed))[0])


def test_a_name_of_300_letters_is_wrapped_and_whole() -> None:
    name = "Wolfeschlegelsteinhausenbergerdorff" * 8 + "e" * 20
    assert len(name) == 300
    (text,) = pages(a_list(name=name))
    assert name in together(text)


def test_han_kana_and_hangul_are_drawn_by_fonts_of_their_scripts() -> None:
    assert [run.font for run in runs("Jo 山田")] == [REGULAR, "STSong-Light"]
    assert [run.font for run in runs("山田さん", BOLD)] == ["HeiseiKakuGo-W5"]
    assert [run.font for run in runs("김철수")] == ["HYSMyeongJo-Medium"]
    (text,) = pages(a_list(name="山田さん", ship_to=("서울",)))
    assert "山田さん" in text
    assert "서울" in text


def test_what_no_font_can_draw_shows_as_its_code_point_and_the_page_says_so() -> None:
    (text,) = pages(a_list(name="\U0001f600", rows=(Row(1, "TEA-1", "شاي", 1),)))
    assert "[U+1F600]" in text
    assert "[U+0634][U+0627][U+064A]" in text
    assert "stands for a character that this page cannot show" in text
    assert "cannot show" not in pages(a_list())[0]


def test_text_cannot_break_out_of_its_place() -> None:
    nasty = r") Tj ET (^XA~JR \051 %%EOF"
    (text,) = pages(a_list(name=nasty, rows=(Row(1, "(A)-1", "\\\\ <script>", 1),)))
    assert together(nasty) in together(text)
    assert "<script>" in text


def test_33_lines_fit_one_page_and_more_go_on_over_numbered_pages() -> None:
    def rows(count: int) -> tuple[Row, ...]:
        return tuple(Row(number, f"SKU-{number}", f"Thing number {number}", 1) for number in range(1, count + 1))

    assert len(pages(a_list(rows=rows(33)))) == 1
    many = pages(a_list(rows=rows(120)))
    assert [f"page {place} of {len(many)}" in text for place, text in enumerate(many, start=1)] == [True] * len(many)
    assert sum(len(re.findall(r"Thing number \d+", text)) for text in many) == 120
    assert ["units in this parcel" in text for text in many] == [False] * (len(many) - 1) + [True]
    assert "120 units in this parcel" in many[-1]


def test_the_same_data_make_the_same_bytes() -> None:
    assert write_packing_list(a_list()) == write_packing_list(a_list())


def bars_of(document: PackingList) -> list[tuple[float, float]]:
    """(x, width) of the bars in points, from the page's own drawing operators."""
    page = PdfReader(BytesIO(write_packing_list(document))).pages[0]
    contents = page.get_contents()
    assert contents is not None
    height = 31.75 * 72 / 25.4
    found = re.findall(r"([\d.-]+) ([\d.-]+) ([\d.-]+) ([\d.-]+) re", contents.get_data().decode("latin-1"))
    return [(float(x), float(width)) for x, _, width, tall in found if abs(float(tall) - height) < 0.1]


def symbol_values(bars: list[tuple[float, float]]) -> list[int]:
    """The code word values of a Code 128 symbol, check character included, stop pattern cut off."""
    module = 0.495 * 72 / 25.4
    edges = [edge for x, width in bars for edge in (x, x + width)]
    widths = "".join(str(round((after - before) / module)) for before, after in pairwise(edges))
    assert widths.endswith("2331112")
    body = widths[:-7]
    return [_PATTERNS.index(body[place : place + 6]) // 7 for place in range(0, len(body), 6)]


def test_the_bar_code_decodes_to_fnc1_the_identifier_00_and_the_sscc() -> None:
    *values, check = symbol_values(bars_of(a_list()))
    assert values[:2] == [START_C, FNC1]
    assert "".join(f"{value:02d}" for value in values[2:]) == f"00{SSCC}"
    assert check == (START_C + sum(place * value for place, value in enumerate(values[1:], start=1))) % 103


@pytest.mark.parametrize("wrong", ["", "1234", "19521234000000001X", "1952123400000000170", "\uff11" * 18])
def test_a_number_that_is_no_sscc_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="18 digits"):
        gs1_128(wrong)


def test_no_wrapped_row_is_wider_than_its_place() -> None:
    text = "an ordinary name " + "W" * 90 + " 山田太郎 " * 20
    rows = wrap(text, REGULAR, 9, 200)
    assert max(width_of(row, REGULAR, 9) for row in rows) <= 200
    assert together("".join(rows)) == together(text)
