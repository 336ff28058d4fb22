"""Whatever a market's API does wrong, its gateway says which kind of error it is and is well again the next time."""

from collections.abc import Iterator

import pytest

from oms.aws.http import UnauthorizedByPartnerError
from oms.intake.fetching import Lists, Rate
from oms.kernel.errors import NotNowError, RejectedError, TransientError
from oms.kernel.plugins import find_plugin, plugin_names
from oms.reference.model import Channel
from tests.partners import HTML, Partner, Reply, partner
from tests.unit.intake.gateway_scene import CREDENTIALS, SCENES, Scene


@pytest.fixture(name="shop")
def _shop() -> Iterator[Partner]:
    with partner() as one:
        yield one


def test_every_gateway_is_tried_here() -> None:
    assert set(SCENES) <= set(plugin_names("oms.intake.gateways"))


@pytest.mark.parametrize("kind", SCENES)
def test_an_order_that_the_partner_does_not_have_is_none(shop: Partner, kind: str) -> None:
    make, _ = SCENES[kind]
    assert make(shop).partners.fetch(Channel(**make(shop).channel.model_dump()), "no/such?order") is None
    assert "?" not in shop.calls[-1].path
    assert shop.calls[-1].path.endswith("no%2Fsuch%3Forder")


FAULTS: dict[str, tuple[Reply, type[Exception]]] = {
    "429": (Reply({}, 429, {"retry-after": "30"}), NotNowError),
    "500": (Reply({}, 500), TransientError),
    "503": (Reply({}, 503), TransientError),
    "html": (HTML, TransientError),
    "list": (Reply([], 200), TransientError),
    "hang-up": (Reply(drop=True), TransientError),
    "slow": (Reply({}, slow_s=3.0), TransientError),
    "400": (Reply({}, 400), RejectedError),
}


@pytest.mark.parametrize("kind", SCENES)
@pytest.mark.parametrize(("fault", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_partner_that_misbehaves_is_told_by_its_error_and_is_well_again_next_time(
    shop: Partner, kind: str, fault: Reply, expected: type[Exception]
) -> None:
    make, order_id = SCENES[kind]
    scene = make(shop)
    assert scene.fetched(order_id)
    shop.faults = [fault] * (2 if fault.drop else 1)
    with pytest.raises(expected) as error:
        scene.partners.fetch(scene.channel, order_id)
    if isinstance(error.value, NotNowError):
        assert error.value.after_s == 30.0
    shop.faults = []
    assert scene.fetched(order_id)


@pytest.mark.parametrize("kind", ["amazon", "square"])
def test_an_envelope_without_an_order_in_it_is_no_answer(shop: Partner, kind: str) -> None:
    make, order_id = SCENES[kind]
    scene = make(shop)
    assert scene.fetched(order_id)
    shop.faults = [Reply({"payload": [], "order": "?"})]
    with pytest.raises(TransientError):
        scene.partners.fetch(scene.channel, order_id)


@pytest.mark.parametrize("kind", SCENES)
def test_credentials_that_are_refused_are_looked_up_anew_once(shop: Partner, kind: str) -> None:
    make, order_id = SCENES[kind]
    scene = make(shop)
    shop.faults = [Reply({}, 401)] * 20
    with pytest.raises(UnauthorizedByPartnerError):
        scene.partners.fetch(scene.channel, order_id)
    assert scene.secrets.reads == [300.0, 30.0]
    assert len(shop.calls) <= 4


@pytest.mark.parametrize("kind", SCENES)
def test_a_missing_credential_is_named_and_nobody_is_asked(shop: Partner, kind: str) -> None:
    make, order_id = SCENES[kind]
    scene = make(shop)
    scene.secrets.documents = {f"ch/{kind}_1": {"current": "k"}}
    with pytest.raises(RejectedError) as error:
        scene.partners.fetch(scene.channel, order_id)
    assert error.value.code == "credentials_missing"
    assert any(name in str(error.value) for name in find_plugin("oms.intake.gateways", kind).needs)  # type: ignore[union-attr]
    assert shop.calls == []


@pytest.mark.parametrize("kind", SCENES)
def test_no_credential_stands_in_an_error(shop: Partner, kind: str) -> None:
    make, order_id = SCENES[kind]
    scene = make(shop)
    for status in (400, 401, 429, 500):
        shop.faults = [Reply({}, status)] * 20
        with pytest.raises((RejectedError, TransientError)) as error:
            scene.partners.fetch(scene.channel, order_id)
        assert not any(secret in repr(error.value) for secret in CREDENTIALS.values() if len(secret) > 1)


@pytest.mark.parametrize("kind", SCENES)
def test_every_market_can_be_polled_and_says_how_often(kind: str) -> None:
    gateway = find_plugin("oms.intake.gateways", kind)
    assert isinstance(gateway, Lists)
    assert all(isinstance(gateway.rates[each], Rate) for each in ("fetch", "list"))  # type: ignore[attr-defined]


def test_a_channel_without_a_gateway_cannot_be_asked(shop: Partner) -> None:
    scene = Scene(shop, "generic")
    for ask in (lambda: scene.partners.fetch(scene.channel, "1"), scene.list):
        with pytest.raises(RejectedError) as error:
            ask()
        assert error.value.code == "not_fetchable"
    assert (scene.partners.lists(scene.channel), scene.partners.rate(scene.channel, "fetch")) == (False, None)
