"""The link to a packing list, over its handler, on a real bucket."""

import json
from typing import Any

from functions.fulfillment.api_get_packing_list import handler
from oms.aws import clients
from oms.wiring import Wiring
from tests.fulfillment_store import seed
from tests.lambda_events import api_event

ROUTE = "GET /v1/shipments/{shipment_id}/packing-list"


def ask(shipment_id: str, **caller: Any) -> tuple[int, dict[str, Any]]:
    answer = handler(api_event(ROUTE, path={"shipment_id": shipment_id}, **caller), None)
    return answer["statusCode"], json.loads(answer["body"])


def test_a_written_packing_list_is_linked_for_five_minutes(cloud_on_moto: Wiring) -> None:
    seed(cloud_on_moto)
    cloud_on_moto.documents.write_packing_list("shp_ord_1_a", b"%PDF-1.7")
    status, body = ask("shp_ord_1_a")
    assert status == 200
    assert "shp_ord_1_a.pdf" in body["url"]
    assert body["expires_at"].endswith("Z")


def test_a_packing_list_that_is_not_written_yet_is_a_matter_of_state(cloud_on_moto: Wiring) -> None:
    seed(cloud_on_moto)
    status, body = ask("shp_ord_1_a")
    assert (status, body["code"]) == (409, "wrong_state")


def test_a_shipment_that_nobody_knows_is_not_found(cloud_on_moto: Wiring) -> None:
    status, body = ask("shp_none")
    assert (status, body["code"]) == (404, "not_found")
    assert clients.s3().list_objects_v2(Bucket=cloud_on_moto.setting("DOCUMENTS_BUCKET"))["KeyCount"] == 0


def test_without_the_role_or_the_scope_there_is_no_link(cloud_on_moto: Wiring) -> None:
    seed(cloud_on_moto)
    assert ask("shp_ord_1_a", roles=["sales"])[0] == 403
    assert ask("shp_ord_1_a", scope="baton/fulfillment:write", client="wms-ber-1")[0] == 403
