"""The local cloud as a client sees it: addresses, tokens, and a company that is there."""

import pytest

from infra.local import company
from infra.local.tokens import UnknownRoleError
from tests.cloud import Cloud


def test_the_outputs_are_all_that_a_client_needs(cloud: Cloud) -> None:
    assert {
        "ApiUrl",
        "DocsUrl",
        "EndpointUrl",
        "Region",
        "BusName",
        "UserPoolId",
        "OrdersTable",
    } <= cloud.outputs.keys()
    assert set(cloud.outputs["channels"]) == set(company.SIGNED_CHANNELS)
    assert (cloud.home.outputs.stat().st_mode & 0o077) == 0


def test_a_token_carries_its_role_and_nothing_more(cloud: Cloud) -> None:
    stock = f"/v1/stock/{company.SKUS[0]}"

    assert cloud.api("GET", stock).status == 401
    assert cloud.api("GET", stock, token=cloud.token("operator")).status == 200
    assert cloud.api("GET", "/v1/purchase-proposals", token=cloud.token("warehouse")).status == 403
    with pytest.raises(UnknownRoleError, match="auditor"):
        cloud.token("nobody")


def test_the_reorder_scan_has_something_to_find(cloud: Cloud) -> None:
    inventory = cloud.client("dynamodb").scan(TableName=cloud.outputs["InventoryTable"], IndexName="reorder")

    assert inventory["Count"] == len(company.LOW)
