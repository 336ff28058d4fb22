"""How import jobs end: cancelled, failed, beside others, after a loss; each is finished once, and says when."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from functions.intake.api_import_orders import handler as api
from functions.intake.queue_run_imports import handler
from oms.aws import clients
from oms.aws.tables import ContendedError
from oms.intake.imports import cutting
from oms.intake.imports.model import Chunk
from oms.intake.imports.service import cut_file, run_chunk
from oms.intake.imports.store import JobStore
from oms.kernel.errors import TransientError
from oms.wiring import wire
from tests.crash import calls_of
from tests.imports import (
    counts_of,
    csv_file,
    csv_rows,
    deliver,
    no_results,
    on_the_queue,
    results,
    scene,
    started,
    upload,
    uploads_left,
    view,
)
from tests.imports import (
    run_import as run,
)
from tests.intake import TestClock, company, count
from tests.lambda_events import api_event, sqs_event


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three orders to a chunk, so that a short file has several."""
    monkeypatch.setattr(cutting, "ORDERS_PER_CHUNK", 3)


def cancel(import_id: str) -> dict[str, Any]:
    return api(api_event("POST /v1/imports/{import_id}/cancel", path={"import_id": import_id}), None)


def test_a_cancelled_import_begins_no_further_chunk_and_its_orders_stay() -> None:
    with company(TestClock()):
        import_id = started()
        assert deliver(upload(import_id, csv_file(csv_rows(8)))) == 0
        first, *rest = on_the_queue()
        assert deliver(first) == 0
        answers = [cancel(import_id), cancel(import_id)]
        assert [answer["statusCode"] for answer in answers] == [200, 200]
        assert view(import_id)["status"] == "cancelled"
        assert "finished_at" not in view(import_id)
        for chunk in [*rest, first]:
            assert deliver(chunk) == 0
        done = view(import_id)
        assert (done["status"], counts_of(done)) == ("cancelled", {"taken": 3, "skipped": 5})
        assert [each["outcome"] for each in results(import_id)] == ["taken"] * 3 + ["skipped"] * 5
        assert count("orders", "ORDER#") == 3


def test_an_import_that_waits_can_be_cancelled_and_its_file_is_not_looked_at() -> None:
    with company(TestClock()):
        import_id = started()
        assert cancel(import_id)["statusCode"] == 200
        assert deliver(upload(import_id, csv_file(csv_rows(2)))) == 0
        assert on_the_queue() == []
        assert uploads_left() == []
        done = view(import_id)
        assert (done["status"], done["finished_at"]) == ("cancelled", "2026-11-23T09:30:00.000Z")
        problem = no_results(import_id)
        assert problem["why_not"][0]["message"] == (
            "the import is cancelled and no order of its file was read: there are no results"
        )
        run(csv_file(csv_rows(1)), key="other")
        late = cancel(started("other"))
        assert (late["statusCode"], json.loads(late["body"])["why_not"][0]["code"]) == (409, "import_ended")


def test_a_worker_in_the_middle_of_a_chunk_sees_that_the_import_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "ORDERS_PER_CHUNK", 30)
    with company(TestClock()):
        import_id = started()
        assert deliver(upload(import_id, csv_file(csv_rows(25)))) == 0
        (chunk,) = on_the_queue()
        desk = wire().import_works
        taken = 0
        taking = desk.intake.clock

        def cancelling() -> datetime:
            nonlocal taken
            taken += 1
            if taken == 3:
                cancel(import_id)
            return taking()

        run_chunk(Chunk.model_validate(chunk), desk=replace(desk, intake=replace(desk.intake, clock=cancelling)))
        done = view(import_id)
        assert (done["status"], counts_of(done)) == ("cancelled", {"taken": 10, "skipped": 15})
        assert (done["finished_at"], len(results(import_id)), uploads_left()) == ("2026-11-23T09:30:00.000Z", 25, [])


class _Contended(JobStore):
    """Chunks of one job are settled by several workers at one moment."""

    races = 2

    def settle(self, chunk: Chunk, counts: Mapping[str, int], at: datetime) -> None:
        if self.races:
            self.races -= 1
            raise ContendedError(["chunk"])
        super().settle(chunk, counts, at)


def test_a_chunk_that_is_settled_beside_others_does_not_wait_for_the_queue() -> None:
    with company(TestClock()):
        import_id = started()
        assert deliver(upload(import_id, csv_file(csv_rows(2)))) == 0
        (chunk,) = on_the_queue()
        cancel(import_id)
        desk = wire().import_works
        run_chunk(Chunk.model_validate(chunk), desk=replace(desk, jobs=_Contended(desk.jobs.table)))
        assert (counts_of(view(import_id)), view(import_id)["status"]) == ({"skipped": 2}, "cancelled")
        assert view(import_id)["finished_at"]


def test_a_chunk_that_failed_for_now_comes_again_in_seconds_not_when_its_visibility_is_over() -> None:
    with company(TestClock()):
        import_id = started()
        told = upload(import_id, csv_file(csv_rows(2)))
        clients.sqs().send_message(QueueUrl=wire().setting("IMPORT_QUEUE_URL"), MessageBody="{}")
        url = wire().setting("IMPORT_QUEUE_URL")
        (message,) = clients.sqs().receive_message(QueueUrl=url, VisibilityTimeout=720)["Messages"]
        event = sqs_event([{**told, "import_id": import_id}])  # no chunk: a bug of whoever sent it
        event["Records"][0]["receiptHandle"] = message["ReceiptHandle"]
        calls = calls_of(lambda: handler(event, None))
        assert calls.count("ChangeMessageVisibility") == 1


def test_an_import_cancelled_while_its_file_is_cut_is_finished_when_its_chunks_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cutting, "ORDERS_PER_CHUNK", 1)
    with company(TestClock()):
        import_id, told = scene(csv_rows(2))
        desk = wire().import_works
        lost = replace(desk, queue=_Lost())  # type: ignore[arg-type]
        with pytest.raises(TransientError):
            cut_file(import_id, desk=lost)
        (first,) = on_the_queue()
        assert deliver(first) == 0
        cancel(import_id)
        assert "finished_at" not in view(import_id)
        assert deliver(told) == 0
        for chunk in on_the_queue():
            assert deliver(chunk) == 0
        done = view(import_id)
        assert (done["status"], counts_of(done), done["orders"]) == ("cancelled", {"taken": 1, "skipped": 1}, 2)
        assert (done["finished_at"], uploads_left()) == ("2026-11-23T09:30:00.000Z", [])


def test_another_file_in_its_place_stops_the_import() -> None:
    with company(TestClock()):
        import_id = started()
        assert deliver(upload(import_id, csv_file(csv_rows(6)))) == 0
        first, second = on_the_queue()
        assert deliver(first) == 0
        assert deliver(upload(import_id, csv_file(csv_rows(6, first=100)))) == 0
        assert on_the_queue() == []
        assert deliver(second) == 0
        done = view(import_id)
        assert (done["status"], done["why"]) == ("failed", "the file is not there any more, or was replaced")
        assert done["finished_at"] == "2026-11-23T09:30:00.000Z"
        assert counts_of(done) == {"taken": 3, "skipped": 3}
        assert count("orders", "ORDER#") == 3


class _Lost:
    """The process that cuts the file is lost when its first chunk is on the queue."""

    def send_all(self, documents: Iterable[Mapping[str, Any]]) -> None:
        wire().import_works.queue.send(next(iter(documents)))
        raise TransientError("the process is lost")


class _LostWhenPlanned(JobStore):
    """The process that cuts the file is lost as soon as all is on the queue and counted."""

    def planned(self, import_id: str, *, orders: int, chunks: int) -> None:
        super().planned(import_id, orders=orders, chunks=chunks)
        raise TransientError("the process is lost")


class _Fast:
    """A queue whose worker is done with each chunk before the next is sent."""

    def send_all(self, documents: Iterable[Mapping[str, Any]]) -> None:
        for document in documents:
            run_chunk(Chunk.model_validate(document), desk=wire().import_works)


def test_an_import_whose_chunks_were_faster_than_its_cutting_is_finished() -> None:
    with company(TestClock()):
        import_id, told = scene(csv_rows(2))
        desk = wire().import_works
        lost = replace(desk, jobs=_LostWhenPlanned(desk.jobs.table), queue=_Fast())  # type: ignore[arg-type]
        with pytest.raises(TransientError):
            cut_file(import_id, desk=lost)
        assert view(import_id)["status"] == "running"
        assert deliver(told) == 0
        done = view(import_id)
        assert (done["status"], counts_of(done), uploads_left()) == ("completed", {"taken": 2}, [])
        assert len(results(import_id)) == 2
