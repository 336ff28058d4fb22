"""schemathesis over the whole OpenAPI document: every operation in-process, on moto with the company and its examples.

Four phases: the documented examples, the edges of every schema, generated input, and sequences of calls. A finding is
a 5xx, an answer that the document does not have, an answer that does not fit its schema, broken input that is taken,
or an operation that can be called without its token.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from infra.local import dev_secrets, examples, seed
from oms.aws import clients
from oms.wiring import rewire
from tests.aws import moto_cloud
from tests.wsgi import TOKEN, Application

EXAMPLES = 2  # generated cases of one operation and phase in `make test`
THOROUGH = 40  # and for the figure
_SETTINGS: dict[str, Any] = {
    "seed": 20261123,
    "headers": {"Authorization": TOKEN},
    "checks": {
        # A method that a path does not have is answered by API Gateway, with its own 404.
        "unsupported_method": {"enabled": False},
        # What a schema cannot say is refused too: amounts that do not add up, a cursor that we did not sign.
        "positive_data_acceptance": {"enabled": False},
        # Its WSGI transport fails on this one (4.32.5: "unexpected keyword argument 'max_redirects'"); every
        # operation is called without a token and with every role by the tests of docs/access.md.
        "ignored_auth": {"enabled": False},
    },
}


@dataclass
class Outcome:
    """How many cases ran, which operations they reached, and what was found, each finding once."""

    cases: int = 0
    operations: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


@contextmanager
def application() -> Iterator[Application]:
    """The API over moto, with all that the examples of the document are about."""
    with moto_cloud() as wiring:
        pepper = json.dumps({"pepper": dev_secrets.PEPPER})
        clients.secretsmanager().put_secret_value(SecretId="baton/test/privacy-pepper", SecretString=pepper)
        seed.fill(wiring)
        examples.place(wiring)
        rewire(wiring)
        yield Application()


def run(cases: int = EXAMPLES) -> Outcome:
    """All phases with at most `cases` generated cases per operation and phase; the same cases on every run."""
    generation = {"max-examples": cases, "deterministic": True, "database": "none"}
    config = SchemathesisConfig.from_dict({**_SETTINGS, "generation": generation})
    outcome = Outcome()
    with application() as app:
        schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", app, config=config)
        for event in from_schema(schema).execute():
            if isinstance(event, events.ScenarioFinished):
                outcome.cases += len(event.recorder.cases)
                _note(event, outcome)
            elif isinstance(event, events.NonFatalError | events.FatalError):
                outcome.findings.append(f"schemathesis itself: {event}")
        outcome.operations = app.calls
    return outcome


def _note(event: events.ScenarioFinished, outcome: Outcome) -> None:
    for checks in event.recorder.checks.values():
        for check in checks:
            if check.failure_info:
                failure = check.failure_info.failure
                told = f"{event.recorder.label}: {failure.title}: {failure.message}\n  {check.failure_info.code_sample}"
                if told not in outcome.findings:
                    outcome.findings.append(told)


def figures() -> list[tuple[str, str]]:
    """Rows of docs/reliability.md."""
    logging.disable(logging.CRITICAL)
    outcome = run(THOROUGH)
    logging.disable(logging.NOTSET)
    told = f"{outcome.cases} over {len(outcome.operations)} operations; {len(outcome.findings)}"
    return [("schemathesis: cases; findings", told)]


if __name__ == "__main__":
    for name, value in figures():
        print(f"{name:40} {value}")  # noqa: T201  a command prints
