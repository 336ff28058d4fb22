"""Keep units for a cart or an order for a while: reserve, extend, freeze, change, release; and write off what is over.

Every change is one transaction: the reservation, the positions that its units move at, and the journal's entry. Who
loses a race reads again and decides again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from oms.aws.tables import Write, commit
from oms.inventory.model import Cause, Position, PositionKey
from oms.inventory.racing import raced
from oms.inventory.repeats import digest, refuse_other
from oms.inventory.reservations import rules
from oms.inventory.reservations.lifecycle import RESERVATION
from oms.inventory.reservations.model import (
    MAX_LINES,
    AskReservation,
    ChangeReservation,
    Kept,
    Reservation,
    Terms,
    Wanted,
)
from oms.inventory.reservations.store import ReservationStore
from oms.inventory.rules import ShortStockError
from oms.inventory.store import StockStore
from oms.kernel.errors import ConflictError, Fault, NotFoundError, RejectedError, StateError, TooLargeError, Why
from oms.kernel.ids import KEYS_KEPT_S, derive_id
from oms.kernel.time import Clock, to_text
from oms.orders.bundles import Components
from oms.orders.lifecycle import check_listed
from oms.orders.mayship import MayShip, ToShip
from oms.orders.model import Destination

MAX_PLACES = 45  # positions of one reservation: an update may leave them all for others, in one transaction
_TOLD = 5  # lines that are named to who uses a key for something else
Nearest = Callable[[Destination], Sequence[str]]
Seen = Mapping[PositionKey, Position]


@dataclass(frozen=True)
class ReservationDesk:
    """The collaborators.

    `terms_of` raises what there is to say against a channel; `nearest` ranks the locations, `foreign` are those that
    are not ours; `may_ship` says who may ship under the strategy in force; `bundles` are those among some SKUs with
    their components, `known` those that are in the catalogue.
    """

    store: ReservationStore
    stock: StockStore
    terms_of: Callable[[str], Terms]
    nearest: Nearest
    foreign: Callable[[], Collection[str]]
    may_ship: Callable[[ToShip], MayShip]
    bundles: Callable[[Collection[str]], Mapping[str, Components]]
    known: Callable[[Collection[str]], Collection[str]]
    clock: Clock


class Step(NamedTuple):
    """What a reservation becomes, and the positions on which that was decided; None: wherever its units are."""

    after: Reservation
    seen: Seen | None = None


class Reserved(NamedTuple):
    """A reservation after a request, and whether the request had been answered before."""

    reservation: Reservation
    replayed: bool = False


def reserve(asked: AskReservation, *, key: str, by: str, desk: ReservationDesk) -> Reserved:
    """Make the owner's reservation what is asked for; its own units count as free for it.

    The same key with the same body changes nothing more for a day, whatever has become of the reservation.

    Raises:
        ShortStockError: not all of it is there, and all was wanted; a reservation that was there stays as it was.
        StateError: the buyer is paying for something else.
        RejectedError: the key was used with another body (`idempotency_key_reused`), an SKU that is not in the
            catalogue (`unknown_sku`), or by the channel.
        TooLargeError: it lies at too many places.
        ConflictError: lost the race eight times.
    """
    terms = desk.terms_of(asked.channel)
    name = f"reserved:{derive_id('key', by, key)}"
    body = digest(
        asked.model_dump_json(exclude=set() if asked.on_account else {"on_account"})
    )  # as before there was it
    reservation_id = rules.reservation_id_of(asked.channel, asked.owner)

    def attempt() -> Reserved:
        if first := desk.stock.claimed(name).get(name):
            refuse_other(first, body, what="the key", code="idempotency_key_reused")
            return Reserved(read_reservation(reservation_id, desk=desk), replayed=True)
        _refuse_unknown([line.sku for line in asked.lines], desk)
        found = desk.store.find(reservation_id)
        wanted = ", ".join(f"{line.quantity} of {line.sku}" for line in asked.lines[:_TOLD])
        cause = Cause(by, to_text(desk.clock()))
        claim = desk.stock.claim(name, cause, for_s=KEYS_KEPT_S, asked=body, told=f"{wanted} for {asked.owner}")
        return Reserved(_write(found, _asked(asked, found, terms, desk), by, desk, claim))

    return raced(attempt)


def read_reservation(reservation_id: str, *, desk: ReservationDesk) -> Reservation:
    """The reservation as it is now.

    Raises:
        NotFoundError: no such reservation.
    """
    found = desk.store.find(reservation_id)
    if found is None:
        raise NotFoundError(f"there is no reservation {reservation_id}")
    return found


def change_lines(reservation_id: str, change: ChangeReservation, *, by: str, desk: ReservationDesk) -> Reservation:
    """Set the quantities of some lines; the change is activity. With no line left, the reservation is released.

    Raises:
        NotFoundError: no such reservation.
        StateError: it has ended, or the buyer is paying.
        RejectedError: code `unknown_sku`.
        ShortStockError: there is not so much; nothing has changed.
        TooLargeError: more lines, or more places, than one reservation has.
        ConflictError: lost the race eight times.
    """

    def decide(before: Reservation) -> Step | None:
        _refuse_ended(before)
        _refuse_frozen(before)
        wanted = {line.sku: line.quantity for line in before.lines}
        _refuse_unknown([line.sku for line in change.lines], desk, but=wanted)
        wanted |= {line.sku: line.quantity for line in change.lines}
        lines = _lines({sku: units for sku, units in wanted.items() if units}, desk)
        if len(lines) > MAX_LINES:
            raise TooLargeError(f"a reservation has {MAX_LINES} lines at most")
        if not lines:
            return _ended(before, "released", desk, reason="abandoned")
        terms = desk.terms_of(before.channel)
        now = desk.clock()
        until = max(before.until, rules.until(now, before.minutes, before.since, terms))
        if lines == before.lines and until == before.until:
            return None
        return _placed(before, before, lines, desk, status="updated", until=until, look_at=before.look_at)

    return _change(reservation_id, decide, by, desk)


def touch(reservation_id: str, *, by: str, desk: ReservationDesk) -> Reservation:
    """Extend a reservation, because its owner is active. Within the same minute, and while it is frozen: no write.

    Raises:
        NotFoundError: no such reservation.
        StateError: it has ended.
        ConflictError: lost the race eight times.
    """

    def decide(before: Reservation) -> Step | None:
        _refuse_ended(before)
        until = rules.until(desk.clock(), before.minutes, before.since, desk.terms_of(before.channel))
        if before.frozen or until <= before.until:
            return None
        return _changed(before, desk, status="updated", until=until)

    return _change(reservation_id, decide, by, desk)


def freeze(reservation_id: str, *, by: str, desk: ReservationDesk) -> Reservation:
    """Stop the clock while the buyer pays: it cannot end before the longest time that a payment may take is over.

    Raises:
        NotFoundError: no such reservation.
        StateError: it has ended.
        ConflictError: lost the race eight times.
    """

    def decide(before: Reservation) -> Step | None:
        _refuse_ended(before)
        if before.frozen:
            return None
        until = rules.frozen_until(desk.clock(), before.since, desk.terms_of(before.channel))
        return _changed(before, desk, status="updated", frozen=True, until=max(until, before.until))

    return _change(reservation_id, decide, by, desk)


def thaw(reservation_id: str, *, by: str, desk: ReservationDesk) -> Reservation:
    """Let the clock run again: the buyer stopped paying, and is in the shop.

    Raises:
        NotFoundError: no such reservation.
        StateError: it has ended.
        ConflictError: lost the race eight times.
    """

    def decide(before: Reservation) -> Step | None:
        _refuse_ended(before)
        if not before.frozen:
            return None
        until = rules.thawed_until(before, desk.clock(), desk.terms_of(before.channel))
        look_at = min(before.look_at, until)
        return _changed(before, desk, status="updated", frozen=False, until=until, look_at=look_at)

    return _change(reservation_id, decide, by, desk)


def release(reservation_id: str, *, reason: str, by: str, desk: ReservationDesk) -> Reservation:
    """Give the units back. One that has been released, or has expired, stays as it is.

    Raises:
        NotFoundError: no such reservation.
        StateError: it became an order's.
        ConflictError: lost the race eight times.
    """

    def decide(before: Reservation) -> Step | None:
        if before.status == "committed":
            _refuse_ended(before)
        return _ended(before, "released", desk, reason=reason) if before.live else None

    return _change(reservation_id, decide, by, desk)


def _asked(asked: AskReservation, found: Reservation | None, terms: Terms, desk: ReservationDesk) -> Step:
    """The reservation as asked for: a new life of it, or an update of the present one."""
    live = found if found is not None and found.live else None
    now = desk.clock()
    lines = _lines({line.sku: line.quantity for line in asked.lines}, desk)
    ships_to = asked.ships_to
    minutes = min(asked.minutes or terms.normal, terms.longest)
    since = live.since if live else to_text(now)
    until = rules.until(now, minutes, since, terms)
    if live is not None:
        if lines != live.lines:
            _refuse_frozen(live)
        until = max(until, live.until)
    fresh = Reservation(
        id=rules.reservation_id_of(asked.channel, asked.owner),
        channel=asked.channel,
        owner=asked.owner,
        status="updated" if live else "created",
        lines=lines,
        kept=(),
        until=until,
        look_at=live.look_at if live else until,
        since=since,
        changed_at=since,
        minutes=minutes,
        destination=Destination(country=ships_to.country, postal_area=ships_to.postal_area or "") if ships_to else None,
        on_account=asked.on_account,
        allow_partial=asked.allow_partial,
        frozen=live.frozen if live else False,
        version=found.version if found else 0,
    )
    return _placed(fresh, live, lines, desk)


def _lines(units: Mapping[str, int], desk: ReservationDesk) -> tuple[Wanted, ...]:
    bundles = desk.bundles(units)
    return tuple(Wanted(sku=sku, quantity=wanted, components=bundles.get(sku, ())) for sku, wanted in units.items())


def _placed(
    onto: Reservation, live: Reservation | None, lines: tuple[Wanted, ...], desk: ReservationDesk, **changes: Any
) -> Step:
    """`onto` with its units placed."""
    skus = {sku for line in lines for sku, _ in line.parts} | {kept.sku for kept in (live.kept if live else ())}
    seen = desk.stock.positions(skus)
    kept = _where(onto, live, lines, seen, desk)
    places = len({one.key for one in kept})
    if places > MAX_PLACES:
        raise TooLargeError(f"the units lie at {places} places; a reservation has {MAX_PLACES} at most")
    return Step(_changed(onto, desk, lines=lines, kept=kept, **changes).after, seen)


def _where(
    onto: Reservation, live: Reservation | None, lines: Sequence[Wanted], seen: Seen, desk: ReservationDesk
) -> tuple[Kept, ...]:
    """Where the units are kept: at our own locations; of a cart that says where it goes, at those that may ship it.

    Soft constraints are dropped one after the other while not all of it is there, as they are for an order.
    """
    foreign = desk.foreign()
    own = {key: one for key, one in seen.items() if key[1] not in foreign} if foreign else seen
    if onto.destination is None:
        return rules.place(lines, live, own, None, allow_partial=onto.allow_partial, channel=onto.channel)
    asked = ToShip(onto.channel, onto.on_account, onto.destination, frozenset(line.sku for line in lines))
    *tiers, last = desk.may_ship(asked).tiers or ({},)
    nearest = desk.nearest(onto.destination)
    for tier in tiers:
        with suppress(ShortStockError):  # the next tier may have it all
            return rules.place(lines, live, own, nearest, allow_partial=False, channel=onto.channel, may_ship=tier)
    return rules.place(lines, live, own, nearest, allow_partial=onto.allow_partial, channel=onto.channel, may_ship=last)


def _changed(before: Reservation, desk: ReservationDesk, **changes: Any) -> Step:
    fixed = {"changed_at": to_text(desk.clock()), "version": before.version + 1}
    return Step(before.model_copy(update={**changes, **fixed}))


def _ended(before: Reservation, status: str, desk: ReservationDesk, *, reason: str) -> Step:
    return _changed(before, desk, status=status, frozen=False, reason=reason)


def _change(
    reservation_id: str, decide: Callable[[Reservation], Step | None], by: str, desk: ReservationDesk
) -> Reservation:
    """Read, decide, write; again when the race was lost. What decides for nothing leaves it as it is."""

    def attempt() -> Reservation:
        before = read_reservation(reservation_id, desk=desk)
        step = decide(before)
        return before if step is None else _write(before, step, by, desk)

    return raced(attempt)


def _write(before: Reservation | None, step: Step, by: str, desk: ReservationDesk, *claim: Write) -> Reservation:
    after, seen = step
    if before is not None:
        check_listed(RESERVATION, before.status, after.status)
    if seen is None:
        seen = desk.stock.positions_at(kept.key for one in (before, after) if one for kept in one.kept)
    movements = rules.moved(before, after, seen, ref=after.id)
    try:
        writes = desk.stock.writes(movements, seen, Cause(by, after.changed_at, after.reason))
    except ShortStockError as error:  # placed on what `seen` has, so only a minute that ended in between does this
        raise ConflictError(f"{error}; the minute is over") from error
    commit(*claim, desk.store.write(after), *writes)
    return after


def _refuse_unknown(skus: Sequence[str], desk: ReservationDesk, *, but: Collection[str] = ()) -> None:
    """Refuse what is not in the catalogue, `but` what is kept already, which may have been taken out of it since."""
    known = desk.known(skus)
    faults = [
        Fault(f"lines.{place}.sku", f"{sku} is not in the catalogue")
        for place, sku in enumerate(skus)
        if sku not in known and sku not in but
    ]
    if faults:
        raise RejectedError(f"{len(faults)} SKU(s) are not known", code="unknown_sku", faults=faults)


def _refuse_ended(reservation: Reservation) -> None:
    if not reservation.live:
        text = f"the reservation is {reservation.status}"
        raise StateError.because(Why(f"reservation_{reservation.status}", text, "ask for a new one"))


def _refuse_frozen(reservation: Reservation) -> None:
    if reservation.frozen:
        raise StateError.because(Why("reservation_frozen", "the buyer is paying for it", "thaw it first"))
