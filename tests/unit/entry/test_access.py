"""Who a token makes of its bearer, and what an operation must say before it can be imported."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from oms.entry.access import OWN, check_access
from oms.entry.api import Answer, Api, Request
from oms.entry.principal import ROLES, Principal, principal_of
from oms.kernel.errors import ForbiddenError, NotFoundError, UnauthorizedError
from oms.reference.model import Client

NOW = 1_800_000_000
GOOD: Mapping[str, Any] = {
    "sub": "user-1",
    "username": "user-1",
    "token_use": "access",
    "exp": str(NOW + 60),
    "cognito:groups": "[operator]",
}
CLIENTS = {
    "erp": Client(name="ERP", roles=frozenset({"finance"})),
    "shop": Client(name="Shop", roles=frozenset({"channel"}), channels=frozenset({"shop"})),
    "lost": Client(name="Lost", roles=frozenset({"channel"})),
    "off": Client(name="Off", roles=frozenset({"operator"}), active=False),
}


def principal(**claims: Any) -> Principal:
    kept = {name: value for name, value in {**GOOD, **claims}.items() if value is not None}
    event = {"requestContext": {"authorizer": {"jwt": {"claims": kept}}}}
    return principal_of(event, now_s=NOW, client_of=CLIENTS.get)


def machine(client_id: str, scope: str = "baton/orders:read") -> Principal:
    return principal(**{"cognito:groups": None, "username": None, "sub": client_id}, client_id=client_id, scope=scope)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": None},
        {"token_use": "id"},
        {"token_use": None},
        {"exp": None},
        {"exp": str(NOW)},
        {"exp": str(NOW - 1)},
        {"exp": "never"},
        {"exp": "-1"},
        {"exp": "1e400"},
        {"exp": "²"},
        {"exp": "9" * 5_000},
    ],
)
def test_a_token_that_does_not_say_enough_is_no_token(claims: dict[str, Any]) -> None:
    with pytest.raises(UnauthorizedError):
        principal(**claims)


def test_no_claims_at_all_is_nobody() -> None:
    events: list[dict[str, Any]] = [{}, {"requestContext": {}}, {"requestContext": {"authorizer": {}}}]
    for event in events:
        with pytest.raises(UnauthorizedError):
            principal_of(event, now_s=NOW, client_of=CLIENTS.get)


@pytest.mark.parametrize("claim", ["[operator sales]", "[operator, sales]", ["operator", "sales"]])
def test_groups_are_roles_however_the_gateway_hands_them_over(claim: Any) -> None:
    assert principal(**{"cognito:groups": claim}).roles == {"operator", "sales"}


def test_a_group_that_is_no_role_gives_nothing() -> None:
    nobody = principal(**{"cognito:groups": "[admin customer anyone root location.ber-1]"})
    assert nobody.roles == frozenset()
    for role in ROLES:
        with pytest.raises(ForbiddenError):
            nobody.require([role], "orders:read")


@pytest.mark.parametrize(
    ("groups", "channels", "locations"),
    [
        ("operator", None, None),
        ("operator location.ber-1", None, {"ber-1"}),
        ("sales channel.shop channel.desk", {"shop", "desk"}, None),
        ("warehouse", None, set()),
        ("warehouse location.ber-1", None, {"ber-1"}),
        ("channel", set(), None),
        ("channel channel.shop", {"shop"}, None),
        ("warehouse channel", set(), set()),
        ("operator warehouse", None, None),
        ("", set(), set()),
    ],
)
def test_objects_bind_and_who_is_bound_by_nature_has_none_until_they_are_named(
    groups: str, channels: set[str] | None, locations: set[str] | None
) -> None:
    caller = principal(**{"cognito:groups": f"[{groups}]"})
    assert (caller.channels, caller.locations) == (channels, locations)


def test_a_machine_is_what_its_setting_says_narrowed_by_its_scopes() -> None:
    erp = machine("erp")
    assert (erp.roles, erp.scopes) == (frozenset({"finance"}), frozenset({"orders:read"}))
    assert erp.unbound
    erp.require({"finance"}, "orders:read")
    with pytest.raises(ForbiddenError, match="orders:write"):
        erp.require({"finance"}, "orders:write")
    assert machine("shop").channels == frozenset({"shop"})
    assert machine("lost").channels == frozenset()


def test_a_machine_that_is_unknown_or_switched_off_has_no_role() -> None:
    for client_id in ("stranger", "off"):
        caller = machine(client_id, "baton/orders:read baton/orders:write")
        assert (caller.roles, caller.channels) == (frozenset(), frozenset())


def test_scopes_of_others_are_not_ours() -> None:
    assert machine("erp", "orders:read other/orders:write aws.cognito.signin.user.admin").scopes == frozenset()


class Ask(BaseModel):
    """A body that names its channel."""

    channel: str


class Plain(BaseModel):
    """A body that does not."""

    text: str


def declare(**said: Any) -> None:
    fields = {"path": "/v1/orders/{order_id}", "scope": "orders:read", "roles": {"operator"}, "own": "order", **said}
    path = fields.pop("path")
    Api("t").route("GET", path, summary="Read", answers={200: "text/plain"}, **fields)(lambda _: Answer(200))


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"roles": frozenset()}, "declare roles="),
        ({"own": ""}, "declare own="),
        ({"own": "mine"}, "declare own="),
        ({"roles": {"boss"}}, "there are no roles boss"),
        ({"roles": {"customer"}}, "there are no roles customer"),
        ({"own": "public"}, "does not go with scope='orders:read'"),
        ({"scope": None}, "does not go with scope=None"),
        ({"scope": None, "own": "link"}, r"is for roles=\{'customer'\}"),
        ({"own": "shipment"}, r"needs \{shipment_id\}"),
        ({"own": "channel"}, r"needs \{channel\}"),
        ({"own": "channel", "body": Plain}, r"needs \{channel\}"),
        ({"own": "company", "roles": {"operator", "warehouse"}}, "the role warehouse may only"),
        ({"own": "company", "roles": {"channel"}}, "the role channel may only"),
        ({"own": "locations", "roles": {"channel"}}, "the role channel may only"),
        ({"own": "channels", "roles": {"warehouse"}}, "the role warehouse may only"),
    ],
)
def test_an_operation_that_does_not_say_who_may_call_it_cannot_be_imported(said: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why) as error:
        declare(**said)
    assert "GET /v1/orders/{order_id}" in str(error.value)


def test_an_operation_that_says_all_of_it_can() -> None:
    declare()
    declare(own="channel", body=Ask)
    declare(own="orders", path="/v1/orders", roles={"warehouse", "channel", "auditor"})


def _route(**said: Any) -> Any:
    api = Api("t")
    fields = {"scope": "orders:read", "roles": {"operator", "channel"}, "own": "channel", **said}
    api.route("GET", "/v1/channels/{channel}", summary="Read", answers={200: "text/plain"}, **fields)(
        lambda _: Answer(200)
    )
    return api.routes["GET /v1/channels/{channel}"]


def test_a_channel_sees_itself_and_of_others_not_even_that_they_are_there() -> None:
    shop = Principal("s", frozenset({"channel"}), channels=frozenset({"shop"}), locations=None, scopes=None)
    check_access(_route(), shop, {"channel": "shop"})
    seen = set()
    for foreign in ("desk", "nowhere"):
        with pytest.raises(NotFoundError) as error:
            check_access(_route(), shop, {"channel": foreign})
        seen.add((error.value.code, str(error.value), error.value.faults))
    assert seen == {("unknown_channel", "there is no such channel", ())}


@given(
    roles=st.frozensets(st.sampled_from(ROLES)),
    scopes=st.none() | st.frozensets(st.sampled_from(["orders:read", "orders:write"])),
    channels=st.none() | st.frozensets(st.sampled_from(["shop", "desk"])),
    wanted=st.frozensets(st.sampled_from(["operator", "channel"]), min_size=1),
)
def test_nobody_passes_without_a_role_a_scope_and_the_object(
    roles: frozenset[str], scopes: frozenset[str] | None, channels: frozenset[str] | None, wanted: frozenset[str]
) -> None:
    caller = Principal("x", roles, channels=channels, locations=None, scopes=scopes)
    may = bool(roles & wanted) and (scopes is None or "orders:read" in scopes)
    mine = channels is None or "shop" in channels
    expected: type[Exception] | None = None if may and mine else NotFoundError if may else ForbiddenError
    with pytest.raises(expected) if expected else nullcontext():
        check_access(_route(roles=wanted), caller, {"channel": "shop"})


def test_a_body_may_only_name_a_channel_of_the_caller() -> None:
    shop = Principal("s", frozenset({"channel"}), channels=frozenset({"shop"}), locations=None, scopes=None)

    def request(channel: str) -> Request:
        raw = b'{"channel": "%s"}' % channel.encode()
        return Request("POST", {}, {}, {}, raw, shop, "r", own="channel")

    assert request("shop").body(Ask).channel == "shop"
    with pytest.raises(NotFoundError) as error:
        request("desk").body(Ask)
    assert error.value.code == "unknown_channel"


def test_every_kind_of_ownership_is_explained() -> None:
    import oms.entry.access as module  # noqa: PLC0415  for its docstring

    assert [own for own in OWN if f"`{own}`" not in (module.__doc__ or "")] == []
