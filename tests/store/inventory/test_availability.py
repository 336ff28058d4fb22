"""What shops are told before they sell: at any hour of any location, and of bundles and preorders too."""

from datetime import UTC, datetime
from typing import Any

from functions.inventory import api_ask_availability
from oms.reference.model import Channel, MayWait
from oms.wiring import Wiring
from tests.allocation_scene import clock, position, put_order, set_up, text_of
from tests.aws import moto_cloud
from tests.lambda_events import api_event
from tests.waiting_scene import sell, supply, trusted


def ask(wiring: Wiring, sku: str = "CUP", quantity: int = 1) -> dict[str, Any]:
    desk = Channel(name="desk", kind="canonical", currencies=frozenset({"EUR"}))
    wiring.reference.put_setting("CHANNEL", "desk", desk)
    query = {"sku": sku, "country": "DE", "channel": "desk", "quantity": str(quantity)}
    answer = api_ask_availability.handler(api_event("GET /v1/availability", query=query, roles=["sales"]), None)
    assert answer["statusCode"] == 200, answer
    found: dict[str, Any] = text_of(answer)
    return found


def test_what_lies_where_it_is_tomorrow_already_can_be_had_now() -> None:
    with moto_cloud(lambda: datetime(2026, 11, 23, 23, 14, tzinfo=UTC)) as wiring:
        set_up(wiring, position("CUP", "ber-1", 5), position("CUP", "lon-1", 0))
        place = wiring.reference.locations()["lon-1"].model_copy(update={"time_zone": "America/New_York"})
        wiring.reference.put_setting("LOCATION", "lon-1", place)
        trusted(wiring)
        sell(wiring)
        told = ask(wiring)
        assert told["skus"][0]["now"] == 5
        assert told["skus"][0]["by_date"] == [{"on": "2026-11-23", "units": 5}]
        # Worked on in Berlin on the 24th, taken on the 25th; three to five working days by the cheapest service.
        assert told["delivery"] == {"earliest_on": "2026-11-30", "latest_on": "2026-12-02"}


def test_a_bundle_can_be_had_as_its_scarcest_component_can_by_date() -> None:
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("CUP", "ber-1", 5), position("POT", "ber-1", 9), position("POT", "lon-1", 7))
        trusted(wiring)
        sell(wiring)
        sell(wiring, "POT")
        sell(wiring, "SET", components=(("CUP", 2), ("POT", 1)))
        supply(wiring, "PO-1", 6, "2026-12-07")
        told = ask(wiring, "SET", 5)
        assert told["skus"][0]["by_date"] == [{"on": "2026-11-23", "units": 2}, {"on": "2026-12-07", "units": 5}]
        assert (told["skus"][0]["now"], told["skus"][0]["promisable_on"]) == (2, "2026-12-07")
        assert told["delivery"]["earliest_on"] == "2026-12-11"
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("CUP", "ber-1", 5), position("POT", "ber-1", 9))
        sell(wiring, "SET", components=(("CUP", 2), ("POT", 1)))
        put_order(wiring, "ord_1", {"CUP": 2})  # confirmed, still in the queue
        assert ask(wiring, "SET")["skus"][0]["now"] == 1


def test_a_preorder_is_delivered_after_its_day_although_it_lies_there() -> None:
    with moto_cloud(clock) as wiring:
        set_up(wiring, position("CUP", "ber-1", 5))
        trusted(wiring)
        sell(wiring, waiting=MayWait.model_validate({"kind": "preorder", "release_on": "2026-12-07"}))
        told = ask(wiring)
        assert (told["skus"][0]["now"], told["skus"][0]["promisable_on"]) == (0, "2026-12-07")
        assert told["delivery"]["earliest_on"] == "2026-12-11"
