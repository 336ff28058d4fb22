"""Write the company of `company.py` through the stores of the domain. Repeating it leaves what has moved on alone."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra.local import company
from infra.local.clients import ACCOUNT, KEY, REGION, Clients
from infra.local.outputs import CHANNEL_SECRETS, settings
from oms.aws import clients as domain_clients
from oms.wiring import Wiring


def seed(clients: Clients, outputs: dict[str, Any]) -> str:
    """Write what is not there yet; what it wrote, for people."""
    for channel in company.SIGNED_CHANNELS:
        _secret(clients, channel)
    with domain(clients.endpoint, outputs) as wiring:
        _reference(wiring)
    return f"{len(company.ITEMS)} items, {len(company.LOCATIONS)} locations"


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


def _secret(clients: Clients, channel: str) -> None:
    """A signing secret of its own for each channel, made once."""
    store = clients("secretsmanager")
    value = json.dumps({"current": secrets.token_hex(32), "previous": secrets.token_hex(32)})
    try:
        store.create_secret(Name=CHANNEL_SECRETS + channel, SecretString=value)
    except store.exceptions.ResourceExistsException:
        return


def _reference(wiring: Wiring) -> None:
    for item in company.ITEMS:
        wiring.reference.put_item(item)
    for location in company.LOCATIONS:
        wiring.reference.put_setting("LOCATION", location.id, location)
    for channel in company.CHANNELS:
        wiring.reference.put_setting("CHANNEL", channel.name, channel)
