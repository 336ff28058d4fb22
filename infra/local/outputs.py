"""What a client of the local cloud needs to know, in one file: addresses, names, and each channel's secret."""

import json
from pathlib import Path
from typing import Any

from infra.local.assembly import Stack
from infra.local.clients import REGION, Clients

STAGE = "local"
CHANNEL_SECRETS = f"baton/{STAGE}/channel/"


def gather(clients: Clients, stacks: list[Stack]) -> dict[str, Any]:
    """Every output of the stacks, and what only the running emulator knows: ports, ids, secrets."""
    found: dict[str, Any] = {}
    for stack in stacks:
        described = clients("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]
        found |= {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    found = {name: _reachable(value, clients.endpoint) for name, value in sorted(found.items())}
    api = f"{clients.endpoint}/_aws/execute-api/{_api_id(clients)}/%24default"
    return {
        "Stage": STAGE,
        "Region": REGION,
        "EndpointUrl": clients.endpoint,
        **found,
        "ApiUrl": api,
        "DocsUrl": f"{api}/docs",
        "channels": _channels(clients, api),
    }


def write(outputs: dict[str, Any], path: Path) -> None:
    """Write the file for its owner only: it holds secrets, if only local ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(outputs, indent=2, ensure_ascii=False) + "\n")


def settings(outputs: dict[str, Any]) -> dict[str, str]:
    """The same as the environment of a function: what the composition root reads."""
    tables = {
        f"{name.removesuffix('Table').upper()}_TABLE": value
        for name, value in outputs.items()
        if name.endswith("Table")
    }
    return {
        **tables,
        "STAGE": STAGE,
        "BUS_NAME": outputs["BusName"],
        "DOCUMENTS_BUCKET": outputs["DocumentsBucket"],
        "ARCHIVE_BUCKET": outputs["ArchiveBucket"],
        "MESSAGE_QUEUE_URL": outputs["MessageQueueUrl"],
        "FILES_BUCKET": outputs["FilesBucket"],
        "IMPORT_QUEUE_URL": outputs["ImportQueueUrl"],
        "WHAT_IF_QUEUE_URL": outputs["WhatIfQueueUrl"],
        "PEOPLE_KEY_ID": outputs["PeopleKeyId"],
        "PEPPER_SECRET": outputs["PepperSecret"],
        "CHANNEL_SECRET_PREFIX": CHANNEL_SECRETS,
        "PARKED_FACTS_QUEUE_URL": outputs["ParkedFactsQueueUrl"],
    }


def _reachable(value: str, endpoint: str) -> str:
    """A queue URL names the port of the run in which the queue was made; this run may have another."""
    path = value.split("/", 3)[-1]
    return f"{endpoint}/{path}" if value.startswith("http://localhost:") else value


def _api_id(clients: Clients) -> str:
    apis = clients("apigatewayv2").get_apis()["Items"]
    return str(next(api["ApiId"] for api in apis if api["ProtocolType"] == "HTTP"))


def _channels(clients: Clients, api: str) -> dict[str, dict[str, str]]:
    """Webhook address and current signing secret of every channel that has one."""
    found = {}
    for page in clients("secretsmanager").get_paginator("list_secrets").paginate():
        for entry in page["SecretList"]:
            name = entry["Name"]
            if name.startswith(CHANNEL_SECRETS):
                value = json.loads(clients("secretsmanager").get_secret_value(SecretId=name)["SecretString"])
                channel = name.removeprefix(CHANNEL_SECRETS)
                found[channel] = {"url": f"{api}/v1/channels/{channel}/webhooks", "secret": value["current"]}
    return dict(sorted(found.items()))
