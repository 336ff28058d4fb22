"""Post movements, open positions, set their levels, read their history."""

from dataclasses import dataclass

from oms.aws.tables import ConditionFailedError, commit
from oms.events.inventory import PositionOpened, StockLevelsSet
from oms.inventory.facts import fact_about
from oms.inventory.model import NOTHING, Cause, Entry, Movement, Position, PositionKey, Posting, level_of
from oms.inventory.moving import rules
from oms.inventory.moving.model import Moved, MovementPage, MovementView, NewMovement, PositionLevels, Seen
from oms.inventory.repeats import digest, refuse_other
from oms.inventory.rules import applied
from oms.inventory.store import StockStore
from oms.inventory.supply.store import SupplyStore
from oms.inventory.tracing.booking import LotDesk, booked
from oms.kernel.errors import ConflictError, Fault, MalformedError, NotFoundError, RejectedError
from oms.kernel.ids import derive_id
from oms.kernel.time import Clock, to_text
from oms.reference.store import ReferenceStore

TRIES = 5


@dataclass(frozen=True)
class Posted:
    """A movement as it was asked for: `key` is the caller's idempotency key."""

    at: PositionKey
    new: NewMovement
    if_match: str | None
    key: str
    by: str


def post_movement(posted: Posted, *, stock: StockStore, lots: LotDesk, clock: Clock) -> Moved:
    """Book one movement, once per key: position, journal entry with its fact, and claim in one transaction.

    A request that comes again under its key gets the first answer, whatever has become of the position since.

    Raises:
        NotFoundError: the SKU is not kept there.
        ShortStockError: more is to go than there is.
        StaleError, QuantityChangedError, UnconditionalError: see `rules.check_seen`.
        RejectedError: code `idempotency_key_reused`: the key came with another movement; `lot_needed`, `invalid`: see
            `booked`.
        ConflictError: the position changed under our hands five times.
    """
    new = posted.new
    sku, location = posted.at
    name = f"posted:{derive_id('key', sku, location, posted.by, posted.key)}"
    later = {field for field in ("lot", "serials") if getattr(new, field) is None}  # as before there were those
    said = new.model_dump_json(exclude=later)
    asked = digest(said, posted.if_match or "")
    for lost in range(1, TRIES + 1):
        if first := stock.claimed(name).get(name):
            refuse_other(first, asked, what="the key", code="idempotency_key_reused")
            return Moved.model_validate_json(first["answer"])
        position = _position(stock, posted.at)
        rules.check_seen(position, Seen(posted.if_match, new.expected), needed=new.kind == "adjusted")
        cause = Cause(posted.by, to_text(clock()), rules.why_of(new))
        movement = Movement(
            new.kind, posted.at, rules.change_of(new, position, _announced(new, position, stock)), ref=new.ref
        )
        movements, guards = booked(movement, new, lots, cause)
        after = applied(position, movements)
        fact = fact_about(after, rules.fact_of(new, after), cause.at)
        moved = stock.moved(movements, {posted.at: position}, cause, facts=[fact])
        done = moved.after[posted.at]
        answer = Moved(movement_id=done.entry or "", kind=new.kind, units=new.units, position=level_of(done))
        told = f"{new.kind}, {new.units} units"
        claim = stock.claim(name, cause, asked=asked, told=told, answer=answer.model_dump_json())
        try:
            commit(claim, *moved.writes, *guards)
        except ConflictError:  # read again: the key was used meanwhile, or the position moved
            if lost == TRIES:
                raise
        else:
            return answer
    raise AssertionError("unreachable: the last try returns or raises")


def read_position(key: PositionKey, *, stock: StockStore) -> Position:
    """One position, read for sure.

    Raises:
        NotFoundError: the SKU is not kept there.
    """
    return _position(stock, key)


def set_levels(
    key: PositionKey,
    levels: PositionLevels,
    *,
    if_match: str | None,
    by: str,
    stock: StockStore,
    reference: ReferenceStore,
    clock: Clock,
) -> tuple[Position, bool]:
    """Open the position with these levels (True), or set them where it is open already. Setting them again: nothing.

    Raises:
        NotFoundError: no such location.
        RejectedError: code `unknown_sku`: not in the catalogue; `invalid`: units for a channel that is none, a bundle.
        StaleError, UnconditionalError: the position is not as the caller has seen it, or that is not said.
        ConflictError: somebody else wrote first.
    """
    cause = Cause(by, to_text(clock()))
    _refuse_unknown(levels, reference)
    before = stock.positions_at([key]).get(key)
    if before is None:
        return _opened(key, levels, cause, stock, reference), True
    movement = rules.levels_set(before, levels)
    if movement.change == NOTHING and not movement.levels:
        return before, False
    rules.check_seen(before, Seen(if_match), needed=True)
    changed = dict(movement.levels)
    if movement.change.safety_stock:
        changed["safety_stock"] = levels.safety_stock
    after = applied(before, [movement])
    fact = StockLevelsSet(sku=key[0], location=key[1], levels=changed)
    moved = stock.moved([movement], {key: before}, cause, facts=[fact_about(after, fact, cause.at)])
    commit(*moved.writes)
    return moved.after[key], False


def list_movements(
    key: PositionKey, *, cursor: str | None, limit: int, stock: StockStore, all_refs: bool = True
) -> MovementPage:
    """A page of the history of a position, newest first. One entry of the journal is never torn apart.

    Without `all_refs` only what locations post says what it was for: carts and orders may be those of others.

    Raises:
        NotFoundError: the SKU is not kept there.
        MalformedError: code `bad_cursor`: not an entry of this position's history.
    """
    position = _position(stock, key)
    if cursor is not None:
        entry = stock.entry(cursor)
        if entry is None or all((one.sku, one.location) != key for one in entry.postings):
            raise MalformedError("not a cursor of this history", code="bad_cursor")
        position = position._replace(entry=cursor)
    rows = list(stock.history(position, limit=limit))
    last = rows[-1][1].before if rows else None
    return MovementPage(movements=tuple(_view(*row, all_refs=all_refs) for row in rows), next_cursor=last)


def _refuse_unknown(levels: PositionLevels, reference: ReferenceStore) -> None:
    """Units for a channel that is none would be lost to all others; 0 releases those of one that is gone."""
    named = [name for name, units in levels.channels.items() if units]
    known = reference.channels() if named else {}
    faults = [Fault(f"channels.{name}", "is no channel") for name in named if name not in known]
    if faults:
        raise RejectedError(f"{len(faults)} channel(s) are not known", code="invalid", faults=faults)


def _opened(
    key: PositionKey, levels: PositionLevels, cause: Cause, stock: StockStore, reference: ReferenceStore
) -> Position:
    sku, location = key
    if location not in reference.locations():
        raise NotFoundError("there is no such location")
    item = reference.items([sku]).get(sku)
    if item is None:
        raise RejectedError(f"{sku} is not in the catalogue", code="unknown_sku")
    if item.components:
        said = "is a bundle: there is as much of it as its components make, keep those"
        raise RejectedError(f"{sku} {said}", code="invalid", faults=[Fault("sku", said)])
    empty = Position(sku, location, 0, reorder_point=0, order_up_to=0)
    movement = rules.levels_set(empty, levels)._replace(kind="opened")
    after = applied(empty, [movement])
    fact = PositionOpened(sku=sku, location=location, levels={**levels.model_dump(exclude={"channels"})})
    moved = stock.moved([movement], {key: empty}, cause, facts=[fact_about(after, fact, cause.at)])
    try:
        commit(*moved.writes)
    except ConditionFailedError as error:
        raise ConflictError(f"{sku} at {location} was opened at the same moment") from error
    return moved.after[key]


def _position(stock: StockStore, key: PositionKey) -> Position:
    found = stock.positions_at([key]).get(key)
    if found is None:
        raise NotFoundError(f"{key[0]} is not kept there")
    return found


def _announced(new: NewMovement, position: Position, stock: StockStore) -> int:
    """Units that open supplies and transfers still have to bring; read only where a receipt could take them.

    They move in one transaction with the position: read after it, they are as it says, or its write is refused.
    """
    if new.kind != "received" or not position.incoming:
        return 0
    to_come = SupplyStore(stock.table).to_come(position.sku, consistent=True)
    return sum(one.to_come for one in to_come if one.location == position.location)


def _view(entry: Entry, posting: Posting, *, all_refs: bool) -> MovementView:
    return MovementView(
        movement_id=entry.id,
        at=entry.at,
        kind=posting.kind,
        version=posting.version,
        by=entry.by,
        units=dict(posting.by),
        levels=dict(posting.levels),
        why=entry.why,
        ref=posting.ref if all_refs or posting.kind in rules.OF_LOCATIONS else None,
    )
