"""The same app on every stage: what is accepted, what differs, what a client can rely on."""

import subprocess
import sys
from pathlib import Path

from infra.settings import read_settings
from tests.infra.assembly import Assembly
from tests.infra.test_edges import QUEUES_READ_BY_FUNCTIONS

# Types that the emulator rejects, and with them the whole template.
AWS_ONLY = {"AWS::Events::Archive", "AWS::Logs::QueryDefinition", "AWS::XRay::SamplingRule"}
QUEUES = ["".join(part.capitalize() for part in name.split("-")) for name in QUEUES_READ_BY_FUNCTIONS]
OUTPUTS = {
    *("ApiUrl", "ApiId", "BusName", "BusArn", "PeopleKeyId", "PepperSecret"),
    *("ArchiveBucket", "DocumentsBucket", "FilesBucket"),
    *("OrdersTable", "InventoryTable", "PeopleTable", "CustomersTable", "ProcurementTable", "ReferenceTable"),
    *("MessagesTable", "JobsTable", "LimitsTable", "PollsTable", "PricesTable"),
    *(f"{name}{end}" for name in QUEUES for end in ("QueueUrl", "DeadQueueUrl")),
    *(f"Location{name}{end}" for name in ("Ber1", "Lon1", "Nyc1", "Lax1") for end in ("QueueUrl", "DeadQueueUrl")),
    *("UndeliveredQueueUrl", "ParkedFactsQueueUrl", "UserPoolId", "UserClientId", "MachineClientId"),
    *("FulfillOrderArn", "ResolveExceptionArn", "Functions", "AlarmTopicArn"),
}
# More than this and a reason has become a habit: look at each again before raising it.
MAX_ACCEPTED_RULES = 14  # the 14th is what IAM5 says of X-Ray, said again of policies that are a part of their role


def types_of(assembly: Assembly) -> dict[str, set[str]]:
    return {
        stack: {resource["Type"] for resource in template["Resources"].values()}
        for stack, template in assembly.templates.items()
    }


def test_what_the_emulator_rejects_is_in_the_edge_stack_only(production: Assembly, local: Assembly) -> None:
    production_types = types_of(production)
    assert production_types.pop("edge") & AWS_ONLY == AWS_ONLY
    assert not AWS_ONLY & set().union(*production_types.values())
    assert set(local.templates) == {"stateful", "stateless", "ops"}


def test_the_local_cloud_has_the_same_resources_as_production(production: Assembly, local: Assembly) -> None:
    for stack, template in local.templates.items():
        counterpart = production.templates[stack]
        assert _shape(template) == _shape(counterpart), stack


def test_the_outputs_that_scripts_rely_on_are_there(production: Assembly, local: Assembly) -> None:
    assert production.outputs() == OUTPUTS
    assert local.outputs() == OUTPUTS


def test_state_and_code_are_in_different_stacks(production: Assembly) -> None:
    types = types_of(production)
    keepers = {"AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Cognito::UserPool"}
    assert keepers <= types["stateful"]
    assert not keepers & (types["stateless"] | types["ops"])
    assert "AWS::Lambda::Function" not in types["stateful"]


def test_every_accepted_finding_has_a_reason_worth_reading(production: Assembly) -> None:
    accepted = production.acknowledgements()
    assert {rule.split("[")[0] for _, rule, _ in accepted}
    assert len({rule.split("[")[0] for _, rule, _ in accepted}) <= MAX_ACCEPTED_RULES
    for path, rule, reason in accepted:
        assert len(reason.split()) >= 8, (path, rule)


def test_the_stack_that_no_emulator_sees_passes_the_linter(production: Assembly) -> None:
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(  # noqa: S603 - our own template
        [linter, *production.folder.glob("*edge.template.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


def test_alarms_reach_one_encrypted_topic(production: Assembly) -> None:
    (topic,) = production.properties("AWS::SNS::Topic").values()
    assert "DataKey" in str(topic["KmsMasterKeyId"])
    for name, alarm in production.properties("AWS::CloudWatch::Alarm").items():
        assert len(alarm["AlarmActions"]) == 1, name
        assert alarm["TreatMissingData"] == "notBreaching", name
    assert len(production.properties("AWS::CloudWatch::Dashboard")) == 1


def test_a_stage_is_protected_and_keeps_its_logs_longer_only_in_production() -> None:
    production, trial = read_settings({"stage": "prod"}), read_settings({"stage": "dev"})
    assert (production.protected, production.log_retention_days) == (True, 90)
    assert (trial.protected, trial.log_retention_days) == (False, 14)


def _shape(template: dict[str, dict[str, dict[str, str]]]) -> dict[str, int]:
    """How many resources of each type."""
    shape: dict[str, int] = {}
    for resource in template["Resources"].values():
        shape[resource["Type"]] = shape.get(resource["Type"], 0) + 1
    return shape
