"""A function is told every name that its wiring asks for: what is missing would only show at its first call."""

import re

import pytest

from infra.stacks.function_spec import FunctionSpec
from infra.stacks.functions import FUNCTIONS
from oms.aws.secrets import Secrets
from oms.wiring import Wiring
from tests.infra.assembly import ROOT, Assembly

_USES = re.compile(r"\b(?:wire\(\)|wiring)\.(\w+)")


class NoSecrets(Secrets):
    """Answers every secret without asking AWS."""

    def read(self, name: str, *, max_age_s: float = 0) -> dict[str, str]:
        return {"name": name, "pepper": "0123456789abcdef", "max_age_s": str(max_age_s)}


@pytest.mark.parametrize("spec", FUNCTIONS, ids=[spec.path for spec in FUNCTIONS])
def test_everything_a_handler_takes_from_the_wiring_can_be_made_from_its_environment(
    spec: FunctionSpec, production: Assembly
) -> None:
    (environment,) = [
        function["Environment"]["Variables"]
        for function in production.properties("AWS::Lambda::Function").values()
        if function["Handler"] == f"functions.{spec.context}.{spec.stem}.handler"
    ]
    wiring = Wiring({name: str(value) for name, value in environment.items()})
    wiring.secrets = NoSecrets()
    for name in _USES.findall((ROOT / "functions" / f"{spec.path}.py").read_text()):
        assert getattr(wiring, name) is not None
