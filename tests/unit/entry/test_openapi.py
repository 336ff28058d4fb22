"""The published description is what the code does."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, ConfigDict, Field

from oms.entry.api import Answer, Api, Request
from oms.entry.openapi import document, problem_codes
from oms.entry.problems import PROBLEMS

ROOT = Path(__file__).parents[3]


def _load_export() -> ModuleType:
    spec = importlib.util.spec_from_file_location("events_export", ROOT / "events/export.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


export = _load_export()


class Ask(BaseModel):
    """A question."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(max_length=10)]
    why: str | None = None


class Said(BaseModel):
    """An answer."""

    text: str
    note: str | None
    ask: Ask


class Search(BaseModel):
    """Filters."""

    limit: Annotated[int, Field(ge=1)] = 5
    word: str | None = None


def described() -> dict[str, Any]:
    api = Api("talk")

    @api.route(
        "POST",
        "/v1/asks/{ask_id}",
        summary="Ask",
        scope="talk:write",
        roles={"operator"},
        own="company",
        body=Ask,
        query=Search,
        headers={"Idempotency-Key": "makes it safe to repeat", "X-Other": "anything"},
        answers={201: Said},
        problems=("missing_idempotency_key", "wrong_state"),
        example={"path": {"ask_id": "a1"}, "query": {"limit": "7"}, "body": {"text": "hello"}},
    )
    def ask(_: Request) -> Answer:
        """Ask once."""
        return Answer(201)

    @api.route(
        "GET", "/v1/page", summary="Show", scope=None, roles={"anyone"}, own="public", answers={200: "text/html"}
    )
    def page(_: Request) -> Answer:
        return Answer(200)

    return document(api.routes.values(), version="1.2.3")


def test_the_document_is_valid_openapi_3_1() -> None:
    made: Any = described()
    OpenAPIV31SpecValidator(made).validate()
    assert (made["openapi"], made["info"]["version"]) == ("3.1.0", "1.2.3")


def test_an_operation_tells_its_parameters_its_body_and_its_scope() -> None:
    operation = described()["paths"]["/v1/asks/{ask_id}"]["post"]
    assert [(each["in"], each["name"], each["required"], each.get("example")) for each in operation["parameters"]] == [
        ("path", "ask_id", True, "a1"),
        ("query", "limit", False, 7),
        ("query", "word", False, None),
        ("header", "Idempotency-Key", True, None),
        ("header", "X-Other", False, None),
    ]
    assert operation["parameters"][1]["schema"] == {"default": 5, "minimum": 1, "type": "integer"}
    assert operation["parameters"][2]["schema"] == {"type": "string"}
    assert operation["requestBody"]["content"]["application/json"]["example"] == {"text": "hello"}
    assert operation["security"] == [{"token": ["talk:write"]}]
    assert (operation["x-roles"], operation["x-own"]) == (["operator"], "company")
    assert (operation["operationId"], operation["description"]) == ("ask", "Ask once.")


def test_every_status_lists_its_codes() -> None:
    responses = described()["paths"]["/v1/asks/{ask_id}"]["post"]["responses"]
    codes = {
        status: answer["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"]
        for status, answer in responses.items()
        if status != "201"
    }
    assert codes == {
        "400": ["malformed", "malformed_json", "missing_idempotency_key"],
        "401": ["unauthorized"],
        "403": ["forbidden"],
        "404": ["not_found"],
        "409": ["conflict", "wrong_state"],
        "413": ["too_large"],
        "422": ["card_number", "invalid"],
        "429": ["rate_limited"],
        "500": ["internal"],
        "503": ["unavailable"],
    }
    assert set(responses["503"]["headers"]) == {"Retry-After"}


def test_an_answer_does_not_require_what_it_may_leave_out() -> None:
    made = described()
    assert made["components"]["schemas"]["Said"]["required"] == ["text", "ask"]
    assert list(made["paths"]["/v1/page"]["get"]["responses"]["200"]["content"]) == ["text/html"]
    assert made["paths"]["/v1/page"]["get"]["security"] == []


def test_our_own_document_is_valid_and_each_operation_has_its_own_name() -> None:
    made = json.loads(export.pages()["openapi.json"])
    OpenAPIV31SpecValidator(made).validate()
    names = [operation["operationId"] for path in made["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("route", export.routes(), ids=lambda route: route.key)
def test_every_code_of_an_operation_is_documented(route: Any) -> None:
    assert problem_codes(route) <= set(PROBLEMS)


def test_everything_under_events_is_current_and_every_sample_fits() -> None:
    assert export.main(["--check"]) == 0


def test_every_fact_has_a_schema_that_its_own_envelope_fits() -> None:
    schema = export.fact_schema(export.fact_types()["OrderCompleted"])
    assert schema["properties"]["type"] == {"const": "OrderCompleted"}
    assert schema["properties"]["source"] == {"const": "baton.orders"}
    assert schema["properties"]["data"]["required"] == ["order_id", "delivered_units", "on_time"]
