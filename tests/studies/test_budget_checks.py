"""What a study file may say of what models cost: each code, one way to cause it; and what an amendment may change."""

import os
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings

from config.places import ROOT
from studies.changes import differences, not_amendable
from studies.prices import FREE, listed, price_of
from studies.problems import Problem, StudyError
from studies.schema_budget import Cap, Price
from studies.services import freeze, open_study
from studies.yaml_file import parse
from tests.studies.conftest import Folder
from tests.studies.test_safety_checks import chatting_is_installed, companion  # noqa: F401  fixtures are found by name
from tests.studies.test_study_ethics import with_model

MODEL = '{name: stub/fair, daily_cost_usd: "0.00", price: {input: "0", output: "0"}, run_by: the lab itself}'
KNOWN = 'name: openai/gpt-4o-mini, daily_cost_usd: "5.00"'
OWN = 'name: lab/own, daily_cost_usd: "5.00", price: {input: "1", output: "2"}'


@pytest.fixture
def asking(folder: Folder) -> Folder:
    """The sound study with a language model as its partner."""
    with_model(folder, "Be fair.")
    return folder


def ours(folder: Folder) -> list[Problem]:
    return [one for one in folder.problems() if one.code.startswith(("E85", "W85", "E100", "E101", "E102"))]


def said(folder: Folder, model: str, budget: str = "") -> None:
    folder.change(MODEL, f"{{{model}, run_by: the lab itself}}")
    folder.write(folder.text() + (f"budget: {budget}\n" if budget else ""))


@pytest.mark.parametrize(
    ("model", "budget"),
    [
        (KNOWN, ""),
        (KNOWN, '{study: {hard_usd: "20.00", soft_usd: "20.00"}, person: {hard_tokens: 50000}}'),
        (OWN, '{call: {hard_usd: "0.01"}, day: {hard_usd: "1.00"}, session: {soft_tokens: 9000}}'),
        ('name: lab/own, daily_cost_usd: "0.00"', "{study: {hard_tokens: 9000000}}"),
        ('name: lab/own, daily_cost_usd: "0.00"', "{day: {hard_tokens: 90000}, person: {soft_tokens: 900}}"),
        ('name: lab/own, daily_cost_usd: "0.00", price: {input: "0", output: "0"}', '{day: {hard_usd: "1.00"}}'),
        ('name: scripted/any, daily_cost_usd: "0.00"', '{day: {hard_usd: "1.00"}}'),
        ('name: scripted/any, daily_cost_usd: "1.00"', ""),
    ],
)
def test_sound_budget_has_nothing_to_mend(asking: Folder, model: str, budget: str) -> None:
    said(asking, model, budget)
    assert [str(one) for one in ours(asking)] == []


@pytest.mark.parametrize(
    ("model", "budget", "code", "path", "words"),
    [
        ('name: lab/own, daily_cost_usd: "5.00"', "", "E850", "partners.computer.model.price",
         "daily_cost_usd cannot be kept. Write what a million tokens cost"),
        ('name: lab/own, daily_cost_usd: "0.00"', '{study: {hard_usd: "9.00"}}', "E850",
         "partners.computer.model.price", "daily_cost_usd and budget.study cannot be kept"),
        ('name: lab/own, daily_cost_usd: "0.00"', '{study: {hard_usd: "9.00", hard_tokens: 900000}}', "E850",
         "partners.computer.model.price", "so budget.study cannot be kept"),
        ('name: lab/own, daily_cost_usd: "0.00"', '{study: {hard_tokens: 9000}, person: {soft_usd: "1.00"}}', "E850",
         "partners.computer.model.price", "so budget.person cannot be kept"),
        ('name: lab/own, daily_cost_usd: "0.00"', "", "E850", "partners.computer.model.price",
         'so daily_cost_usd cannot be kept. Write what a million tokens cost in USD: price: {input: "0.15"'),
        ('name: lab/own, daily_cost_usd: "0.00"', "", "E850", "partners.computer.model.price",
         '"0.60"}, or "0" for both if it is free.'),
        ('name: lab/own, daily_cost_usd: "0.00"', "{person: {hard_tokens: 9000}, call: {hard_tokens: 9000}}", "E850",
         "partners.computer.model.price", "daily_cost_usd cannot be kept"),
        (KNOWN, '{day: {hard_usd: "1.00", soft_usd: "1.01"}}', "E851", "budget.day.soft_usd", "above hard_usd 1.00"),
        (KNOWN, "{person: {hard_tokens: 9000, soft_tokens: 9001}}", "E851", "budget.person.soft_tokens", "leave it"),
        (OWN.replace("5.00", "0.000799"), "", "E852", "partners.computer.model.daily_cost_usd", "0.0008 USD"),
        (OWN, "{call: {hard_tokens: 400}}", "E852", "budget.call.hard_tokens", "may need 400"),
        (OWN, '{session: {hard_usd: "0.0001"}}', "E852", "budget.session.hard_usd", "no call would ever be made"),
        (KNOWN.replace("5.00", "0.00"), "", "E853", "partners.computer.model.daily_cost_usd", "costs nothing"),
        (OWN.replace("5.00", "0.00"), "", "E853", "partners.computer.model.daily_cost_usd", "Write what it may cost"),
        (KNOWN, '{person: {hard_usd: 5}}', "E102", "budget.person.hard_usd", "in quotes"),
        (KNOWN, '{persons: {hard_usd: "5"}}', "E101", "budget.persons", "Did you mean person?"),
    ],
)  # fmt: skip
def test_limit_that_cannot_be_kept_is_refused_with_its_place(
    asking: Folder, model: str, budget: str, code: str, path: str, words: str
) -> None:
    said(asking, model, budget)
    (found,) = ours(asking)
    assert (found.code, found.path) == (code, path)
    assert words in f"{found.what} {found.remedy}"


def test_model_that_is_asked_instead_has_a_price_too(asking: Folder) -> None:
    said(asking, KNOWN)
    personas = "personas: [prompts/fair.md]"
    other = 'fallback: {model: {name: lab/own, daily_cost_usd: "1.00", run_by: the lab itself}}'
    asking.change(personas, f"{personas}\n    on_failure: {{{other}}}")
    assert [one.path for one in ours(asking)] == ["partners.computer.on_failure.fallback.model.price"]


def test_budget_without_a_model_is_warned_of(folder: Folder) -> None:
    folder.write(folder.text() + 'budget: {study: {hard_usd: "9.00"}}\n')
    found = folder.one("W850")
    assert (found.path, found.severity) == ("budget", "warning")


@pytest.mark.parametrize(
    ("model", "budget", "is_warned"),
    [
        (KNOWN, "", True),
        (KNOWN, '{day: {hard_usd: "9.00"}, study: {hard_usd: "9.00"}, call: {hard_usd: "0.10"}}', True),
        (KNOWN, '{person: {soft_usd: "1.00"}}', True),
        (KNOWN, '{person: {hard_usd: "1.00"}}', False),
        (KNOWN, "{session: {hard_tokens: 50000}}", False),
        ('name: lab/own, daily_cost_usd: "0.00"', "{day: {hard_tokens: 90000}}", True),
        ('name: scripted/any, daily_cost_usd: "1.00"', "", False),
        ('name: lab/own, daily_cost_usd: "0.00", price: {input: "0", output: "0"}', "", False),
    ],
)
def test_one_person_who_can_use_up_the_day_of_all_is_warned_of(
    companion: Folder,  # noqa: F811  a fixture
    model: str,
    budget: str,
    is_warned: bool,
) -> None:
    talking(companion, model, quota=0)
    companion.write(companion.text() + (f"budget: {budget}\n" if budget else ""))
    found = [one for one in companion.problems() if one.code == "W851"]
    assert [one.path for one in found] == (["partners.computer.model"] if is_warned else [])
    assert all("writes on and on in game/talk" in one.what and "study cost" in one.remedy for one in found)


def test_quota_of_messages_is_an_end_as_well(companion: Folder) -> None:  # noqa: F811  a fixture
    talking(companion, KNOWN, quota=3)
    assert "W851" not in companion.codes()


def talking(folder: Folder, model: str, *, quota: int) -> None:
    folder.change('name: scripted/one, daily_cost_usd: "0.00"', model)
    folder.change("experiment: chatting\n", f"experiment: chatting\n        parameters: {{quota: {quota}}}\n")


def test_limits_and_prices_may_be_amended_and_the_model_may_not(asking: Folder) -> None:
    said(asking, OWN, '{day: {hard_usd: "1.00"}}')
    before = parse(asking.text(), name="study.yaml").data
    asking.change('price: {input: "1", output: "2"}', 'price: {input: "1", output: "3"}')
    asking.change('daily_cost_usd: "5.00"', 'daily_cost_usd: "6.00"')
    asking.change('budget: {day: {hard_usd: "1.00"}}', 'budget: {day: {hard_usd: "2.00"}, study: {hard_tokens: 90000}}')
    after = parse(asking.text(), name="study.yaml").data
    found = differences(before, after)
    assert len(found) >= 4
    assert not_amendable(found, before) == []
    asking.change("name: lab/own", "name: lab/other")
    renamed = differences(before, parse(asking.text(), name="study.yaml").data)
    assert [one.path for one in not_amendable(renamed, before)] == ["partners.computer.model.name"]


def test_price_is_the_files_then_nothing_for_what_runs_here_then_the_lists(settings: LazySettings) -> None:
    declared = Price(input=Decimal(1), output=Decimal(2))
    assert price_of("openai/gpt-4o-mini", declared) == declared
    assert price_of("scripted/any") == FREE
    known = price_of("openai/gpt-4o-mini")
    assert known is not None
    assert known.output > known.input > 0
    assert listed("openai/gpt-4o-mini") == listed("gpt-4o-mini") == known
    assert listed("elsewhere/gpt-4o-mini") is None, "a namesake"
    assert price_of("lab/own") is None
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"*": "llm.providers.scripted.ask"}
    assert price_of("openai/gpt-4o-mini") == FREE, "in an installation that asks nobody outside"
    assert price_of("openai/gpt-4o-mini", declared) == FREE, "it is the model's price, which is not asked"
    assert price_of("scripted/any", declared) == declared, "as the file says of what it names itself"


@pytest.mark.parametrize(
    ("cap", "told"),
    [
        ({"hard_usd": "5.00"}, (4, None)),
        ({"hard_tokens": 100}, (None, 80)),
        ({"hard_usd": "5.00", "soft_usd": "1.00"}, (1, None)),
        ({"soft_tokens": 7}, (None, 7)),
        ({}, (None, None)),
    ],
)
def test_soft_limit_is_four_fifths_unless_it_is_said(cap: dict[str, Any], told: tuple[int | None, int | None]) -> None:
    found = Cap.model_validate(cap)
    assert (found.told_usd, found.told_tokens) == told


@pytest.mark.django_db
def test_study_is_not_opened_where_a_price_has_become_unknown(asking: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    said(asking, KNOWN)
    study = freeze(asking.path).study
    monkeypatch.setattr("studies.prices._list", dict)
    with pytest.raises(StudyError, match=r"openai/gpt-4o-mini costs.*amend its price") as refused:
        open_study(study)
    assert refused.value.code == "price_unknown"
    monkeypatch.undo()
    open_study(study)


def test_library_itself_is_not_loaded_to_read_its_list() -> None:
    code = "from config.wsgi import application; from studies.prices import listed; import sys; "
    code += "assert listed('gpt-4o-mini'); print('litellm' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=_environment())
    assert done.stdout.strip().splitlines()[-1:] == ["False"], done.stderr


def _environment() -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT / "platform"), str(ROOT)])
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": paths}
