"""The API's own description: for machines, and as a page for people."""

from oms.console.docs import docs_page, openapi
from oms.entry.api import Answer, Api, Request
from oms.kernel.json import write_json

api = Api("console")


@api.route(
    "GET",
    "/v1/openapi.json",
    summary="The OpenAPI document",
    scope=None,
    roles={"anyone"},
    own="public",
    answers={200: "application/json"},
)
def show_openapi(request: Request) -> Answer:
    return Answer(200, write_json(openapi(request.base_url)), {"access-control-allow-origin": "*"})


@api.route(
    "GET",
    "/docs",
    summary="The documentation page",
    scope=None,
    roles={"anyone"},
    own="public",
    answers={200: "text/html"},
)
def show_docs(request: Request) -> Answer:
    page = docs_page(request.base_url)
    headers = {"content-security-policy": page.policy, "referrer-policy": "no-referrer"}
    return Answer(200, page.html, headers, "text/html; charset=utf-8")


handler = api.handler
