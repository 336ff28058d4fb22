"""The emulator as a process: it starts beside others, keeps its state, and never outlives whom it serves."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.local import emulator
from infra.local.clients import Clients
from infra.local.emulator import Home
from infra.local.paths import ROOT
from tests.cloud import eventually, zipped


def test_what_was_written_is_there_after_a_stop_and_a_start(tmp_path: Path) -> None:
    home = Home(tmp_path)
    try:
        before = Clients(emulator.start(home).endpoint)
        before("ssm").put_parameter(Name="kept", Value="käse", Type="String")
        before.close()
        assert emulator.stop(home)

        after = Clients(emulator.start(home).endpoint)
        assert after("ssm").get_parameter(Name="kept")["Parameter"]["Value"] == "käse"
        after.close()
    finally:
        emulator.stop(home)
    assert emulator.running(home) is None
    assert not home.scratch.exists()


def test_a_second_start_finds_the_one_that_runs(tmp_path: Path) -> None:
    home = Home(tmp_path)
    try:
        first = emulator.start(home, keep=False)
        assert emulator.start(home, keep=False) == first
    finally:
        emulator.stop(home)
    assert not emulator.stop(home)


def test_a_taken_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setenv("LOCAL_PORT", str(taken))

        assert emulator.free_port() > taken


def test_a_process_that_took_over_the_number_is_left_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.pid_file.write_text(json.dumps({"pid": os.getpid(), "port": 1, "name": "other"}))

    assert emulator.running(home) is None
    assert not emulator.stop(home)


def test_a_tied_emulator_stops_when_its_starter_is_killed(tmp_path: Path) -> None:
    program = (
        "import os\n"
        "from pathlib import Path\n"
        "from infra.local import emulator\n"
        f"emulator.start(emulator.Home(Path({str(tmp_path)!r})), keep=False, tied=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603  our own program
    assert done.returncode == -9

    assert eventually(lambda: emulator.running(Home(tmp_path)) is None)


def test_a_stop_does_not_wait_for_a_function_that_runs_on(tmp_path: Path) -> None:
    home = Home(tmp_path)
    clients = Clients(emulator.start(home).endpoint)
    try:
        clients("lambda").create_function(
            FunctionName="slow",
            Runtime="python3.13",
            Handler="slow.handler",
            Role="arn:aws:iam::000000000000:role/none",
            Code={"ZipFile": zipped("slow.py", "import time\ndef handler(event, context):\n    time.sleep(60)\n")},
            Timeout=90,
        )
        clients("lambda").invoke(FunctionName="slow", InvocationType="Event", Payload=b"{}")
        clients.close()
        eventually(lambda: list(home.scratch.glob("ministack-lambda-slow-*")))
    finally:
        began = time.monotonic()
        emulator.stop(home)
    assert time.monotonic() - began < emulator.STOP_S / 2


def test_a_stream_holds_after_a_restart_what_was_written_before_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    try:
        clients = Clients(emulator.start(home).endpoint)
        clients("dynamodb").create_table(
            TableName="kept",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        clients("dynamodb").put_item(TableName="kept", Item={"pk": {"S": "before"}})
        clients.close()
        emulator.stop(home)

        clients = Clients(emulator.start(home).endpoint)
        clients("dynamodb").put_item(TableName="kept", Item={"pk": {"S": "after"}})
        arn = clients("dynamodb").describe_table(TableName="kept")["Table"]["LatestStreamArn"]
        streams = clients("dynamodbstreams")
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
        records = streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
        clients.close()
    finally:
        emulator.stop(home)

    assert [record["dynamodb"]["Keys"]["pk"]["S"] for record in records] == ["before", "after"]
