"""Where a parcel is: a function of the set of its scans, whatever the order and however often they arrived."""

from collections.abc import Iterable

from oms.kernel.ids import derive_id
from oms.orders.model import Scan
from oms.tracking.model import CarrierScan
from oms.tracking.statuses import BY_CARRIER, COMMON, INCIDENT_PARTIES, INCIDENTS, RANK, TERMINAL

KEPT_SCANS = 50  # about 2 KB of a parcel's item


def normalised(carrier: str, code: str) -> str:
    """Our status for a carrier's code; `unknown` when nobody told us what it means."""
    key = code.strip().lower()
    return BY_CARRIER.get(carrier.lower(), {}).get(key) or COMMON.get(key, "unknown")


def incident_of(reason: str | None) -> str | None:
    """Why something went wrong, by responsible party; `other` when the reason is not one of ours."""
    if not reason:
        return None
    word = "_".join(reason.lower().replace("-", " ").split())
    if word.partition("_")[0] in INCIDENT_PARTIES:
        return word
    return INCIDENTS.get(word, "other")


def scan_from(said: CarrierScan) -> Scan:
    """The scan as it is kept; the carrier's own code stays with it when it is not one of our words.

    Its id is the feed's event id, else derived from the content, so that a repeated event is the same scan.
    """
    status = normalised(said.carrier, said.code)
    cause = (said.event_id,) if said.event_id else (said.at, said.code, said.place or "", said.reason or "")
    return Scan(
        id=derive_id("scn", said.carrier, said.tracking_number, *cause),
        status=status,
        at=said.at,
        incident=incident_of(said.reason),
        place=said.place,
        code=said.code if said.code != status else None,
    )


def in_order(scans: Iterable[Scan]) -> list[Scan]:
    """Each scan once, by time, then by how far it says the parcel is, then by id.

    Of two scans with one id (a feed that reuses its event ids) the earlier one in this order counts.
    """
    unique: dict[str, Scan] = {}
    for scan in sorted(scans, key=lambda scan: (*_place(scan), scan.model_dump_json())):
        unique.setdefault(scan.id, scan)
    return list(unique.values())


def deciding_scan(scans: Iterable[Scan]) -> Scan | None:
    """The scan that says where the parcel is: its end if it has one, else the last one that we understand.

    An end is never left again, except for a stronger one (see `TERMINAL`): more scans cannot move a parcel back.
    """
    ordered = in_order(scans)
    for end in TERMINAL:
        ended = next((scan for scan in ordered if scan.status == end), None)
        if ended:
            return ended
    known = [scan for scan in ordered if scan.status != "unknown"] or ordered
    return known[-1] if known else None


def tracking_status(scans: Iterable[Scan]) -> str:
    """The normalised status of a parcel with these scans."""
    scan = deciding_scan(scans)
    return scan.status if scan else "pre_transit"


def kept(scans: Iterable[Scan]) -> tuple[Scan, ...]:
    """At most `KEPT_SCANS` of the scans, in order: the first of each status, the oldest and the newest.

    What goes is the middle of a long way. A dropped scan that arrives again is dropped again, and the status of what
    is kept is the status of all.
    """
    ordered = in_order(scans)
    if len(ordered) <= KEPT_SCANS:
        return tuple(ordered)
    needed = {scan.id for scan in [scan for scan in ordered if scan.status != "unknown"][-1:]}
    seen: set[str] = set()
    for scan in ordered:
        if scan.status not in seen:
            needed.add(scan.id)
        seen.add(scan.status)
    others = [scan.id for scan in ordered if scan.id not in needed]
    room = KEPT_SCANS - len(needed)
    oldest = room // 3
    ids = {*needed, *others[:oldest], *others[oldest - room :]}
    return tuple(scan for scan in ordered if scan.id in ids)


def _place(scan: Scan) -> tuple[str, int, str]:
    return scan.at, RANK[scan.status], scan.id
