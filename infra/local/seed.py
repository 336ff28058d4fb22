"""Write the company of `company.py` through the stores of the domain. Repeating it leaves what has moved on alone."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra.local import company, dev_secrets, examples
from infra.local.clients import ACCOUNT, KEY, REGION, Clients
from infra.local.outputs import CHANNEL_SECRETS, settings
from infra.local.rate_cards import RATE_CARDS, SHIPPER
from oms.allocation.sourcing.strategy import DEFAULT
from oms.allocation.strategies.service import draft_strategy, publish_strategy
from oms.aws import clients as domain_clients
from oms.entry.examples import SUPPLY
from oms.inventory.model import Position
from oms.inventory.supply.model import PutSupply
from oms.inventory.supply.service import put_supply
from oms.validation.policies import draft_policy
from oms.wiring import Wiring


def seed(clients: Clients, outputs: dict[str, Any]) -> str:
    """Write what is not there yet; what there is then, for people."""
    _secrets(clients, outputs)
    with domain(clients.endpoint, outputs) as wiring:
        wiring.reference.put_setting("CLIENT", outputs["MachineClientId"], company.CLIENTS["price-robot"])
        return f"{fill(wiring)}, {examples.place(wiring)} new example orders"


def fill(wiring: Wiring) -> str:
    """The company into any cloud that the wiring leads to, moto included."""
    _reference(wiring)
    opened = sum(wiring.stock.open_position(position) for position in company.positions())
    for account in company.ACCOUNTS:
        if wiring.accounts.find(account.id) is None:
            wiring.accounts.put(account)
    for supplier in company.SUPPLIERS:
        wiring.procurement.put_supplier(supplier)
    put_supply(SUPPLY, PutSupply(**company.SUPPLY), if_match="*", by="system:seed", desk=wiring.supply_desk)
    return (
        f"{len(company.ITEMS)} items, {len(company.LOCATIONS)} locations, {opened} new stock positions, "
        f"{len({card.carrier for card in RATE_CARDS})} carriers, {len(company.SUPPLIERS)} suppliers, "
        f"{len(company.ACCOUNTS)} accounts"
    )


def stock_up(wiring: Wiring, sku: str, location: str, units: int) -> bool:
    """Make at least `units` of a SKU available at a location; whether the position is new."""
    if wiring.stock.open_position(Position(sku, location, on_hand=units, reorder_point=0, order_up_to=units)):
        return True
    found = wiring.stock.positions_at([(sku, location)])[(sku, location)]
    if found.available < units:
        missing = units - found.available
        wiring.stock.receive(sku, location, missing, receipt_id=f"stock-up-{secrets.token_hex(8)}", by="system:seed")
    return False


@contextmanager
def domain(endpoint: str, outputs: dict[str, Any]) -> Iterator[Wiring]:
    """The domain's own stores, pointed at the local cloud for a while, and at nothing afterwards."""
    wanted = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_DEFAULT_REGION": REGION,
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    domain_clients.forget()
    try:
        yield Wiring(settings(outputs))
    finally:
        domain_clients.forget()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _secrets(clients: Clients, outputs: dict[str, Any]) -> None:
    """The fixed secrets of the local cloud, so that the examples of the API document are right as they stand."""
    store = clients("secretsmanager")
    store.put_secret_value(SecretId=outputs["PepperSecret"], SecretString=json.dumps({"pepper": dev_secrets.PEPPER}))
    for channel, value in dev_secrets.CHANNEL_SECRETS.items():
        try:
            store.create_secret(Name=CHANNEL_SECRETS + channel, SecretString=json.dumps(value))
        except store.exceptions.ResourceExistsException:
            continue  # the operator may have set another meanwhile


def _reference(wiring: Wiring) -> None:
    for item in company.ITEMS:
        wiring.reference.put_item(item)
    for location in company.LOCATIONS:
        wiring.reference.put_setting("LOCATION", location.id, location)
    for channel in company.CHANNELS:
        wiring.reference.put_setting("CHANNEL", channel.name, channel)
    for client_id, client in company.CLIENTS.items():
        wiring.reference.put_setting("CLIENT", client_id, client)
    for card in RATE_CARDS:
        wiring.reference.put_setting("CARRIER", card.key, card)
    wiring.reference.put_setting("SHIPPER", "default", SHIPPER)
    desk = wiring.policy_desk
    if desk.policies.draft(company.DRAFTED) is None:
        draft_policy(company.DRAFTED, company.POLICY_DRAFT, by="system:seed", desk=desk)
    _strategies(wiring)


def _strategies(wiring: Wiring) -> None:
    """The one in force, and one that is thought of; what people made of them meanwhile stays."""
    desk = wiring.strategy_desk
    if desk.strategies.find(DEFAULT) is None:
        draft_strategy(DEFAULT, company.STRATEGY, if_match="*", by="system:seed", desk=desk)
        publish_strategy(DEFAULT, if_match="*", by="system:seed", desk=desk)
    if desk.strategies.draft(company.DRAFTED_STRATEGY) is None:
        draft_strategy(company.DRAFTED_STRATEGY, company.STRATEGY_DRAFT, if_match="", by="system:seed", desk=desk)
