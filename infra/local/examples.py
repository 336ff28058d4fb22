"""The orders that the examples of the API document are about, put in place before anybody else orders.

EXAMPLE-1 goes through intake, allocation and every step of `fulfill_order` here, in this process, by the very functions
that the cloud runs: so it has the first tracking number of a fresh cloud, and the id of its parcel can be written in
the document. The cloud gets the same facts and finds all done, as with any redelivery. The other orders wait, for
credit or for stock.
"""

import importlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from infra.local import company
from oms.allocation.service import allocate_orders
from oms.allocation.whatif.model import NewWhatIf, Piece
from oms.allocation.whatif.service import run_piece, start_what_if
from oms.amending.model import NewChangeSet
from oms.amending.service import open_change
from oms.aws import clients
from oms.entry import examples
from oms.entry.queue import Message
from oms.intake.drafts.model import PutDraft
from oms.intake.drafts.service import put_draft
from oms.intake.imports.model import NewImport
from oms.intake.imports.service import cut_file, run_chunk, start_import
from oms.intake.imports.store import UPLOADS
from oms.intake.messages.model import Reference
from oms.intake.messages.processing import process_messages
from oms.intake.messages.receiving import keep_message
from oms.intake.messages.service import order_of
from oms.intake.messages.store import span
from oms.intake.model import NewOrder
from oms.intake.notices import Arrival
from oms.intake.service import submit_order
from oms.intake.store import Claim, scope_of
from oms.inventory.exceptions.model import Finding
from oms.inventory.exceptions.service import open_exception
from oms.inventory.moving.model import NewMovement
from oms.inventory.moving.service import Posted, post_movement
from oms.inventory.reservations.model import AskReservation
from oms.inventory.reservations.service import reserve
from oms.inventory.transfers.desk import ANY, Caller
from oms.inventory.transfers.model import PutTransfer, ShipTransfer
from oms.inventory.transfers.moves import ship_transfer
from oms.inventory.transfers.service import put_transfer, ready_transfer
from oms.wiring import Wiring, rewire

Step = Callable[[dict[str, Any], Any], dict[str, Any]]
BY = "local-seed"
STEPS = (
    "fulfillment.task_plan_parcels",
    "shipping.task_select_carrier",
    "shipping.task_book_parcels",
    "fulfillment.task_write_packing_lists",
    "fulfillment.task_release_fulfillment",
)
CHANGING = (examples.TO_CHANGE, examples.TO_CONFIRM, examples.TO_DECLINE)


class ExampleError(Exception):
    """An example order did not get where the API document says it is."""


def orders() -> Iterator[dict[str, Any]]:
    """The bodies, in the order in which they must be placed."""
    yield _order(examples.HELD, account_id=company.NEAR_LIMIT)
    yield _order(examples.HELD_TOO, account_id=company.NEAR_LIMIT)
    stool = {"sku": company.SOLD_OUT, "quantity": 1, "unit_price_minor": 18900}
    for name in (examples.BACKORDERED, examples.TO_HOLD, *CHANGING):
        yield _order(name, lines=[stool], tax_minor=0, taxes_included=True, total_minor=18900 + 690)
    yield _order(examples.RELEASED)  # the last, because the cloud starts to work on it at once


def place(wiring: Wiring) -> int:
    """Place those that are not there yet; how many.

    Raises:
        ExampleError: EXAMPLE-1 has another parcel than the document says.
    """
    steps = [importlib.import_module(f"functions.{step}").handler for step in STEPS]
    placed = sum(_submit(body, wiring) for body in orders())
    if placed:
        _fulfill(wiring, steps)
        for name in (examples.TO_CONFIRM, examples.TO_DECLINE):
            propose(examples.order_id(name), wiring)
        message_id = park(wiring, "shopify_eu")
        if message_id != examples.PARKED_MESSAGE_ID:
            raise ExampleError(f"the parked message has the id {message_id}")
        import_file(wiring, examples.CHANNEL, by=examples.SEED)
        try_strategies(wiring)
        write_drafts(wiring, examples.CHANNEL)
        doubt(wiring)
        fill_carts(wiring, examples.CHANNEL)
        take_lot_in(wiring)
        send_transfers(wiring, examples.LOCATION, "lon-1")
    return placed


def propose(order_id: str, wiring: Wiring) -> None:
    """A change set that waits for a decision."""
    new = NewChangeSet.model_validate(examples.CHANGE)
    open_change(order_id, new, key=examples.CHANGE_KEY, by=examples.CHANGED_BY, desk=wiring.amending)


def fill_carts(wiring: Wiring, channel: str) -> None:
    """Two carts with what is kept for them: one to read and change, one to release."""
    for owner in (examples.CART, examples.CART_TOO):
        ask = AskReservation.model_validate(
            {**examples.RESERVATION, "channel": channel, "owner": owner, "minutes": 240}
        )
        reserve(ask, key=f"{channel} {owner}", by=BY, desk=wiring.reservation_desk)


def send_transfers(wiring: Wiring, near: str, far: str, *, suffix: str = "") -> None:
    """Transfers as far as the examples need them: `near` is the end that acts. Repeating it changes nothing."""
    desk, caller = wiring.transfer_desk, Caller(BY, lambda _location: True, ANY)
    lines = examples.TRANSFER_PLAN["lines"]
    for name in (
        examples.TRANSFER,
        examples.TRANSFER_TO_READY,
        examples.TRANSFER_TO_SHIP,
        examples.TRANSFER_TO_RECEIVE,
        examples.TRANSFER_TO_CANCEL,
    ):
        ends = (far, near) if name == examples.TRANSFER_TO_RECEIVE else (near, far)
        plan = {"source": ends[0], "destination": ends[1], "lines": lines, "due_on": "2027-01-15"}
        put_transfer(name + suffix, PutTransfer.model_validate(plan), caller=caller, desk=desk)
    for name in (examples.TRANSFER_TO_SHIP, examples.TRANSFER_TO_RECEIVE, examples.TRANSFER_TO_CANCEL):
        ready_transfer(name + suffix, caller=caller, desk=desk)
    all_of_it = ShipTransfer(shipment_id="SEED-TRUCK")
    ship_transfer(examples.TRANSFER_TO_RECEIVE + suffix, all_of_it, caller=caller, desk=desk)


def take_lot_in(wiring: Wiring) -> None:
    """Some units of a lot, and one with a serial number. Repeating it changes nothing."""
    lot = {"id": examples.LOT, "expires_on": "2099-12-31"}
    new = NewMovement.model_validate({"kind": "received", "units": 24, "lot": lot})
    serial = NewMovement.model_validate({"kind": "received", "units": 1, "serials": [examples.SERIAL]})
    for posted in (
        Posted((examples.LOT_TRACKED, "lon-1"), new, None, "seed-lot", BY),
        Posted((examples.SERIAL_TRACKED, "nyc-1"), serial, None, "seed-serial", BY),
    ):
        post_movement(posted, stock=wiring.stock, lots=wiring.lot_desk, clock=wiring.clock)


def write_drafts(wiring: Wiring, channel: str) -> None:
    """Three drafts: one with open points, one to submit, one to delete. Repeating it changes nothing."""
    buyer = {**examples.BUYER, "email": "draft@example.com"}
    ready = {**examples.NEW_ORDER, "external_order_id": None, "channel": channel, "customer": buyer}
    drafts = {
        examples.DRAFT: examples.DRAFT_ORDER,
        examples.DRAFT_TO_DELETE: examples.DRAFT_ORDER,
        examples.DRAFT_TO_SUBMIT: ready,
    }
    for draft_id, order in drafts.items():
        put = PutDraft.model_validate({"version": 0, "order": order})
        put_draft(channel, draft_id, put, by=BY, desk=wiring.drafts)


def import_file(wiring: Wiring, channel: str, *, by: str) -> str:
    """Two import jobs: one that waits, and one that has run, whose id this is; the cloud finds it done."""
    works = wiring.import_works
    request = NewImport(channel=channel, format="csv", dry_run=True)
    start_import(request, key=examples.IMPORT_TO_CANCEL_KEY, by=by, desk=works)
    job = start_import(request, key=examples.IMPORT_KEY, by=by, desk=works)
    key = f"{UPLOADS}{job.import_id}"
    clients.s3().put_object(Bucket=works.files.bucket, Key=key, Body=examples.IMPORT_CSV.encode())
    for chunk in cut_file(job.import_id, desk=works):
        run_chunk(chunk, desk=works)
    return job.import_id


def try_strategies(wiring: Wiring) -> None:
    """Two what-ifs of a day: one that the queue has still to do, and one that is done."""
    works = wiring.what_if_works
    request = NewWhatIf(version=1, days=1)
    quiet = replace(works.desk, send=lambda _: None)
    for key in (examples.WHAT_IF_KEY, examples.WHAT_IF_TO_CANCEL_KEY):
        start_what_if(request, key=key, by=examples.SEED, desk=quiet)
    job = quiet.jobs.get(examples.WHAT_IF_ID)
    while job.status == "running":
        run_piece(Piece(what_if_id=job.job.id, piece=job.piece), works=replace(works, desk=quiet))
        job = quiet.jobs.get(examples.WHAT_IF_ID)


def park(wiring: Wiring, channel: str) -> str:
    """A message that names a SKU we do not have, archived and worked off as in the cloud; its id."""
    raw = json.dumps(examples.PARKED_WEBHOOK).encode()
    headers = {"x-shopify-topic": "orders/create", "content-type": "application/json"}
    arrival = Arrival(headers, raw, wiring.clock())
    known = wiring.reference.channels()[channel]
    message_id = keep_message(known, arrival, source="webhook", given="example", desk=wiring.reception)
    reference = Reference(channel, span(arrival.at), message_id)
    process_messages([Message(BY, order_of([reference]))], desk=wiring.messages)
    return message_id


def doubt(wiring: Wiring) -> None:
    """An exception of a position that adds up by now: its correction moves nothing, and ends it."""
    finding = Finding(
        kind="drift",
        sku=examples.STOCKED,
        location=examples.LOCATION,
        reason="balance_differs",
        what="the movements did not add up to the balance",
        version=1,
    )
    open_exception(finding, by=BY, store=wiring.exceptions, now=wiring.clock())


def _submit(body: dict[str, Any], wiring: Wiring) -> bool:
    new = NewOrder.model_validate(body)
    claim = Claim(scope_of(BY, "POST", "/v1/orders", new.external_order_id), BY)
    return not submit_order(new, claim=claim, by=BY, desk=wiring.intake).replayed


def _fulfill(wiring: Wiring, steps: Iterable[Step]) -> None:
    """EXAMPLE-1 from confirmed to released."""
    failed = allocate_orders(
        [(BY, {"facts": [_confirmed()]})],
        orders=wiring.orders,
        stock=wiring.stock,
        reservations=wiring.reservations,
        sourcing=wiring.sourcing(),
        fairness=wiring.reference.fairness(),
        waiting=wiring.waiting_desk,
        now=wiring.clock(),
    )
    for error in failed.values():
        raise error
    ids = {"order_id": examples.ORDER_ID, "fulfillment_order_id": examples.FULFILLMENT_ORDER_ID}
    document: dict[str, Any] = {**ids, "attempt": 1}
    rewire(wiring)
    try:
        for step in steps:
            document = step(document, None)
    finally:
        rewire(None)
    if examples.SHIPMENT_ID not in document["parcel_ids"]:
        raise ExampleError(f"{examples.RELEASED} went out as {document['parcel_ids']}: {document['outcome']}")


def _confirmed() -> dict[str, Any]:
    """The fact that the transaction of intake wrote, as the allocation queue gets it."""
    order_id = examples.ORDER_ID
    return {
        "id": f"{order_id}.1.0",
        "type": "OrderConfirmed",
        "version": 1,
        "source": "baton.orders",
        "subject": order_id,
        "order_id": order_id,
        "sequence": 1,
        "time": "2026-11-23T09:00:00.000Z",
        "data": {"order_id": order_id, "attempt": 1},
    }


def _order(external_id: str, **changes: Any) -> dict[str, Any]:
    """Each has a buyer of its own: the same order twice by one buyer is held as a possible duplicate."""
    buyer = {**examples.BUYER, "email": f"{external_id.lower()}@example.com"}
    return {**examples.NEW_ORDER, "external_order_id": external_id, "customer": buyer, **changes}
