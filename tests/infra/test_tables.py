"""Where cdk-nag is blind: it knows nothing of TableV2."""

from tests.aws import INDEXES
from tests.infra.assembly import Assembly

TABLE = "AWS::DynamoDB::GlobalTable"
NAMES = {f"baton-prod-{name}" for name in INDEXES}


def test_every_context_with_state_has_its_table(production: Assembly) -> None:
    assert {table["TableName"] for table in production.properties(TABLE).values()} == NAMES


def test_every_table_is_on_demand_backed_up_encrypted_with_our_key_and_protected(production: Assembly) -> None:
    for name, resource in production.resources(TABLE).items():
        table = resource["Properties"]
        (replica,) = table["Replicas"]
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}, name
        assert "DataKey" in str(replica["SSESpecification"]["KMSMasterKeyId"]), name
        assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True, name
        assert replica["DeletionProtectionEnabled"] is True, name
        assert resource["DeletionPolicy"] == "Retain", name


def test_no_table_or_index_has_a_fixed_capacity(production: Assembly) -> None:
    for name, table in production.properties(TABLE).items():
        assert "Throughput" not in str(table), name
        assert all(set(index) <= {"IndexName", "KeySchema", "Projection"} for index in _indexes(table)), name


def test_indexes_hold_keys_only_so_that_the_table_stays_the_truth(production: Assembly) -> None:
    for table in production.properties(TABLE).values():
        for index in _indexes(table):
            assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_a_forgotten_person_is_gone_from_backups_within_a_week(production: Assembly) -> None:
    recovery = {
        table["TableName"]: table["Replicas"][0]["PointInTimeRecoverySpecification"]["RecoveryPeriodInDays"]
        for table in production.properties(TABLE).values()
    }
    assert recovery.pop("baton-prod-people") == 7
    assert set(recovery.values()) == {35}


def test_the_tables_whose_facts_are_published_have_a_stream_of_both_images(production: Assembly) -> None:
    streams = {
        table["TableName"]: table["StreamSpecification"]["StreamViewType"]
        for table in production.properties(TABLE).values()
        if "StreamSpecification" in table
    }
    assert streams == {
        "baton-prod-inventory": "NEW_AND_OLD_IMAGES",
        "baton-prod-orders": "NEW_AND_OLD_IMAGES",
        "baton-prod-procurement": "NEW_AND_OLD_IMAGES",
        "baton-prod-polls": "NEW_AND_OLD_IMAGES",
    }


def test_what_is_only_needed_for_a_while_expires(production: Assembly) -> None:
    expiring = {
        table["TableName"]: table["TimeToLiveSpecification"]
        for table in production.properties(TABLE).values()
        if "TimeToLiveSpecification" in table
    }
    kept_for_a_while = {f"baton-prod-{name}" for name in ("orders", "messages", "polls", "limits")}
    assert set(expiring) >= kept_for_a_while
    assert all(each == {"AttributeName": "expires_at", "Enabled": True} for each in expiring.values())


def test_a_stage_for_trying_out_can_be_deleted(local: Assembly) -> None:
    for resource in local.resources(TABLE).values():
        assert resource["DeletionPolicy"] == "Delete"
        assert resource["Properties"]["Replicas"][0]["DeletionProtectionEnabled"] is False


def _indexes(table: dict[str, object]) -> list[dict[str, object]]:
    indexes = table.get("GlobalSecondaryIndexes", [])
    assert isinstance(indexes, list)
    return indexes


def test_the_tables_of_the_unit_tests_are_those_of_the_template(production: Assembly) -> None:
    found = {
        table["TableName"].removeprefix("baton-prod-"): {
            index["IndexName"]: tuple(part["AttributeName"] for part in index["KeySchema"])
            for index in table.get("GlobalSecondaryIndexes", [])
        }
        for table in production.properties(TABLE).values()
    }
    assert found == INDEXES
    keys = [table["KeySchema"] for table in production.properties(TABLE).values()]
    assert keys == [[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]] * len(
        NAMES
    )
