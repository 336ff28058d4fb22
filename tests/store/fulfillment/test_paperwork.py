"""Packing lists in the bucket: written once per parcel, discarded by the undo, both safe to repeat."""

from io import BytesIO
from typing import Any

from pypdf import PdfReader

from functions.fulfillment import task_discard_packing_lists, task_write_packing_lists
from functions.shipping import task_book_parcels
from oms.aws import clients, tables
from oms.orders.shapes import Someone
from oms.wiring import Wiring
from tests.store.shipping.test_booking import selected, world


def with_person(wiring: Wiring) -> dict[str, Any]:
    who = Someone(name="Zofia Żółć", address_lines=["Lipowa 1"], city="Kraków", postal_code="30-001", country="PL")
    tables.commit(wiring.people.write_new("per_1", who))
    return task_book_parcels.handler(selected(), None)


def texts(wiring: Wiring) -> dict[str, str]:
    bucket = wiring.documents.bucket
    found = {}
    for row in clients.s3().list_objects_v2(Bucket=bucket).get("Contents", []):
        body = clients.s3().get_object(Bucket=bucket, Key=row["Key"])["Body"].read()
        found[row["Key"]] = PdfReader(BytesIO(body)).pages[0].extract_text()
    return found


def test_each_parcel_gets_its_packing_list_with_the_persons_address_and_a_repeat_changes_nothing() -> None:
    with world() as wiring:
        document = with_person(wiring)
        assert task_write_packing_lists.handler(document, None)["outcome"] == "documented"
        (parcel_id,) = document["parcel_ids"]
        written = texts(wiring)
        assert list(written) == [f"packing-lists/{parcel_id}.pdf"]
        for part in ("Zofia Żółć", "Lipowa 1", "30-001 Kraków", "Swift Post Standard", "Order 1001", "Item MUG-1"):
            assert part in written[f"packing-lists/{parcel_id}.pdf"]
        task_write_packing_lists.handler(document, None)
        assert texts(wiring) == written
        parcel = wiring.orders.parcels([parcel_id])[parcel_id]
        link = wiring.documents.link(parcel, expires_s=300)
        assert link is not None
        assert f"packing-lists/{parcel_id}.pdf" in link


def test_a_substitute_says_what_was_ordered() -> None:
    with world() as wiring:
        document = with_person(wiring)
        (parcel,) = wiring.orders.parcels(document["parcel_ids"]).values()
        works = wiring.orders.tree(parcel.order_id).fulfillment_orders
        work = next(one for one in works if one.id == parcel.fulfillment_order_id)
        lines = tuple(line.model_copy(update={"instead_of": "CUP-1"}) for line in work.lines)
        tables.commit(wiring.orders.write(work.changed(at=wiring.clock(), by="test", what="Replaced", lines=lines)))
        task_write_packing_lists.handler(document, None)
        (text,) = texts(wiring).values()
        assert "Item MUG-1, instead of CUP-1" in text


def test_the_undo_removes_what_was_written_and_is_fine_with_nothing() -> None:
    with world() as wiring:
        document = with_person(wiring)
        task_write_packing_lists.handler(document, None)
        for _ in range(2):
            assert task_discard_packing_lists.handler(document, None)["outcome"] == "discarded"
        assert texts(wiring) == {}
        parcel = next(iter(wiring.orders.parcels(document["parcel_ids"]).values()))
        assert wiring.documents.link(parcel, expires_s=300) is None
