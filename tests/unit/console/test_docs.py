"""The documentation page works alone and under a strict policy."""

import base64
import hashlib
import json
import re

from functions.console.api_show_docs import handler
from tests.lambda_events import api_event

HOST = {"host": "api.example", "x-forwarded-proto": "https"}


def test_the_document_names_the_address_it_was_asked_at() -> None:
    answer = handler(api_event("GET /v1/openapi.json", headers=HOST, scope=None), None)
    document = json.loads(answer["body"])
    assert (answer["statusCode"], document["servers"]) == (200, [{"url": "https://api.example"}])
    assert "/v1/orders" in document["paths"]


def test_the_local_cloud_is_reached_without_tls() -> None:
    event = api_event("GET /v1/openapi.json", headers={"host": "abc.execute-api.localhost:4566"}, scope=None)
    servers = json.loads(handler(event, None)["body"])["servers"]
    assert servers == [{"url": "http://abc.execute-api.localhost:4566"}]


def test_the_page_runs_exactly_the_scripts_that_its_policy_names() -> None:
    answer = handler(api_event("GET /docs", headers=HOST, scope=None), None)
    html, policy = answer["body"], answer["headers"]["content-security-policy"]
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert len(hashes) == 2
    assert "unsafe" not in policy.partition("script-src")[2].partition(";")[0]
    assert policy.startswith("default-src 'none';")
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=.https?:", html)


def test_a_hostile_host_cannot_leave_the_script() -> None:
    evil = {"host": "x</script><script>alert(1)</script>"}
    answer = handler(api_event("GET /docs", headers=evil, scope=None), None)
    assert "<script>alert" not in answer["body"]
    assert len(answer["body"]) < 5_000_000
