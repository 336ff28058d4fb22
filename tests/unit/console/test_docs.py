"""The documentation page works alone and under a strict policy."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator

import pytest

from functions.console.api_show_docs import handler
from oms.wiring import Wiring, rewire
from tests.lambda_events import api_event

FORGED = {"host": "evil.example", "x-forwarded-proto": "gopher", "x-forwarded-host": "evil.example"}
GATEWAY = {"domainName": "abc.execute-api.localhost", "apiId": "abc", "stage": "$default"}


def _servers() -> list[dict[str, str]]:
    event = api_event("GET /v1/openapi.json", headers=FORGED, scope=None)
    event["requestContext"] |= GATEWAY
    answer = handler(event, None)
    assert answer["statusCode"] == 200
    document = json.loads(answer["body"])
    assert "/v1/orders" in document["paths"]
    servers: list[dict[str, str]] = document["servers"]
    return servers


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    rewire(Wiring({}))
    yield
    rewire(None)


def test_the_document_names_the_address_that_the_gateway_says_whatever_the_caller_claims() -> None:
    assert _servers() == [{"url": "https://abc.execute-api.localhost"}]


def test_on_the_local_cloud_a_path_of_its_address_leads_to_the_api() -> None:
    rewire(Wiring({"STAGE": "local", "AWS_ENDPOINT_URL": "http://127.0.0.1:4567"}))
    assert _servers() == [{"url": "http://127.0.0.1:4567/_aws/execute-api/abc/%24default"}]


def test_a_deployed_function_names_no_address_of_a_service_it_calls_and_its_stage_by_path() -> None:
    wiring = Wiring({"STAGE": "prod", "AWS_ENDPOINT_URL": "https://vpce.example"})
    assert wiring.address_of(GATEWAY) == "https://abc.execute-api.localhost"
    assert wiring.address_of({**GATEWAY, "stage": "blue"}) == "https://abc.execute-api.localhost/blue"


def test_the_page_runs_exactly_the_scripts_that_its_policy_names() -> None:
    answer = handler(api_event("GET /docs", headers=FORGED, scope=None), None)
    html, policy = answer["body"], answer["headers"]["content-security-policy"]
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert len(hashes) == 2
    assert "unsafe" not in policy.partition("script-src")[2].partition(";")[0]
    assert policy.startswith("default-src 'none';")
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=.https?:", html)


def test_a_hostile_host_cannot_leave_the_script() -> None:
    event = api_event("GET /docs", scope=None)
    event["requestContext"] |= {"domainName": "x</script><script>alert(1)</script>"}
    answer = handler(event, None)
    assert "<script>alert" not in answer["body"]
    assert len(answer["body"]) < 5_000_000
