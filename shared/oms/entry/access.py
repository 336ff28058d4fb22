"""Who may call an operation, and whose object it is about: checked here, for every operation, before its handler runs.

`own` of a route says how its object is scoped:

| own | the object is | a caller who is bound to channels or locations |
|---|---|---|
| `order` | the order of `{order_id}` | must have its channel, and work for it at a location |
| `shipment` | the parcel of `{shipment_id}` | must have the channel of its order, and its location |
| `channel` | `{channel}` of the path, or `channel` of the body or query | must have it |
| `location` | `{location}` | must have it |
| `reservation` | the reservation of `{reservation_id}` | must have its channel |
| `transfer` | the transfer of `{transfer_id}` | must have its source or its destination |
| `import` | the import job of `{import_id}` | must have its channel |
| `orders`, `channels`, `locations` | whatever the answer lists | gets theirs; the handler filters by the principal |
| `company` | everybody's | is let in with the role; warehouse and channel have no such operation |
| `signature`, `link`, `public` | without a token: the signed body or link proves the caller, or all may see it | |

Some operations ask for more than the role: a hold is released, and an order refused over it, only by the roles that the
hold itself names (`release_by`; `credit_limit` and `overdue_invoices`: finance), each time with a reason.

A foreign object is answered word for word like one that does not exist. Who is bound to nothing pays for no look-up.
"""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from oms.entry.principal import ROLES, Principal
from oms.kernel.errors import NotFoundError
from oms.wiring import wire

if TYPE_CHECKING:
    from oms.entry.api import Route

_PARAMETER = re.compile(r"{(\w+)}")
_WITHOUT_TOKEN = {"signature": "channel", "link": "customer", "public": "anyone"}
# Who is bound by nature may only call what is scoped to what binds it: nothing else would hold it back.
_SCOPED = {
    "warehouse": frozenset({"order", "shipment", "location", "transfer", "orders", "locations"}),
    "channel": frozenset({"order", "shipment", "channel", "import", "reservation", "orders", "channels"}),
}
_LISTS = ("orders", "channels", "locations")
Path = Mapping[str, str]


def _order(principal: Principal, path: Path) -> None:
    order_id = path["order_id"]
    missing = NotFoundError(f"there is no order {order_id}")
    try:
        order, works = wire().orders.tree(order_id)
    except NotFoundError:
        raise missing from None
    if not principal.may_see_order(order, works):
        raise missing


def _shipment(principal: Principal, path: Path) -> None:
    shipment_id = path["shipment_id"]
    missing = NotFoundError(f"there is no shipment {shipment_id}")
    parcel = wire().orders.parcels([shipment_id]).get(shipment_id)
    if principal.channels is not None:  # looked up for a missing parcel too: both take the same time
        order = wire().orders.find(parcel.order_id if parcel else shipment_id)
        if order is None or not principal.may_see_channel(order.channel):
            raise missing
    if parcel is None or not principal.may_see_location(parcel.location):
        raise missing


def _channel(principal: Principal, path: Path) -> None:
    if "channel" in path:  # otherwise it stands in the body or the query: see `Request.body`, `Request.asked`
        principal.check_channel(path["channel"])


def _location(principal: Principal, path: Path) -> None:
    if not principal.may_see_location(path["location"]):
        raise NotFoundError("there is no such location")


def _import(principal: Principal, path: Path) -> None:
    import_id = path["import_id"]
    missing = NotFoundError(f"there is no import {import_id}")
    if principal.channels is not None and not principal.may_see_channel(
        wire().import_jobs.get(import_id).job.request.channel
    ):
        raise missing


def _reservation(principal: Principal, path: Path) -> None:
    reservation_id = path["reservation_id"]
    found = wire().reservations.find(reservation_id) if principal.channels is not None else None
    if principal.channels is not None and (found is None or not principal.may_see_channel(found.channel)):
        raise NotFoundError(f"there is no reservation {reservation_id}")


def _transfer(principal: Principal, path: Path) -> None:
    transfer_id = path["transfer_id"]
    found = wire().transfers.find(transfer_id) if principal.locations is not None else None
    ends = (found.source, found.destination) if found else ()
    if principal.locations is not None and not any(principal.may_see_location(end) for end in ends):
        raise NotFoundError(f"there is no transfer {transfer_id}")


# By what a route declares: the path parameter it needs, and the check.
_OWNERS: Mapping[str, tuple[str, Callable[[Principal, Path], None]]] = {
    "order": ("order_id", _order),
    "shipment": ("shipment_id", _shipment),
    "channel": ("channel", _channel),
    "location": ("location", _location),
    "import": ("import_id", _import),
    "reservation": ("reservation_id", _reservation),
    "transfer": ("transfer_id", _transfer),
}
OWN = (*_OWNERS, *_LISTS, "company", *_WITHOUT_TOKEN)


def check_declared(route: "Route") -> None:
    """Refuse an operation that does not say, or says wrongly, who may call it and whose object it is about.

    Raises:
        ValueError: when the module is imported, so neither the export nor a deployment can forget it.
    """
    wrong = _wrong(route)
    if wrong:
        raise ValueError(f"{route.key}: {wrong} (see oms/entry/access.py)")


def _wrong(route: "Route") -> str | None:
    if not route.roles:
        return f"declare roles={{...}}: who may call it, of {', '.join(ROLES)}"
    if route.own not in OWN:
        return f"declare own=...: whose object it is about, one of {', '.join(OWN)}"
    if (route.scope is None) != (route.own in _WITHOUT_TOKEN):
        return f"own={route.own!r} does not go with scope={route.scope!r}"
    if route.own in _WITHOUT_TOKEN:
        who = _WITHOUT_TOKEN[route.own]
        return None if route.roles == {who} else f"own={route.own!r} is for roles={{{who!r}}}"
    return _wrong_with_token(route)


def _wrong_with_token(route: "Route") -> str | None:
    unknown = sorted(route.roles - (set(ROLES) - {"customer"}))
    if unknown:
        return f"there are no roles {', '.join(unknown)} with a token"
    for role, scoped in _SCOPED.items():
        if role in route.roles and route.own not in scoped:
            return f"the role {role} may only call what is scoped for it ({', '.join(sorted(scoped))})"
    said = [model for model in (route.body, route.query) if model is not None]
    elsewhere = route.own == "channel" and any("channel" in model.model_fields for model in said)
    if route.own in _OWNERS and _OWNERS[route.own][0] not in _PARAMETER.findall(route.path) and not elsewhere:
        return f"own={route.own!r} needs {{{_OWNERS[route.own][0]}}} in the path"
    return None


def check_access(route: "Route", principal: Principal, path: Path) -> None:
    """Let the caller pass to the handler, or raise.

    Raises:
        ForbiddenError: not with this role or scope.
        NotFoundError: the object is not there, or not the caller's.
    """
    principal.require(route.roles, route.scope or "")
    if route.own in _OWNERS and not principal.unbound:
        _OWNERS[route.own][1](principal, path)
