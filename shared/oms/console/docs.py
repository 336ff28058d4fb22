"""The documentation page: Swagger UI with the OpenAPI document inside, from our own origin, under a strict policy.

Nothing is fetched from elsewhere and no inline script runs but the two whose hash the policy names.
"""

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from oms.kernel.json import write_json

_UI = "aws_lambda_powertools.event_handler.openapi.swagger_ui"
_DOCUMENT = Path(__file__).parents[2] / "events" / "openapi.json"  # beside `oms` in the asset
_IN_REPOSITORY = Path(__file__).parents[3] / "events" / "openapi.json"


class Page(NamedTuple):
    """HTML with the Content-Security-Policy under which it works."""

    html: str
    policy: str


def openapi(base_url: str) -> dict[str, Any]:
    """The OpenAPI document, with the address under which the caller reached us as its server."""
    return {**_document(), "servers": [{"url": base_url}]}


def docs_page(base_url: str) -> Page:
    """The page; the document is inside, so opening it is one request."""
    script, style = _assets()
    start = _START.replace("__SPEC__", _in_script(write_json(openapi(base_url))))
    html = _HTML.format(script=script, style=style + _STYLE, start=start)
    hashes = " ".join(_hash(text) for text in (script, start))
    # Swagger UI sets style attributes; a style can show nothing that img-src and font-src do not allow.
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    return Page(html, policy)


@cache
def _document() -> dict[str, Any]:
    path = _DOCUMENT if _DOCUMENT.exists() else _IN_REPOSITORY
    document: dict[str, Any] = json.loads(path.read_text())
    return document


@cache
def _assets() -> tuple[str, str]:
    folder = files(_UI)
    script = folder.joinpath("swagger-ui-bundle.min.js").read_text(encoding="utf-8")
    return script, folder.joinpath("swagger-ui.min.css").read_text(encoding="utf-8")


def _in_script(text: str) -> str:
    """JSON that cannot end the script element or break a line of it."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


_STYLE = "body{margin:0}.swagger-ui .info{margin:30px 0}"
_START = (
    'SwaggerUIBundle({dom_id:"#page",spec:__SPEC__,deepLinking:true,filter:true,docExpansion:"list",'
    'defaultModelsExpandDepth:0,validatorUrl:null,tryItOutEnabled:true,layout:"BaseLayout"});'
)
_HTML = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1">'
    '<title>Baton API</title><link rel="icon" href="data:,"><style>{style}</style></head>'
    '<body><main id="page"></main><script>{script}</script><script>{start}</script></body></html>'
)
