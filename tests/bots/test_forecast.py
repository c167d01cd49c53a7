"""What a study file foretells of costs: in order, in proportion, growing with memory; and how it is printed."""

import re
import shutil
from decimal import Decimal
from functools import cache
from io import StringIO
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.conf import settings as configured
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import given, settings
from hypothesis import strategies as st

from bots.forecast import CASES, Forecast, forecast, frozen_prompts, participants_wanted, prompt_files
from bots.scopes import of_reading
from bots.turns import take_turn
from events import clock
from llm.models import Call, Charge
from matching.models import Group
from participants.models import Participant
from studies.check import check_folder
from studies.models import Version
from studies.schema import StudyFile
from tests.bots import answers
from tests.bots.meetings import MODEL, Acquainted, version_with
from tests.bots.test_turns import claims_of

STUDIES = Path(configured.EXPERIMENTS_DIR)
SEVEN = STUDIES / "longitudinal_chat" / "studies" / "seven_chats"
SELECTION = STUDIES / "partner_selection" / "studies" / "main"
RULES: list[dict[str, Any]] = [
    {"kind": "none"}, {"kind": "session"}, {"kind": "window", "messages": 60}, {"kind": "summary", "chars": 8000},
    {"kind": "facts", "max_facts": 200}, {"kind": "full"},
]  # fmt: skip


@cache
def shipped(folder: Path = SEVEN) -> StudyFile:
    found = check_folder(folder).study
    assert found is not None
    return found


def told(folder: Path = SEVEN, **model: Any) -> StudyFile:
    """A shipped study, with other facts of its models."""
    said = shipped(folder).model_dump(mode="json", by_alias=True)
    for partner in said["partners"].values():
        if partner["occupant"] == "model":
            partner["model"] |= model
    return StudyFile.model_validate(said)


def remembering(rule: dict[str, Any]) -> StudyFile:
    said = told().model_dump(mode="json", by_alias=True)
    said["partners"]["companion"]["memory"] = rule
    return StudyFile.model_validate(said)


def of(study: StudyFile, participants: int = 100) -> Forecast:
    return forecast(study, dict.fromkeys(prompt_files(study), "You are a companion. " * 40), participants)


@pytest.mark.parametrize("folder", [SEVEN, SELECTION], ids=["talks", "decisions"])
def test_cases_are_in_order_for_each_use_of_a_model(folder: Path) -> None:
    found = of(told(folder))
    assert found.uses
    for one in found.uses:
        costs = [one.usd(case) for case in range(len(CASES))]
        assert all(cost is not None and cost > 0 for cost in costs)
        assert costs == sorted(costs, key=lambda cost: cost or Decimal(0))
    assert found.usd(0) < found.usd(1) < found.usd(2)


@settings(max_examples=25)
@given(st.integers(0, 5000), st.integers(1, 9))
def test_cost_is_in_proportion_to_people(people: int, times: int) -> None:
    study = shipped()
    few, many = of(study, people), of(study, people * times)
    for case in range(len(CASES)):
        assert float(many.usd(case)) == pytest.approx(float(few.usd(case)) * times, abs=0.001)


def test_calls_of_one_person_are_counted_from_the_file() -> None:
    (kept, wiped) = of(told(), 1).uses
    # Seven conversations, of at least five and at most twenty minutes: 300 s / 90 s, the four messages that are least,
    # 600 / 60 and 1200 / 30 exchanges, and a greeting in each; half of the people at each level of memory.
    for one in (kept, wiped):
        assert [used.calls for used in one.usages] == pytest.approx([7 * 5 / 2, 7 * 11 * 1.05 / 2, 7 * 41 * 2 / 2])


@pytest.mark.parametrize("how", ["regenerate", "drop"])
def test_reply_that_gives_way_to_who_writes_on_is_made_more_often(how: str) -> None:
    said = told().model_dump(mode="json", by_alias=True)
    said["partners"]["companion"]["delivery"] |= {"if_interrupted": how, "most_interruptions": 2}
    kept, anew = (of(study, 1).uses[0].usages for study in (told(), StudyFile.model_validate(said)))
    assert [one.calls for one in anew] == pytest.approx([
        one.calls * times for one, times in zip(kept, (1, 1.2, 3), strict=True)
    ])  # fmt: skip


def test_prompts_grow_with_what_is_remembered() -> None:
    found = {rule["kind"]: of(remembering(rule)).uses[0].usages[1].tokens_in for rule in RULES}
    assert found["none"] < found["session"] < found["summary"] <= found["facts"] < found["full"]
    assert found["session"] < found["window"] < found["full"]


def test_replies_are_no_longer_than_the_model_may_write() -> None:
    for one in of(told(max_tokens=50)).uses:
        for used in one.usages:
            assert used.tokens_out <= used.calls * 50 + 0.001


def test_price_of_the_file_counts_and_what_nobody_knows_is_named() -> None:
    declared = of(told(price={"input": "2.00", "output": "0"}))
    assert declared.usd(1) == pytest.approx(
        sum(Decimal(one.usages[1].tokens_in) * 2 / 1_000_000 for one in declared.uses), abs=Decimal("0.001")
    )
    unknown = of(told(name="lab/own"))
    assert (unknown.usd(2), unknown.unpriced) == (0, ["lab/own"])


def test_screening_is_a_use_of_its_own() -> None:
    said = told().model_dump(mode="json", by_alias=True)
    model = {"name": "openai/gpt-4o-mini", "daily_cost_usd": "1.00", "max_tokens": 20}
    said["safety"]["replies"]["classifier"] = {"model": model, "prompt": "prompts/hold.md"}
    found = of(StudyFile.model_validate(said))
    assert [one.line for one in found.uses] == ["reply", "safety", "reply", "safety"]
    replied, screened = found.uses[0].usages[0], found.uses[1].usages[0]
    assert screened.calls == pytest.approx(replied.calls)


def test_sample_of_groups_wants_the_people_who_fill_them() -> None:
    assert participants_wanted(told(SELECTION)) == 384
    assert participants_wanted(told()) == 120


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("study", "cost", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_command_prints_forecast_limits_and_assumptions_of_a_folder() -> None:
    said = printed(str(SEVEN), "--participants", "10")
    assert "seven-chats: language models for 10 people" in said
    assert "memory=kept: facts" in said
    assert "daily_cost_usd 40.00: days of this limit that all of it uses up: low 0.0" in said
    assert "characters to a token: 5, 4, 3" in said
    assert "share of the interruptions to which a reply may give way (if_interrupted): 0, 0.1, 1" in said
    assert "No dry run to compare with" in said
    assert "budget.person: 1.50 USD: enough in every case" in said
    assert "budget.person: not set" not in said
    assert "expected 0." in said.splitlines()[-1]


def test_command_reckons_groups_where_nobody_takes_part(tmp_path: Path) -> None:
    folder = STUDIES / "private_information" / "studies"
    said = printed(str(folder / "modes"))
    assert "private-information: language models for 60 groups without people" in said
    assert "openai/gpt-4o-mini-2024-07-18: 0.15 USD for a million tokens that it reads, 0.60" in said
    assert " people" not in said.splitlines()[-1].replace("without people", "")
    copytree(folder, tmp_path / "studies")
    file = tmp_path / "studies" / "modes" / "study.yaml"
    text = file.read_text(encoding="utf-8")
    model = text[text.index("      name: openai") : text.index("    label: {all: AI}")]
    file.write_text(text.replace(model, '      name: scripted/one\n      daily_cost_usd: "0.00"\n'), encoding="utf-8")
    assert printed(str(file.parent)).splitlines()[-1].startswith("expected 0.00 USD for 60 groups without people, from")
    assert "nobody knows" not in printed(str(file.parent)).splitlines()[-1]


def test_command_says_that_nothing_is_to_be_paid() -> None:
    said = printed(str(STUDIES / "longitudinal_chat" / "studies" / "demo"))
    assert "asks no language model" in said


@pytest.mark.django_db
def test_command_refuses_what_is_neither_folder_nor_study() -> None:
    with pytest.raises(CommandError, match="nowhere"):
        printed("nowhere")


def test_command_says_where_one_person_can_use_up_the_limits_of_all(tmp_path: Path) -> None:
    copied = Path(shutil.copytree(STUDIES / "longitudinal_chat", tmp_path / "copied")) / "studies" / "seven_chats"
    file = copied / "study.yaml"
    file.write_text(re.sub(r"(?m)^budget:.*$", "", file.read_text()))
    text = "budget.person: not set: one person who writes on and on can use up these limits for everybody"
    assert text in printed(str(copied))


@pytest.fixture
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def asked_daily(version: Version) -> None:
    """What sentinels cost belongs to days, and not to groups."""
    call = Call.objects.create(
        scope=f"{of_reading(version.study_id, 1)}:first:1", attempt=1, model_requested="told/one", prompt=[],
        prompt_sha256="0" * 64, outcome="ok",
    )  # fmt: skip
    Charge.objects.create(
        call=call, root=f"study:{version.study_id}", line="sentinel", keys=[], state="settled", usd=Decimal(5),
        tokens=9, most_usd=Decimal(5), most_tokens=9, lapses_at=clock.now(),
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.usefixtures("_told")
def test_command_sets_a_dry_run_beside_the_forecast() -> None:
    priced = MODEL | {"price": {"input": "1000.00", "output": "2000.00"}, "daily_cost_usd": "900.00"}
    version = version_with(None, model=priced)
    assert "No dry run" in printed(version.study.slug)
    assert set(frozen_prompts(version)) == {"prompts/one.md"}
    for _ in range(2):
        match = Acquainted(version).meet()
        answers.will('{"message": "hello", "then": "more"}')
        for claim in claims_of(match):
            assert async_to_sync(take_turn)(claim) == "delivered"
    Participant.objects.filter(study=version.study).update(origin="demo")
    assert "No dry run" in printed(version.study.slug), "both go on: what a whole one costs is not known"
    Group.objects.update(status=Group.Status.COMPLETE, ended_at=clock.now())
    asked_daily(version)
    said = printed(version.study.slug, "--participants", "7")
    # two groups of one call with 3 tokens in and 4 out: 0.011 USD each
    assert "Dry run: 2 groups, 2 calls, 14 tokens, 0.0220 USD" in said
    assert "0.0110 USD a group; for 7 people (7 groups): 0.0770 USD" in said
    Participant.objects.filter(study=version.study).update(origin="link")
    said = printed(version.study.slug, "--participants", "7")
    assert "held back while conditions are masked" in said
    assert "run" not in said, "read after each group it would tell who has met a model"
