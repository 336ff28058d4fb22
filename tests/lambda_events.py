"""Lambda events as AWS makes them, for tests that call handlers in-process."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote_plus


def api_event(
    route_key: str,
    *,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    raw: bytes | None = None,
    roles: Iterable[str] = ("operator",),
    channels: Iterable[str] = (),
    locations: Iterable[str] = (),
    scope: str | None = "",
    client: str = "tester",
) -> dict[str, Any]:
    """An HTTP API event, payload version 2.0, of a person with these roles, who is bound to these objects if any.

    `scope` None: no token; a text: the token of the machine `client` with these scopes.
    """
    sent = raw if raw is not None else (json.dumps(body).encode() if body is not None else b"")
    groups = [*roles, *(f"channel.{name}" for name in channels), *(f"location.{name}" for name in locations)]
    who = {"client_id": client} if scope else {"username": client, "cognito:groups": f"[{' '.join(groups)}]"}
    claims = {"sub": client, "token_use": "access", "exp": str(int(time.time()) + 3600), **who}
    if scope:
        claims["scope"] = scope
    return {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": route_key.split(" ")[1],
        "headers": dict(headers or {}),
        "pathParameters": dict(path or {}),
        "queryStringParameters": dict(query or {}),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "http": {"method": route_key.split(" ", maxsplit=1)[0]},
            "domainName": "api.test",
            "stage": "$default",
            **({"authorizer": {"jwt": {"claims": claims}}} if scope is not None else {}),
        },
        "body": base64.b64encode(sent).decode() if sent else None,
        "isBase64Encoded": bool(sent),
    }


def shopify_event(channel: str, order: Mapping[str, Any], secret: str, topic: str = "orders/create") -> dict[str, Any]:
    """A signed Shopify delivery."""
    raw = json.dumps(order).encode()
    signature = base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest()).decode()
    return api_event(
        "POST /v1/channels/{channel}/webhooks",
        path={"channel": channel},
        headers={
            "x-shopify-topic": topic,
            "x-shopify-hmac-sha256": signature,
            "x-shopify-webhook-id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{channel} {topic} {signature}")),
            "x-shopify-shop-domain": "example.myshopify.com",
        },
        raw=raw,
        scope=None,
    )


def sqs_event(bodies: Iterable[Any], *, receives: int = 1) -> dict[str, Any]:
    """A batch of SQS messages, delivered for the `receives`th time; a body is written as JSON."""
    return {
        "Records": [
            {
                "messageId": f"m{place}",
                "body": json.dumps(body),
                "eventSource": "aws:sqs",
                "attributes": {"ApproximateReceiveCount": str(receives)},
            }
            for place, body in enumerate(bodies)
        ]
    }


def bucket_event(key: str) -> dict[str, Any]:
    """What S3 tells a queue of a new object."""
    return {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": "baton-archive"}, "object": {"key": quote_plus(key, safe="/"), "size": 1}},
            }
        ]
    }
