"""Where the packing list of a shipment can be fetched."""

from datetime import timedelta

from oms.fulfillment.model import PackingListLink, PackingLists
from oms.kernel.errors import NotFoundError, StateError
from oms.kernel.time import Clock, to_text
from oms.orders.store import OrderStore

LINK_FOR = timedelta(seconds=300)  # long enough to print, too short to be passed around


def get_packing_list(
    shipment_id: str, *, orders: OrderStore, packing_lists: PackingLists, clock: Clock
) -> PackingListLink:
    """A link to the packing list of one parcel.

    Raises:
        NotFoundError: no such shipment.
        StateError: its packing list is not written yet, or was discarded.
    """
    parcel = orders.parcels([shipment_id]).get(shipment_id)
    if parcel is None:
        raise NotFoundError(f"there is no shipment {shipment_id}")
    url = packing_lists.link(parcel, expires_s=int(LINK_FOR.total_seconds()))
    if url is None:
        raise StateError("the packing list is not written yet")
    return PackingListLink(url=url, expires_at=to_text(clock() + LINK_FOR))
