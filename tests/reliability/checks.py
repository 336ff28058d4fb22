"""What the checks of an order find, let pass, and cost; on the given lists of countries, postal codes and currencies.

`python -m tests.reliability.checks` prints the figures.
"""

import csv
import json
import time
from collections.abc import Callable
from typing import NamedTuple

from oms.kernel.money import exponent
from oms.validation.checks import address
from oms.validation.policy import compiled
from tests.shared_data import shared_path
from tests.unit.validation.scene import facts, new

_ROUNDS = 500
_BEST_OF = 5
# Examples of the given list that are no codes any more (the posts have replaced the form since), and two slips.
OLD = {
    "BY 20050", "EC EC090112", "EC H0103C", "EC P0133A", "EC P0133B", "EC P0133V", "EE 1001", "GB RH6 OHP",
    "KR 110-110", "KR 699-800", "SO 09010", "SO 11010",
}  # fmt: skip


class Judged(NamedTuple):
    """How many were judged as they should be, and which were not."""

    right: int
    wrong: list[str]

    @property
    def all(self) -> int:
        return self.right + len(self.wrong)


def _judged(cases: list[tuple[str, bool]]) -> Judged:
    return Judged(sum(right for _, right in cases), [name for name, right in cases if not right])


def passes(country: str, postal_code: str, region: str | None = None) -> bool:
    """Whether the post of the country would take it."""
    place = {"address_lines": ["1 Street"], "city": "City", "postal_code": postal_code, "country": country}
    order = new(ship_to={**place, **({"region": region} if region else {})})
    return address.check(order, facts(), address.Post()) == []


def postal_examples() -> Judged | None:
    """The published examples of each country's postal codes; states are left out, since examples name none."""
    path = shared_path("5_reference", "given", "country", "address_formats_by_country.json")
    if path is None:
        return None
    params, cases = address.Post(regions=()), []
    for country, told in json.loads(path.read_text()).items():
        for example in filter(None, told.get("zipex", "").split(",")):
            place = {"address_lines": ["1 Street"], "city": "City", "postal_code": example, "country": country}
            found = address.check(new(ship_to=place), facts(), params)
            cases.append((f"{country} {example}", found == []))
    return _judged(cases)


def zip_codes(every: int = 10) -> tuple[Judged, Judged] | None:
    """ZIP codes of the United States: with their own state they pass; with the farthest of states they do not."""
    path = shared_path("5_reference", "given", "us_geo", "all_us_zipcodes.csv")
    if path is None:
        return None
    rows = list(csv.DictReader(path.read_text().splitlines()))[::every]
    own = [(f"{row['code']} {row['state']}", passes("US", row["code"], row["state"])) for row in rows]
    wrong = {True: "WA", False: "FL"}  # 0 to 4 lie in the east
    other = [(row["code"], not passes("US", row["code"], wrong[row["code"][0] in "01234"])) for row in rows]
    return _judged(own), _judged(other)


def exponents() -> Judged | None:
    """The minor units of every currency in use (ISO 4217)."""
    path = shared_path("5_reference", "given", "country", "currency-codes-all.csv")
    if path is None:
        return None
    rows = csv.DictReader(path.read_text().splitlines())
    used = [row for row in rows if not row["WithdrawalDate"] and row["MinorUnit"].isdigit()]
    known = {row["AlphabeticCode"]: int(row["MinorUnit"]) for row in used}
    return _judged([(code, exponent(code) == places) for code, places in sorted(known.items())])


def cpu_us() -> dict[str, float]:
    """CPU of each check on a good order of two lines, best of five; noise only adds."""
    order, known = new(), facts()
    spent: dict[str, float] = {}
    for one in compiled([], None).decides:
        spent[one.name] = min(_timed(lambda one=one: one.check.run(order, known, one.params)) for _ in range(_BEST_OF))  # type: ignore[misc]
    return spent


def _timed(run: Callable[[], object]) -> float:
    run()
    started = time.process_time()
    for _ in range(_ROUNDS):
        run()
    return (time.process_time() - started) / _ROUNDS * 1e6


def figures() -> list[tuple[str, str]]:
    """Rows of docs/reliability.md."""
    rows = []
    if examples := postal_examples():
        rows.append(("postal codes taken: published examples of all countries", f"{examples.right}/{examples.all}"))
        rows.append(("of the others, codes that were replaced since", f"{len(OLD & {*examples.wrong})}"))
    if codes := zip_codes():
        own, other = codes
        rows.append(("ZIP codes taken with their own state (every tenth of all)", f"{own.right}/{own.all}"))
        rows.append(("ZIP codes refused with a far state", f"{other.right}/{other.all}"))
    if minor := exponents():
        rows.append(("currencies whose minor unit is right (ISO 4217)", f"{minor.right}/{minor.all}"))
    spent = cpu_us()
    slowest = max(spent, key=lambda name: spent[name])
    words = f"{len(spent)}, {sum(spent.values()):.0f} µs of CPU in all; the slowest, {slowest}, {spent[slowest]:.0f} µs"
    rows.append(("checks of an order of two lines", words))
    return rows


if __name__ == "__main__":
    for name, value in figures():
        print(f"{name:70} {value}")  # noqa: T201  a command prints
