"""Scan the reorder points; list what was proposed."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from oms.events.procurement import PurchaseProposed
from oms.kernel.errors import MalformedError
from oms.kernel.ids import derive_id
from oms.kernel.time import to_text
from oms.procurement.model import LowPosition, Proposal, ProposalPage, ProposalView, ScanResult, Supplier
from oms.procurement.rules import best_offer, reorder_quantity
from oms.procurement.store import ProcurementStore

BY = "system:scan_reorder_points"
_AT_ONCE = 100
# Of these SKUs, units by (SKU, location) that a transfer was asked for and that have not left (floor inventory).
Awaited = Callable[[Collection[str]], Mapping[tuple[str, str], int]]


def scan_reorder_points(
    positions: Iterable[LowPosition],
    *,
    elsewhere: Collection[str],
    awaited: Awaited,
    procurement: ProcurementStore,
    now: datetime,
) -> ScanResult:
    """Propose one purchase for each position at or below its reorder point that has no open proposal.

    Not for locations `elsewhere`: what lies at a supplier's place is the supplier's matter. Units that a transfer was
    asked for and that have not left yet are `awaited`: they count as if they were on their way, and are not bought.

    The key of a proposal is its SKU and location, so that however often or concurrently this runs there is never a
    second one; an open proposal counts as on its way, whatever its quantity.
    """
    suppliers = procurement.suppliers()
    low = proposed = 0
    unsourced: list[str] = []
    for chunk in _chunks((one for one in positions if one.location not in elsewhere), _AT_ONCE):
        there = _with_awaited(chunk, awaited)
        low += len(there)
        known = procurement.open_among((position.sku, position.location) for position, _ in there)
        for position, inventory in there:
            if (position.sku, position.location) in known:
                continue
            proposal = _proposal(position, inventory, suppliers, now)
            if proposal is None:
                unsourced.append(f"{position.sku} at {position.location}")
            else:
                proposed += procurement.propose(proposal)
    return ScanResult(
        low=low, proposed=proposed, already_open=low - proposed - len(unsourced), unsourced=tuple(sorted(unsourced))
    )


def list_proposals(
    *,
    location: str | None,
    cursor: str | None,
    limit: int,
    procurement: ProcurementStore,
    locations: frozenset[str] | None = None,
) -> ProposalPage:
    """A page of open proposals, by location; of those locations only, if any are named.

    Raises:
        MalformedError: code `bad_cursor`: not a cursor of ours, or of another location.
    """
    if cursor and ("#" not in cursor or (location and not cursor.startswith(f"{location}#"))):
        raise MalformedError("not a cursor of this list", code="bad_cursor")
    rows: list[tuple[str, Proposal]] = []
    for place in _places(location, locations):
        rows += procurement.page(location=place, after=cursor, limit=limit + 1 - len(rows))
        if len(rows) > limit:
            break
    shown = rows[:limit]
    return ProposalPage(
        proposals=tuple(_view(proposal) for _, proposal in shown),
        next_cursor=shown[-1][0] if len(rows) > limit else None,
    )


def _places(location: str | None, locations: frozenset[str] | None) -> list[str | None]:
    """Which parts of the list to read, in its order; None is the whole of it."""
    if locations is None:
        return [location]
    return [place for place in sorted(locations) if location in (None, place)]


def _with_awaited(chunk: Sequence[LowPosition], awaited: Awaited) -> list[tuple[LowPosition, int]]:
    """Those that are low all the same, with their inventory position; asked only where somebody waits."""
    skus = {position.sku for position in chunk if position.backordered}
    more = awaited(skus) if skus else {}
    counted = [(one, one.inventory_position + more.get((one.sku, one.location), 0)) for one in chunk]
    return [(position, units) for position, units in counted if units <= position.reorder_point]


def _proposal(position: LowPosition, inventory: int, suppliers: Sequence[Supplier], now: datetime) -> Proposal | None:
    found = best_offer(position.sku, suppliers)
    if found is None:
        return None
    supplier, offer = found
    quantity = reorder_quantity(
        position=inventory,
        reorder_point=position.reorder_point,
        order_up_to=position.order_up_to,
        moq=offer.moq,
        pack=offer.pack,
    )
    at = to_text(now)
    draft = Proposal(
        id=derive_id("prp", position.sku, position.location, at),
        sku=position.sku,
        location=position.location,
        quantity=quantity,
        supplier=supplier.id,
        unit_cost_minor=offer.unit_cost_minor,
        currency=offer.currency,
        lead_time_days=offer.lead_time_days,
        inventory_position=inventory,
        reorder_point=position.reorder_point,
        proposed_at=at,
    )
    fact = PurchaseProposed(
        proposal_id=draft.id,
        sku=draft.sku,
        location=draft.location,
        quantity=quantity,
        supplier=draft.supplier,
        inventory_position=draft.inventory_position,
        reorder_point=draft.reorder_point,
    )
    return draft.changed(fact, at=now, by=BY)


def _view(proposal: Proposal) -> ProposalView:
    shared = {name: getattr(proposal, name) for name in ProposalView.model_fields if name != "proposal_id"}
    return ProposalView(proposal_id=proposal.id, **shared)


def _chunks(positions: Iterable[LowPosition], size: int) -> Iterator[list[LowPosition]]:
    rest = iter(positions)
    while chunk := list(islice(rest, size)):
        yield chunk
