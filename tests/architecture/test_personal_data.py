"""No field holds somebody's data unnoticed, none holds a card number, none is a float (G6, P1, F2)."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

import oms
from oms.privacy.catalogue import ALL, BY_MODEL, BY_NAME, PERSONAL, PURPOSES, RETENTION, WHOLE, kind_of
from oms.privacy.model import Person

ROOT = Path(__file__).parents[2]
_CARD_FIELD = re.compile(
    r"(^|_)(pan|cvv2?|cvc2?|csc|cid|track[12]?|card_?(no|num|number|code|holder|data)|cc_?(no|num|number)|"
    r"credit_?card|expiry_?(month|year)|pin(_?block)?)($|_)"
)
# Where clear personal data may pass: the way in, a change that is asked for, and the context that keeps it.
_MAY_PASS = ("oms.intake.model", "oms.intake.drafts.model", "oms.amending.model", "oms.privacy.")


def models() -> list[type[BaseModel]]:
    """Every model of the product, with its fields resolved."""
    for module in pkgutil.walk_packages(oms.__path__, "oms."):
        importlib.import_module(module.name)
    for path in sorted((ROOT / "functions").glob("*/*.py")):
        importlib.import_module(f"functions.{path.parent.name}.{path.stem}")
    found = [model for model in _below(BaseModel) if model.__module__.startswith(("oms.", "functions."))]
    for model in found:
        model.model_rebuild()
    return found


def _below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in model.__subclasses__():
        yield each
        yield from _below(each)


def holds(annotation: Any, *wanted: Any) -> bool:
    """Whether a value of this type may contain one of the wanted types."""
    if annotation in wanted:
        return True
    if get_origin(annotation) is Literal:
        return False
    return any(holds(part, *wanted) for part in get_args(annotation))


def text_fields() -> Iterator[tuple[type[BaseModel], str]]:
    for model in models():
        for name, field in model.model_fields.items():
            if holds(field.annotation, str, Any, bytes):
                yield model, name


def test_every_field_that_can_hold_text_is_classified() -> None:
    unsaid = sorted({f"{model.__name__}.{name}" for model, name in text_fields() if not kind_of(model.__name__, name)})
    assert unsaid == [], "say in oms/privacy/catalogue.py whose data these fields may hold"


def test_the_catalogue_names_nothing_that_is_gone() -> None:
    known = {(model.__name__, name) for model, name in text_fields()}
    assert sorted(set(PERSONAL) - known) == []
    assert sorted(set(BY_MODEL) - known) == []
    assert sorted(set(BY_NAME) - {name for _, name in known}) == []


def test_clear_personal_data_passes_only_where_it_must() -> None:
    places = {model.__module__ for model, name in text_fields() if kind_of(model.__name__, name) == "personal"}
    assert [place for place in sorted(places) if not place.startswith(_MAY_PASS)] == []


def test_every_personal_field_has_a_place_in_the_envelope_a_purpose_and_a_retention() -> None:
    fields = set(Person.model_fields) - {"id"}
    assert {personal.moved_to for personal in PERSONAL.values()} <= fields | {WHOLE}
    assert fields == ALL
    assert {field for purpose in PURPOSES for field in purpose.fields} == fields
    assert {personal.retention for personal in PERSONAL.values()} <= set(RETENTION)


def test_no_field_takes_a_card_number() -> None:
    named = [
        f"{model.__name__}.{name}" for model in models() for name in model.model_fields if _CARD_FIELD.search(name)
    ]
    assert named == []
    assert "creditcard" not in re.sub(r"[^a-z]", "", (ROOT / "events/openapi.json").read_text().casefold())


def test_f2_no_model_has_a_float() -> None:
    floats = [
        f"{model.__name__}.{name}"
        for model in models()
        for name, field in model.model_fields.items()
        if holds(field.annotation, float)
    ]
    assert floats == []


def test_f16_no_xml_parser_is_loaded_so_no_entity_is_ever_expanded() -> None:
    parsers = re.compile(r"^\s*(?:import|from)\s+(xml|lxml|defusedxml|xmltodict|expat)\b", re.MULTILINE)
    found = [path.name for path in (ROOT / "shared/oms").rglob("*.py") if parsers.search(path.read_text())]
    assert found == []
