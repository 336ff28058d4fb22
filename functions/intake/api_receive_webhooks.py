"""POST /v1/channels/{channel}/webhooks: what a shop or marketplace sends, signed with the channel's secret."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request, parse_query
from oms.intake.messages import receiving
from oms.intake.messages.model import ChallengeAnswer, ChallengeQuery, MessageReceived
from oms.intake.model import WebhookIgnored
from oms.intake.notices import Arrival
from oms.wiring import wire

api = Api("channels")


@api.route(
    "POST",
    "/v1/channels/{channel}/webhooks",
    summary="Receive a signed message of a channel; it is safe with us before the answer, and worked off after it",
    scope=None,
    roles={"channel"},
    own="signature",
    answers={202: MessageReceived, 200: WebhookIgnored},
    headers={
        "X-Shopify-Topic": "Shopify channels: what the message is about.",
        "X-Shopify-Hmac-Sha256": "Shopify channels: base64(HMAC-SHA256(raw body, channel secret)). "
        "The example is signed with the secret of the local cloud, over the body as `JSON.stringify(body, null, 2)`.",
    },
    problems=("malformed_json", "malformed", "bad_signature", "unknown_channel", "too_large"),
    example={
        "path": {"channel": "shopify_eu"},
        "headers": {"X-Shopify-Topic": "orders/create", "X-Shopify-Hmac-Sha256": examples.WEBHOOK_SIGNATURE},
        "body": examples.WEBHOOK,
    },
)
def receive_webhook(request: Request) -> Answer:
    wiring = wire()
    arrival = Arrival(request.headers, request.raw, wiring.clock(), request.method, request.raw_path, request.raw_query)
    said = receiving.receive_webhook(request.path["channel"], arrival, wiring.reception)
    return Answer(200 if isinstance(said, WebhookIgnored) else 202, said)


@api.route(
    "GET",
    "/v1/channels/{channel}/webhooks",
    summary="Answer the question by which a sender makes sure of the endpoint before it sends anything",
    scope=None,
    roles={"channel"},
    own="signature",
    query=ChallengeQuery,
    answers={200: ChallengeAnswer},
    problems=("malformed", "unknown_channel", "bad_signature", "credentials_missing"),
    example={"path": {"channel": "ebay_de"}, "query": {"challenge_code": "71745723-d031-455c-bfa5-f90d11b4f20a"}},
)
def answer_challenge(request: Request) -> Answer:
    code = parse_query(ChallengeQuery, request.query).challenge_code
    said = receiving.answer_challenge(request.path["channel"], code, wire().reception)
    return Answer(200, ChallengeAnswer(challengeResponse=said))


handler = api.handler
