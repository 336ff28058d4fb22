"""The fallbacks of a rule, one after the other: what one cannot do for some units is left to the next. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from oms.allocation.fallbacks.dropping import drop_ship
from oms.allocation.fallbacks.model import Did, FellBack, Stranded, Tried, Units
from oms.allocation.fallbacks.substituting import substitute
from oms.allocation.fallbacks.transferring import transfer
from oms.allocation.sourcing.desk import Sourcing
from oms.allocation.sourcing.model import Case, Outcome
from oms.allocation.sourcing.strategy import Fallback
from oms.inventory.model import Position, PositionKey
from oms.inventory.transfers.model import Transfer
from oms.kernel.time import from_text, to_text
from oms.orders.bundles import on_the_shelf
from oms.orders.model import Order

Look = Callable[[Collection[str]], Mapping[PositionKey, Position]]


def fall_back(
    order: Order,
    outcomes: Sequence[tuple[Case, Outcome]],
    view: Mapping[PositionKey, Position],
    sourcing: Sourcing,
    under_way: Mapping[str, Transfer],
    now: datetime,
    look: Look,
) -> FellBack:
    """What becomes of the units of all outcomes that nobody may ship; nothing is looked at where there are none.

    The `order` has the units open that were planned, `outcomes` what was planned from what, group by group, on the
    stock of the `view`. `under_way` and `look` are those of `Stranded`.
    """
    if not any(outcome.waiting for _, outcome in outcomes):
        return FellBack(tuple(() for _ in outcomes))
    free = _left(order, outcomes, view)
    looker = _Looker(look)
    tried: list[tuple[Tried, ...]] = []
    did: list[Did] = []
    ships = {part.location: 0 for _, outcome in outcomes for part in outcome.parts} | dict(outcomes[0][0].ships)
    for case, outcome in outcomes:
        rule = sourcing.rule(case)
        rows, done = _in_turn(Stranded(order, case, outcome, rule, free, sourcing, under_way, now, looker, ships))
        tried.append(rows)
        did += done
    return FellBack(
        tuple(tried),
        wishes=tuple(wish for one in did for wish in one.wishes),
        waits_at={number: place for one in did for number, place in one.waits_at.items()},
        give_up_at={number: at for one in did for number, at in one.give_up_at.items()},
        takes=tuple(take for one in did for take in one.takes),
        again=tuple(again for one in did for again in one.again),
        reasons=tuple(reason for one in did for reason in one.reasons if one.takes),
        seen=looker.seen,
    )


class _Looker:
    """Remembers what was seen."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self.seen: dict[PositionKey, Position] = {}

    def __call__(self, skus: Collection[str]) -> Mapping[PositionKey, Position]:
        found = self._look(skus) if skus else {}
        self.seen.update(found)
        return found


def _in_turn(stranded: Stranded) -> tuple[tuple[Tried, ...], list[Did]]:
    """Units that are left in the end are a person's matter; a rule that lists nothing lets them wait for stock."""
    left = dict(stranded.outcome.waiting)
    tried: list[Tried] = []
    did: list[Did] = []
    for name in (*(stranded.rule.fallbacks or ("backorder",)), "customer_care"):
        if not left:
            break
        one = _DOES[name](stranded, left)
        left = {number: rest for number, units in left.items() if (rest := units - one.units.get(number, 0))}
        tried.append(Tried(name, one.units, one.how, one.why_not if left else ""))
        did.append(one)
    return tuple(tried), did


def _left(
    order: Order, outcomes: Sequence[tuple[Case, Outcome]], view: Mapping[PositionKey, Position]
) -> dict[str, dict[str, int]]:
    """What the plans leave, by SKU on the shelf and location."""
    free: dict[str, dict[str, int]] = {}
    for (sku, location), position in view.items():
        free.setdefault(sku, {})[location] = max(position.available, 0)
    lines = {line.number: line for line in order.lines}
    for _, outcome in outcomes:
        for part in outcome.parts:
            for sku, units in on_the_shelf(lines[part.number], part.units).items():
                free[sku][part.location] -= units
    return free


def _backorder(stranded: Stranded, left: Units) -> Did:
    """All wait for stock; those of items that are not given out yet get none before their day, and that is said."""
    days = _release_days(stranded, left)
    shut = [
        f"; those of line(s) {', '.join(str(number) for number in left if days.get(number) == day)}"
        f" are not served before the day of release, {day}"
        for day in sorted(set(days.values()))
    ]
    return Did(dict(left), "".join(["they wait for stock", *shut]))


def _customer_care(_: Stranded, left: Units) -> Did:
    return Did(dict(left), "a person is to decide")


def _preorder(stranded: Stranded, left: Units) -> Did:
    """Lines of items that are not given out yet wait for their day."""
    days = _release_days(stranded, left)
    how = ", ".join(sorted(set(days.values())))
    units = {number: left[number] for number in days}
    return Did(units, f"they wait for the day of release, {how}" if units else "", "no day of release is ahead")


def _release_days(stranded: Stranded, left: Units) -> dict[int, str]:
    """The day of release by line, of those of which nothing may be given out yet."""
    channel, today = stranded.order.channel, stranded.now.date()
    days: dict[int, str] = {}
    for number in left:
        item = stranded.sourcing.item(stranded.line(number).sku)
        if item is not None and item.waiting.embargoed(channel, today):
            days[number] = str(item.waiting.release_on)
    return days


def _cancel_by_date(stranded: Stranded, left: Units) -> Did:
    """All wait until the rule's days are over, or until the channel's date, whatever comes first."""
    days, delivery = stranded.rule.cancel_after_days, stranded.order.delivery
    ends = [stranded.now + timedelta(days=days)] if days else []
    said = (delivery.deliver_by or delivery.ship_by) if delivery else None
    ends += [from_text(said)] if said else []
    if not ends:
        return Did({}, why_not="neither the rule nor the channel has set a date")
    at = to_text(min(ends))
    return Did(dict(left), f"they wait until {at}, and are cancelled then", give_up_at=dict.fromkeys(left, at))


_DOES: Mapping[Fallback, Callable[[Stranded, Units], Did]] = {
    "backorder": _backorder,
    "preorder": _preorder,
    "drop_ship": drop_ship,
    "transfer": transfer,
    "substitute": substitute,
    "customer_care": _customer_care,
    "cancel_by_date": _cancel_by_date,
}
