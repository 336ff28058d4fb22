"""Sourcing strategies over the API: drafted under a tag, published once, kept as they were, and obeyed."""

from typing import Any

import pytest

from functions.allocation.api_explain_orders import handler as explain
from functions.allocation.api_manage_strategies import handler as manage
from functions.allocation.queue_allocate_orders import handler as allocate
from oms.allocation.sourcing.strategy import Strategy
from oms.kernel.errors import ConflictError
from oms.reference.editions import tag_of
from oms.reference.model import Channel
from oms.wiring import Wiring
from tests.allocation_scene import batch, clock, item_of, position, put_order, set_up
from tests.intake import body_of
from tests.lambda_events import api_event

NEAR = {"name": "near", "filters": {"max_km": 600}, "hard": ["distance"]}
DEAR = {"name": "dear", "weights": {"split_minor": 900}}


@pytest.fixture
def scene(cloud_on_moto: Wiring) -> Wiring:
    cloud_on_moto.clock = clock
    set_up(cloud_on_moto, position("A", "ber-1", 5), position("A", "lon-1", 50))
    for name in ("shopify_eu", "web"):
        channel = Channel(name=name, kind="canonical", currencies=frozenset({"EUR"}))
        cloud_on_moto.reference.put_setting("CHANNEL", name, channel)
    return cloud_on_moto


def call(method: str, what: str, name: str = "default", **more: Any) -> tuple[int, Any, str | None]:
    role, seen = more.pop("role", "operator"), more.pop("seen", None)
    parts = what.split("/")
    path = {"strategy": name, **({"version": parts[1]} if len(parts) > 1 else {})}
    route = f"{method} /v1/sourcing/strategies/{{strategy}}/{parts[0]}" + ("/{version}" if len(parts) > 1 else "")
    headers = {"If-Match": seen} if seen is not None else {}
    answer = manage(api_event(route, path=path, headers=headers, roles=(role,), **more), None)
    return answer["statusCode"], body_of(answer) if answer["body"] else None, answer["headers"].get("etag")


def draft(*rules: Any, name: str = "default", seen: str | None = None, **more: Any) -> tuple[int, Any, str | None]:
    return call("PUT", "draft", name, body={"rules": rules or (DEAR,), **more}, seen=seen)


def publish(name: str = "default", seen: str = "*") -> tuple[int, Any, str | None]:
    return call("POST", "publish", name, seen=seen)


def in_force(scene: Wiring) -> None:
    scene.reference._settings_until = 0.0  # a minute has passed


def record(order_id: str) -> Any:
    event = api_event("GET /v1/orders/{order_id}/decisions", path={"order_id": order_id}, roles=("operator",))
    return body_of(explain(event, None))["decisions"][-1]["record"]


def test_what_is_published_decides_and_the_record_names_its_version(scene: Wiring) -> None:
    allocate(batch(put_order(scene, "ord_1", {"A": 1})), None)
    assert (record("ord_1")["strategy"], record("ord_1")["version"]) == ("default", 0)
    draft(NEAR, note="only from around the corner")
    in_force(scene)
    allocate(batch(put_order(scene, "ord_2", {"A": 6})), None)
    assert record("ord_2")["waiting"] == {}
    status, view, _ = publish()
    assert (status, view["state"], view["version"], view["note"], view["by"]) == (
        200, "published", 1, "only from around the corner", "user:tester",
    )  # fmt: skip
    in_force(scene)
    allocate(batch(put_order(scene, "ord_3", {"A": 6})), None)
    found = record("ord_3")
    assert (found["strategy"], found["version"], found["rule"], found["waiting"]) == ("default", 1, "near", {"1": 2})
    assert [(row["location"], row["constraint"]) for row in found["excluded"]] == [("lon-1", "distance")]


def test_a_channels_own_strategy_takes_the_place_of_the_default_for_its_orders(scene: Wiring) -> None:
    draft(DEAR)
    publish()
    draft(NEAR | {"scope": {"order_class": "consumer"}}, name="web")
    publish("web")
    in_force(scene)
    orders = [
        put_order(scene, "ord_1", {"A": 1}, channel="web"),
        put_order(scene, "ord_2", {"A": 1}, channel="web", account_id="acc_1"),
        put_order(scene, "ord_3", {"A": 1}),
    ]
    allocate(batch(*orders), None)
    decided = [(record(order.id)["strategy"], record(order.id)["rule"]) for order in orders]
    assert decided == [("web", "near"), ("default", "dear"), ("default", "dear")]


@pytest.mark.usefixtures("scene")
def test_versions_are_kept_as_they_were_and_say_which_one_is_in_force() -> None:
    for note in ("one", "two", "three"):
        draft(DEAR, note=note)
        publish()
    status, page, _ = call("GET", "versions", query={"limit": "2"}, role="auditor")
    rows = [(row["version"], row["state"], row["note"]) for row in page["strategies"]]
    assert (status, rows, page.get("next_before")) == (200, [(3, "published", "three"), (2, "superseded", "two")], 2)
    _, rest, _ = call("GET", "versions", query={"before": "2"})
    assert [(row["version"], row["note"]) for row in rest["strategies"]] == [(1, "one")]
    assert "next_before" not in rest
    assert call("GET", "versions/2")[1]["note"] == "two"
    assert [call("GET", f"versions/{what}")[0] for what in ("4", "0", "x", "1" * 30)] == [404] * 4


@pytest.mark.usefixtures("scene")
def test_who_has_not_seen_the_draft_does_not_write_over_it_nor_publish_it() -> None:
    _, _, first = draft(DEAR)
    assert draft(NEAR)[1]["code"] == "if_match_needed"
    assert draft(NEAR, seen='"other"')[1]["code"] == "stale"
    status, _, second = draft(NEAR, seen=first)
    assert (status, second != first) == (200, True)
    assert draft(NEAR, seen=first)[0] == 200  # the same again, after a lost answer
    assert (publish(seen=first or "")[1]["code"], call("POST", "publish")[1]["code"]) == ("stale", "if_match_needed")
    assert call("GET", "draft")[1:] == (call("GET", "draft")[1], second)
    assert publish(seen=second or "")[1]["rules"][0]["name"] == "near"
    assert (publish()[0], call("GET", "draft")[0]) == (404, 404)


def test_two_who_publish_or_draft_at_once_do_not_both_win(scene: Wiring) -> None:
    draft(DEAR)
    desk = scene.strategy_desk
    seen = desk.strategies.draft("default")
    assert seen is not None
    edition = seen.model_copy(update={"version": 1})
    desk.strategies.publish(seen, edition)
    with pytest.raises(ConflictError):
        desk.strategies.publish(seen, edition)
    with pytest.raises(ConflictError):
        desk.strategies.save_draft(seen, over=tag_of(seen))
    desk.strategies.save_draft(seen, over="")
    status, problem, _ = publish()
    assert (status, problem["code"], desk.strategies.find("default")) == (409, "conflict", edition)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"weights": {"split_minor": "2"}}, "rules.0.weights.split_minor"),
        ({"weights": {"split_minor": -1}}, "rules.0.weights.split_minor"),
        ({"weights": {"splitting": 1}}, "rules.0.weights.splitting"),
        ({"split": {"mode": "some"}}, "rules.0.split.mode"),
        ({"soft": ["capacity"], "hard": ["capacity"]}, "rules.0.soft"),
        ({"hard": ["moon"]}, "rules.0.hard.0"),
        ({"fallbacks": ["pray"]}, "rules.0.fallbacks.0"),
        ({"scope": {"channel": "nowhere"}}, "rules.0.scope.channel"),
        ({"scope": {"region": "germany"}}, "rules.0.scope.region"),
        ({"filters": {"networks": ["stores"]}, "hard": ["network"]}, "rules.0.filters.networks.0"),
        (
            {"filters": {"capabilities": {"hazmat": "fume_hood"}}, "hard": ["capability"]},
            "rules.0.filters.capabilities.hazmat",
        ),
        ({"name": "A"}, "rules.0.name"),
        ({"filters": {"countries": ["US"]}}, "rules.0.filters.countries"),
        ({"filters": {"max_km": 300}, "hard": ["country"]}, "rules.0.filters.max_km"),
        ({"split": {"mode": "none", "max_locations": 3}}, "rules.0.split.max_locations"),
        ({"scope": {"sku": "NOWHERE"}}, "rules.0.scope.sku"),
        ({"suppliers": ["nobody"]}, "rules.0.suppliers.0"),
    ],
)
def test_what_cannot_be_used_is_refused_by_field_and_not_drafted(scene: Wiring, rule: Any, field: str) -> None:
    status, problem, _ = draft({"name": "one", **rule})
    assert (status, problem["code"], [fault["field"] for fault in problem["faults"]]) == (422, "invalid", [field])
    assert scene.strategy_desk.strategies.draft("default") is None


@pytest.mark.usefixtures("scene")
def test_two_rules_of_one_scope_leave_nobody_to_choose() -> None:
    status, problem, _ = draft(DEAR, {"name": "near"}, {"name": "near", "scope": {"region": "DE"}})
    assert (status, [fault["field"] for fault in problem["faults"]]) == (422, ["rules.1.scope", "rules.2.name"])
    assert draft(name="nowhere")[0] == 404


@pytest.mark.usefixtures("scene")
def test_only_an_operator_changes_what_others_read() -> None:
    draft(DEAR)
    reads = [call("GET", "draft", role=role)[0] for role in ("sales", "finance", "procurement", "auditor", "warehouse")]
    assert reads == [200, 200, 200, 200, 403]
    writes = [("PUT", "draft", {"rules": [DEAR]}), ("POST", "publish", None), ("DELETE", "draft", None)]
    assert [call(verb, what, body=body, role="auditor", seen="*")[0] for verb, what, body in writes] == [403] * 3


@pytest.mark.usefixtures("scene")
def test_a_dropped_draft_is_gone_and_dropping_it_again_is_no_mistake() -> None:
    draft(DEAR)
    assert [call("DELETE", "draft")[0] for _ in range(2)] == [204, 204]
    assert publish()[0] == 404


def test_a_rule_that_says_something_in_vain_is_not_published_either(scene: Wiring) -> None:
    draft(NEAR | {"split": {"mode": "none", "max_locations": 1}})
    desk = scene.strategy_desk
    seen = desk.strategies.draft("default")
    assert seen is not None
    old = seen.model_copy(update={"rules": (seen.rules[0].model_copy(update={"hard": ()}),)})  # of before this was law
    desk.strategies.save_draft(old, over=tag_of(seen))
    status, problem, _ = publish()
    assert (status, problem["code"], problem["faults"]) == (
        422,
        "invalid",
        [{"field": "rules.0.filters.max_km", "message": "holds for nobody: name `distance` in hard or in soft"}],
    )
    assert desk.strategies.find("default") is None


def test_a_tag_is_that_of_the_stored_draft_and_of_no_other(scene: Wiring) -> None:
    scene.reference.put_item(item_of("Ä"))
    draft(DEAR, NEAR | {"scope": {"sku": "Ä"}}, note="ü")
    stored = scene.strategy_desk.strategies.draft("default")
    assert stored is not None
    again = Strategy.model_validate_json(stored.model_dump_json())
    assert tag_of(again) == tag_of(stored)
    assert tag_of(stored.model_copy(update={"note": "u"})) != tag_of(stored)
