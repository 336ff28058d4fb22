"""The log of what channels sent: what became of each message, and another try for what was parked."""

from oms.entry import examples
from oms.entry.api import Answer, Api, Request, parse_query
from oms.intake.messages import service
from oms.intake.messages.model import (
    MessagePage,
    MessageQuery,
    MessageReceived,
    MessageView,
    Replayed,
    ReplayOrder,
)
from oms.wiring import wire

api = Api("channels")
_READERS = {"operator", "auditor", "channel"}


@api.route(
    "GET",
    "/v1/channels/{channel}/messages",
    summary="List the messages of a channel and day: what each came to, or why it is parked",
    scope="orders:read",
    roles=_READERS,
    own="channel",
    query=MessageQuery,
    answers={200: MessagePage},
    problems=("malformed", "bad_cursor", "unknown_channel"),
    example={"path": {"channel": "shopify_eu"}, "query": {"status": "parked"}},
)
def list_messages(request: Request) -> Answer:
    query = parse_query(MessageQuery, request.query)
    page = service.list_messages(request.path["channel"], query, wire().message_care, wire().cursor_seal)
    return Answer(200, page)


@api.route(
    "GET",
    "/v1/channels/{channel}/messages/{message_id}",
    summary="Read what became of one message",
    scope="orders:read",
    roles=_READERS,
    own="channel",
    answers={200: MessageView},
    problems=("unknown_channel",),
    example={"path": {"channel": "shopify_eu", "message_id": examples.PARKED_MESSAGE_ID}},
)
def read_message(request: Request) -> Answer:
    return Answer(200, service.read_message(request.path["channel"], request.path["message_id"], wire().message_care))


@api.route(
    "POST",
    "/v1/channels/{channel}/messages/{message_id}/replay",
    summary="Try a parked message again",
    scope="orders:write",
    roles={"operator"},
    own="channel",
    answers={202: MessageReceived},
    problems=("unknown_channel", "wrong_state"),
    example={"path": {"channel": "shopify_eu", "message_id": examples.PARKED_MESSAGE_ID}},
)
def replay_message(request: Request) -> Answer:
    done = service.replay_message(request.path["channel"], request.path["message_id"], wire().message_care)
    return Answer(202, done)


@api.route(
    "POST",
    "/v1/channels/{channel}/messages/replay",
    summary="Try all parked messages of a day again, or those parked for one reason",
    scope="orders:write",
    roles={"operator"},
    own="channel",
    body=ReplayOrder,
    answers={202: Replayed},
    problems=("unknown_channel", "bad_cursor", "invalid", "malformed_json", "too_large"),
    example={"path": {"channel": "shopify_eu"}, "body": {"reason": "unknown_sku"}},
)
def replay_messages(request: Request) -> Answer:
    order = request.body(ReplayOrder)
    return Answer(202, service.replay_parked(request.path["channel"], order, wire().message_care, wire().cursor_seal))


handler = api.handler
