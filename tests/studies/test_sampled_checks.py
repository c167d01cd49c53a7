"""What a study file may say of personas and models that are not the same in every seat."""

import pytest

from studies.changes import AMENDABLE
from studies.check import check, check_folder
from studies.schema_partners import ModelPartner
from tests.studies.conftest import Folder
from tests.studies.test_study_memory import MODEL, POLICY

PERSONAS, ONE = (
    "personas: [prompts/one.md]",
    'model: {name: scripted/one, daily_cost_usd: "0.00", run_by: Our own machine}',
)
SMALL, LARGE = (f'{{name: scripted/{size}, daily_cost_usd: "0.00"}}' for size in ("small", "large"))
BY_LABEL = f"model: {{by: label, values: {{hidden: {SMALL}, marked: {LARGE}}}}}"
DRAWN = f"model: {{draw: {{small: {SMALL}, large: {LARGE}}}, weights: {{large: 3}}}}"
OURS = ("E201", "E202", "E92", "W92", "E1", "E504", "E845", "E533")


@pytest.fixture
def folder(folder: Folder) -> Folder:
    (folder.path / "prompts").mkdir()
    for name in ("one", "two"):
        folder.write(f"You are {name}.", f"prompts/{name}.md")
    folder.change(POLICY, MODEL)
    return folder


def said(folder: Folder) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in check(folder.path) if one.code.startswith(OURS)]


@pytest.mark.parametrize(
    ("personas", "model"),
    [
        (PERSONAS, BY_LABEL), (PERSONAS, DRAWN),
        ("personas: {by: label, values: {hidden: [prompts/one.md], marked: [prompts/one.md, prompts/two.md]}}", ONE),
        ("personas: {by: label, values: {hidden: [prompts/one.md], marked: [prompts/two.md]}}", DRAWN),
    ],
)  # fmt: skip
def test_personas_and_models_may_follow_a_factor_or_be_drawn(folder: Folder, personas: str, model: str) -> None:
    folder.change(PERSONAS, personas)
    folder.change(ONE, model)
    assert said(folder) == []
    found = check_folder(folder.path)
    assert found.study is not None
    partner = found.study.partners["computer"]
    assert isinstance(partner, ModelPartner)
    assert set(partner.persona_files) <= set(found.files)
    assert len(partner.models) == (1 if model == ONE else 2)


@pytest.mark.parametrize(
    ("old", "new", "code", "path"),
    [
        (PERSONAS, "personas: {by: tone, values: {hidden: [prompts/one.md]}}", "E201", "personas.by"),
        (PERSONAS, "personas: {by: label, values: {hidden: [prompts/one.md]}}", "E202", "personas.values"),
        (
            PERSONAS, "personas: {by: label, values: {hidden: [prompts/no.md], marked: [prompts/one.md]}}", "E103",
            "personas.values.hidden[0]",
        ),
        (PERSONAS, "personas: []", "E100", "personas"),
        (ONE, f"model: {{by: label, values: {{hidden: {SMALL}}}}}", "E202", "model.values"),
        (ONE, f"model: {{by: label, values: {{hidden: {SMALL}, marked: {{name: scripted/x}}}}}}", "E504",
         "model.values.marked.daily_cost_usd"),
        (ONE, f"model: {{draw: {{small: {SMALL}}}}}", "E100", "model.draw"),
        (ONE, DRAWN.replace("large: 3}", "huge: 3}"), "E921", "model.weights.huge"),
        (ONE, BY_LABEL.replace("scripted/large", "large"), "E845", "model.values.marked.name"),
        (ONE, BY_LABEL.replace("scripted/large", "scripted/small").replace('"0.00"}}}', '"1.00"}}}'), "E922",
         "model.values.marked.daily_cost_usd"),
        (ONE, BY_LABEL.replace("scripted/large", "scripted/small"), "W920", "model.values.marked"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(folder: Folder, old: str, new: str, code: str, path: str) -> None:
    folder.change(old, new)
    assert (code, f"partners.computer.{path}") in said(folder)


def test_urn_has_a_size_that_can_be_drawn_from(folder: Folder) -> None:
    folder.change(ONE, DRAWN.replace("large: 3}", "large: 100, small: 100}"))
    folder.change(PERSONAS, f"{PERSONAS}\n    pool: {{weights: {{prompts/one.md: 100}}}}")
    assert ("E921", "partners.computer.model.weights") in said(folder)


@pytest.mark.parametrize("given", ["unit: round, at: formation", "unit: participant, meets: anybody, at: entry"])
def test_factor_is_one_of_the_group(folder: Folder, given: str) -> None:
    folder.change(ONE, BY_LABEL)
    folder.change(
        "{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}", f"{{{given}, block_sizes: [2]}}"
    )
    assert ("E920", "partners.computer.model.by") in said(folder)


@pytest.mark.parametrize("model", [BY_LABEL, DRAWN])
def test_partner_that_lasts_has_one_model(folder: Folder, model: str) -> None:
    folder.change(ONE, f"{model}\n    identity: {{display_name: {{draw_from: [Ann]}}}}")
    assert ("E923", "partners.computer.model") in said(folder)


def test_one_factor_for_persona_and_model_is_two_differences(folder: Folder) -> None:
    folder.change(ONE, BY_LABEL)
    folder.change(PERSONAS, "personas: {by: label, values: {hidden: [prompts/one.md], marked: [prompts/two.md]}}")
    assert said(folder) == [("W921", "partners.computer.model.by")]


@pytest.mark.parametrize(
    ("path", "may_change"),
    [
        ("values.hidden.daily_cost_usd", True),
        ("draw.large.price.input", True),
        ("daily_cost_usd", True),
        ("values.hidden.name", False),
        ("weights.large", False),
    ],
)
def test_limits_and_prices_may_be_amended_and_models_may_not(path: str, may_change: bool) -> None:
    assert any(pattern.search(f"partners.computer.model.{path}") for pattern in AMENDABLE) is may_change
