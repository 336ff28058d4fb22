"""What is to come in: announced, moved, received."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request
from oms.entry.conditions import if_match
from oms.inventory.supply import service
from oms.inventory.supply.model import PutSupply, ReceiveSupply, SupplyView
from oms.inventory.supply.service import tag_of
from oms.wiring import wire

api = Api("stock")
_BODY = ("malformed", "malformed_json", "invalid", "too_large", "conflict")
_WRITERS = {"operator", "procurement"}


def _answer(view: SupplyView) -> Answer:
    return Answer(200, view, {"etag": tag_of(view.version)})


@api.route(
    "GET",
    "/v1/supplies/{supply_id}",
    summary="Read a line that is to come in, with the date from which its units can be promised",
    scope="procurement:read",
    roles={"operator", "procurement", "auditor"},
    own="company",
    answers={200: SupplyView},
    problems=("not_found",),
    example={"path": {"supply_id": examples.SUPPLY}},
)
def read_supply(request: Request) -> Answer:
    return _answer(service.read_supply(request.path["supply_id"], desk=wire().supply_desk))


@api.route(
    "PUT",
    "/v1/supplies/{supply_id}",
    summary="Announce a line that is to come in, or say what is new of it",
    scope="procurement:write",
    roles=_WRITERS,
    own="company",
    body=PutSupply,
    headers={"If-Match": "The ETag of the supply as you have read it, or `*`; not for a new one"},
    answers={200: SupplyView},
    problems=(*_BODY, "stale", "if_match_needed"),
    example={"path": {"supply_id": examples.NEW_SUPPLY}, "body": examples.SUPPLY_LINE},
)
def put_supply(request: Request) -> Answer:
    view = service.put_supply(
        request.path["supply_id"],
        request.body(PutSupply),
        if_match=if_match(request),
        by=f"user:{request.principal.subject}",
        desk=wire().supply_desk,
    )
    return _answer(view)


@api.route(
    "POST",
    "/v1/supplies/{supply_id}/receipts",
    summary="Book goods of a line in, all or a part; a receipt counts once",
    scope="procurement:write",
    roles=_WRITERS,
    own="company",
    body=ReceiveSupply,
    answers={200: SupplyView},
    problems=(*_BODY, "not_found", "wrong_state", "id_reused", "lot_needed", "serials_needed", "serial_elsewhere"),
    example={"path": {"supply_id": examples.SUPPLY}, "body": examples.RECEIPT},
)
def receive_supply(request: Request) -> Answer:
    receipt = request.body(ReceiveSupply)
    by = f"user:{request.principal.subject}"
    return _answer(service.receive_supply(request.path["supply_id"], receipt, by=by, desk=wire().supply_desk))


handler = api.handler
