"""What channels are told of stock: only what moved, never over something newer, and again after a lost process.

The partners are shops on loopback with their own figures, which sell between two of our messages.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from functions.intake import api_manage_levels
from oms.aws import clients
from oms.aws.http import Http
from oms.aws.tables import commit
from oms.intake.fetching import Partners
from oms.intake.levels.model import PushReport
from oms.intake.levels.run import push_levels
from oms.inventory.model import Cause, Change, Movement
from oms.kernel.time import to_text
from oms.reference.model import Channel
from oms.wiring import wire
from tests.allocation_scene import item_of, position, set_up, text_of
from tests.aws import moto_cloud
from tests.crash import calls_of, crash, crash_points, restart
from tests.intake import TestClock
from tests.lambda_events import api_event
from tests.partners import Call, Partner, Reply, partner

KEY = b"0123456789abcdef0123456789abcdef"
SECRET = {"current": "whsec_" + base64.b64encode(KEY).decode(), "access_token": "t", "consumer_key": "k"}


def add_channel(kind: str, url: str, **options: str) -> None:
    channel = Channel(
        name=kind,
        kind=kind,
        currencies=frozenset({"EUR"}),
        push_minutes=5,
        options={"base_url": url, "levels_url": f"{url}/levels", "location_id": "7", **options},
    )
    wire().reference.put_setting("CHANNEL", kind, channel)
    secret = json.dumps({**SECRET, "consumer_secret": "s"})
    clients.secretsmanager().create_secret(Name=f"baton/test/channel/{kind}", SecretString=secret)


def move(sku: str, units: int, clock: TestClock) -> None:
    """Units come or go at ber-1."""
    key = (sku, "ber-1")
    before = wire().stock.positions_at([key])
    movement = Movement("received" if units > 0 else "shipped", key, Change(on_hand=units), ref="x")
    commit(*wire().stock.writes([movement], before, Cause("test", to_text(clock()))))


def run(clock: TestClock, minutes: float = 0) -> PushReport:
    """One run as the schedule makes it; its pauses move the clock."""
    clock.pass_time(minutes=minutes)
    http = Http(private=True, clock=clock)
    prefix = wire().setting("CHANNEL_SECRET_PREFIX")
    partners = Partners(http=http, secrets=wire().secrets, secret_prefix=prefix, clock=clock)
    pause = lambda seconds: clock.pass_time(seconds=seconds)  # noqa: E731
    desk = replace(wire().level_desk, partners=partners, pause=pause)
    try:
        return push_levels(desk, channels=wire().reference.channels())
    finally:
        http.close()


@dataclass
class Shop:
    """A shop with figures of its own. `sells` happens between our look and our word, once."""

    partner: Partner
    shows: dict[str, int] = field(default_factory=dict)
    told: list[dict[str, int]] = field(default_factory=list)
    sells: dict[str, int] = field(default_factory=dict)

    def sell(self) -> None:
        for sku, units in self.sells.items():
            self.shows[sku] -= units
        self.sells = {}


def shopify(shop: Shop) -> None:
    """The two operations of its GraphQL API that we use; it compares before it sets."""

    def answer(call: Call) -> Reply:
        asked = json.loads(call.body)
        given = asked["variables"]
        assert call.headers["x-shopify-access-token"] == "t"
        if "productVariants" in asked["query"]:
            assert given["location"] == "gid://shopify/Location/7"
            nodes = [
                {
                    "sku": sku,
                    "inventoryItem": {
                        "id": f"gid://shopify/InventoryItem/{sku}",
                        "inventoryLevel": {"quantities": [{"quantity": units}]},
                    },
                }
                for sku, units in shop.shows.items()
                if json.dumps(sku) in given["asked"]
            ]
            answered = Reply({"data": {"productVariants": {"nodes": nodes}}})
            shop.sell()
            return answered
        rows = {row["inventoryItemId"].rpartition("/")[2]: row for row in given["input"]["quantities"]}
        if any(shop.shows[sku] != row["compareQuantity"] for sku, row in rows.items()):
            errors = [{"code": "COMPARE_QUANTITY_STALE", "field": [], "message": "stale"}]
            return Reply({"data": {"inventorySetQuantities": {"userErrors": errors}}})
        shop.shows |= {sku: row["quantity"] for sku, row in rows.items()}
        shop.told.append({sku: row["quantity"] for sku, row in rows.items()})
        return Reply({"data": {"inventorySetQuantities": {"userErrors": []}}})

    shop.partner.answers["POST /admin/api/2024-10/graphql.json"] = answer


def woocommerce(shop: Shop) -> None:
    """Products, one of them a variation, as its REST API has them."""
    numbers = {sku: number for number, sku in enumerate(shop.shows, 11)}

    def products(call: Call) -> Reply:
        wanted = call.query["sku"].split(",")
        rows = [
            {
                "id": numbers[sku],
                "parent_id": 5 if sku == "PEN" else 0,
                "sku": sku,
                "stock_quantity": shop.shows[sku],
            }
            for sku in shop.shows
            if sku in wanted
        ]
        return Reply(rows)

    def batch(call: Call) -> Reply:
        rows = json.loads(call.body)["update"]
        names = {number: sku for sku, number in numbers.items()}
        told = {names[row["id"]]: row["stock_quantity"] for row in rows}
        shop.shows |= told
        shop.told.append(told)
        return Reply({"update": rows})

    shop.partner.answers["GET /wp-json/wc/v3/products"] = products
    shop.partner.answers["POST /wp-json/wc/v3/products/batch"] = batch
    shop.partner.answers["POST /wp-json/wc/v3/products/5/variations/batch"] = batch


def receiver(shop: Shop) -> None:
    """A receiver of Standard Webhooks that keeps the newest level of each SKU."""
    newest: dict[str, int] = {}

    def answer(call: Call) -> Reply:
        material = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
        digest = base64.b64encode(hmac.new(KEY, material, hashlib.sha256).digest()).decode()
        assert call.headers["webhook-signature"] == f"v1,{digest}"
        said = json.loads(call.body)
        assert said["type"] == "stock.levels"
        rows = [row for row in said["data"]["levels"] if row["sequence"] > newest.get(row["sku"], 0)]
        newest.update({row["sku"]: row["sequence"] for row in rows})
        shop.shows |= {row["sku"]: row["available"] for row in rows}
        shop.told.append({row["sku"]: row["available"] for row in rows})
        return Reply({"ok": True})

    shop.partner.answers["POST /levels"] = answer


KINDS = {"shopify": shopify, "woocommerce": woocommerce, "generic": receiver}


@contextmanager
def scene(clock: TestClock, kind: str) -> Iterator[Shop]:
    """Ten cups in two places and four pens; a shop that knows of both and was never told."""
    with moto_cloud(clock) as wiring, partner() as one:
        set_up(
            wiring,
            position("CUP", "ber-1", 7),
            position("CUP", "lon-1", 3),
            position("PEN", "ber-1", 4, safety_stock=1),
        )
        for sku in ("CUP", "PEN"):
            wiring.reference.put_item(item_of(sku))
        clock.pass_time(minutes=5)
        add_channel(kind, one.url)
        shop = Shop(one, {"CUP": 0, "PEN": 0})
        KINDS[kind](shop)
        yield shop


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_channel_is_told_what_moved_and_nothing_twice(kind: str) -> None:
    clock = TestClock()
    with scene(clock, kind) as shop:
        assert (run(clock).told, shop.told) == (0, [])
        move("CUP", 5, clock)
        assert (run(clock, 5).told, shop.shows) == (1, {"CUP": 15, "PEN": 0})
        assert (run(clock, 5).told, len(shop.told)) == (0, 1)
        move("CUP", -2, clock)
        move("PEN", -1, clock)
        assert (run(clock, 5).told, shop.shows) == (2, {"CUP": 13, "PEN": 2})
        assert (run(clock, 5).told, run(clock, 60).told) == (0, 0)


@pytest.mark.parametrize("kind", ["shopify", "woocommerce"])
def test_what_a_channel_has_sold_meanwhile_is_not_put_back_on_its_shelf(kind: str) -> None:
    clock = TestClock()
    with scene(clock, kind) as shop:
        run(clock)
        move("CUP", 5, clock)
        run(clock, 5)
        shop.shows["CUP"] = 12  # three sold; their orders are on their way to us
        move("CUP", 1, clock)
        assert run(clock, 5).waits == 1
        assert shop.shows["CUP"] == 12
        move("CUP", -3, clock)
        assert (run(clock, 5).waits, shop.shows["CUP"]) == (1, 12)
        assert (run(clock, 5).told, shop.shows["CUP"]) == (1, 13)


def test_a_lower_level_is_told_at_once_whatever_the_channel_shows() -> None:
    clock = TestClock()
    with scene(clock, "shopify") as shop:
        run(clock)
        move("CUP", 5, clock)
        run(clock, 5)
        shop.shows["CUP"] = 40  # somebody typed it in
        move("CUP", -6, clock)
        run(clock, 5)
        assert shop.shows["CUP"] == 9


def test_a_difference_that_no_order_explains_is_corrected_after_ten_minutes() -> None:
    clock = TestClock()
    with scene(clock, "shopify") as shop:
        run(clock)
        move("CUP", 5, clock)
        run(clock, 5)
        shop.shows["CUP"] = 12
        move("CUP", 1, clock)
        assert [run(clock, 5).waits, run(clock, 5).waits] == [1, 1]
        assert (run(clock, 5).told, shop.shows["CUP"]) == (1, 16)


def test_a_sale_between_our_look_and_our_word_makes_us_look_again() -> None:
    clock = TestClock()
    with scene(clock, "shopify") as shop:
        run(clock)
        move("CUP", 5, clock)
        run(clock, 5)
        move("CUP", -2, clock)
        shop.sells = {"CUP": 1}
        assert (run(clock, 5).told, shop.shows["CUP"]) == (0, 14)
        assert (run(clock, 5).told, shop.shows["CUP"]) == (1, 13)


def test_a_sku_that_the_channel_does_not_sell_is_asked_about_once_a_day() -> None:
    clock = TestClock()
    with scene(clock, "shopify") as shop:
        del shop.shows["PEN"]
        run(clock)
        move("PEN", 1, clock)
        assert run(clock, 5).unlisted == 1
        asked = len(shop.partner.calls)
        move("PEN", 1, clock)
        run(clock, 5)
        assert len(shop.partner.calls) == asked
        shop.shows["PEN"] = 0
        clock.pass_time(minutes=24 * 60)
        move("PEN", 1, clock)
        run(clock, 5)
        assert shop.shows["PEN"] == 6


def test_a_channel_that_says_wait_is_left_alone_for_as_long_and_forgets_nothing() -> None:
    clock = TestClock()
    with scene(clock, "generic") as shop:
        run(clock)
        move("CUP", 1, clock)
        shop.partner.faults = [Reply({}, 429, {"retry-after": "120"})]
        assert (run(clock, 5).told, shop.told) == (0, [])
        assert (run(clock, 1).told, len(shop.partner.calls)) == (0, 1)
        assert (run(clock, 1).told, shop.shows["CUP"]) == (1, 11)


def test_a_channel_that_fails_is_left_alone_for_longer_and_longer_and_told_when_it_is_back() -> None:
    clock = TestClock()
    with scene(clock, "generic") as shop:
        run(clock)
        move("CUP", 1, clock)
        shop.partner.faults = [Reply({}, 500), Reply({}, 500)]
        assert [run(clock, 5).failing, run(clock, 1).failing, run(clock, 1).failing] == [("generic",), ("generic",), ()]
        assert (run(clock, 1).told, shop.shows["CUP"]) == (1, 11)


def test_many_skus_are_told_in_batches_at_the_pace_that_the_channel_allows() -> None:
    clock = TestClock()
    with moto_cloud(clock) as wiring, partner() as one:
        skus = [f"S{number:03}" for number in range(120)]
        set_up(wiring, *(position(sku, "ber-1", 1) for sku in skus))
        add_channel("generic", one.url)
        shop = Shop(one)
        receiver(shop)
        clock.pass_time(minutes=5)
        run(clock)
        for sku in skus:
            move(sku, 1, clock)
        assert run(clock, 5).told == 120
        assert ([len(told) for told in shop.told], set(shop.shows.values())) == ([50, 50, 20], {2})


def test_a_person_asks_for_a_level_and_has_it_told_again() -> None:
    clock = TestClock()
    with scene(clock, "generic") as shop:
        run(clock)
        move("CUP", 5, clock)
        run(clock, 5)
        shop.shows = {}
        path = {"channel": "generic"}
        seen = api_manage_levels.handler(
            api_event("GET /v1/channels/{channel}/levels/{sku}", path={**path, "sku": "CUP"}), None
        )
        view = text_of(seen)
        assert (seen["statusCode"], view["told"], view["available"], view["waiting"]) == (200, 15, 15, False)
        event = api_event("POST /v1/channels/{channel}/levels/resend", path=path, body={"skus": ["CUP", "PEN"]})
        answer = api_manage_levels.handler(event, None)
        assert (answer["statusCode"], text_of(answer)["waiting"]) == (202, 2)
        assert (run(clock, 1).told, shop.shows) == (2, {"CUP": 15, "PEN": 3})


def test_levels_that_a_channel_is_not_told_or_that_there_are_not_are_not_told_again() -> None:
    clock = TestClock()
    with scene(clock, "generic"):
        run(clock)
        route, path = "POST /v1/channels/{channel}/levels/resend", {"channel": "generic"}
        body = {"skus": ["CUP", "SPOON"]}
        answer = api_manage_levels.handler(api_event(route, path=path, body=body), None)
        assert (answer["statusCode"], text_of(answer)["code"]) == (422, "unknown_sku")
        assert text_of(answer)["faults"] == [{"field": "skus.1", "message": "SPOON is not in the catalogue"}]
        silent = wire().reference.channels()["generic"].model_copy(update={"push_minutes": 0})
        wire().reference.put_setting("CHANNEL", "generic", silent)
        answer = api_manage_levels.handler(api_event(route, path=path, body={"skus": ["CUP"]}), None)
        assert (answer["statusCode"], text_of(answer)["code"]) == (409, "wrong_state")
        assert text_of(answer)["why_not"] == [
            {
                "code": "levels_not_told",
                "message": "generic is not told what it may sell: its push_minutes are 0",
                "possible": "set push_minutes of the channel; it is then told all",
            }
        ]
        found = wire().level_care.store.find("generic")
        assert found is not None
        assert found.waiting == ()


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_lost_process_tells_again_and_never_something_older(kind: str) -> None:
    def prepared(clock: TestClock) -> None:
        run(clock)
        move("CUP", 5, clock)
        move("PEN", -2, clock)

    clock = TestClock()
    with scene(clock, kind):
        prepared(clock)
        restart(clock)
        points = crash_points(calls_of(lambda: run(clock, 5)))
    assert len(points) >= 14
    for point in points:
        clock = TestClock()
        with scene(clock, kind) as shop:
            prepared(clock)
            restart(clock)
            crash(point, lambda clock=clock: run(clock, 5))  # type: ignore[misc]
            restart(clock)
            move("CUP", -1, clock)
            run(clock, 5)
            run(clock, 5)
            assert shop.shows == {"CUP": 14, "PEN": 1}, point


def test_a_channel_that_another_run_is_at_work_on_is_left_alone() -> None:
    clock = TestClock()
    with moto_cloud(clock) as wiring, partner() as one:
        set_up(wiring, position("CUP", "ber-1", 7))
        add_channel("generic", one.url)
        shop = Shop(one)
        receiver(shop)
        run(clock)
        desk = wire().level_desk
        state = desk.store.find("generic")
        assert state is not None
        busy = to_text(clock() + timedelta(minutes=9))
        desk.store.save(state.model_copy(update={"version": state.version + 1, "busy_until": busy}))
        move("CUP", 1, clock)
        assert (run(clock, 5).channels, shop.told) == (0, [])
