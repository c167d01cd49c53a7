"""Script, omniscient and private with models in the seats: what each is told, asked and made to say, row by row."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from bots.batches.rules import Order
from bots.forecast import forecast, frozen_prompts
from bots.models import BotTurn, FailedTurn
from bots.private import facts_in
from bots.run import run_order
from experiments.private_information.dialogue import act_of, turns_of
from exports.codebook import version_rows
from flow.models import Act, Exposure
from llm.models import Call
from matching.models import Group, Seat
from matching.seating import KNOWN
from studies import definition, registry
from studies.models import Version
from studies.services import freeze
from tests.bots import sides
from tests.experiments.private_studies import copied
from tests.verification.tampering import change
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _sides(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"openai": "tests.bots.sides.ask"}
    sides.asked.clear()


@pytest.fixture
def version(tmp_path: Path) -> Version:
    return freeze(copied(tmp_path, "modes").path, seed="3")


def played(version: Version, mode: str) -> Group:
    """One group of a mode, played to its end."""
    run_order(version, Order(1, f"mode={mode}"))
    return Group.objects.get(condition=f"mode={mode}")


def calls_of(seat: Seat) -> list[Call]:
    turns = BotTurn.objects.filter(seat=seat).values_list("pk", flat=True)
    return [
        call for call in Call.objects.order_by("pk") if int(call.scope.rpartition("/turn:")[2].split(":")[0]) in turns
    ]


def words_of(call: Call) -> str:
    return "\n".join(message["content"] for message in call.prompt)


def seats_of(group: Group) -> tuple[Seat, Seat]:
    first, second = group.seats.order_by("role")
    assert (first.role, second.role) == ("first", "second")
    return first, second


def secret_of(seat: Seat) -> str:
    return next(text for key, text in facts_in(seat.dealt).items() if key.endswith("secret"))


def differences(version: Version) -> set[str]:
    """The names of what a verification finds different."""
    return {each.what for each in check(version.study, late_after_seconds=3600).differences}


def test_private_tells_a_side_its_own_facts_in_every_prompt_and_no_other(version: Version) -> None:
    group = played(version, "private")
    assert group.status == Group.Status.COMPLETE
    for seat, other in (seats_of(group), seats_of(group)[::-1]):
        assert seat.settings[KNOWN] == "own"
        calls = calls_of(seat)
        assert len(calls) >= 3
        assert all(secret_of(seat) in words_of(call) and secret_of(other) not in words_of(call) for call in calls)
    assert differences(version) == set()


def test_omniscient_tells_both_sides_everything(version: Version) -> None:
    group = played(version, "omniscient")
    assert group.status == Group.Status.COMPLETE
    for seat in (both := seats_of(group)):
        assert seat.settings[KNOWN] == "all"
        assert all(secret_of(one) in words_of(call) for call in calls_of(seat) for one in both)
    assert differences(version) == set()


def test_script_is_one_call_that_is_done_turn_by_turn(version: Version) -> None:
    group = played(version, "script")
    assert group.status == Group.Status.COMPLETE
    first, second = seats_of(group)
    (call,) = Call.objects.all()
    assert calls_of(first) == [call]
    assert calls_of(second) == []
    assert all(text in words_of(call) for seat in (first, second) for text in facts_in(seat.dealt).values())
    turns = turns_of(sides.SCRIPT, "A")
    for step, seat, letter in (("opens", first, "A"), ("answers", second, "B")):
        acts = Act.objects.filter(seat=seat, path__endswith=step).order_by("pk")
        assert [act.values for act in acts] == [act_of(turn.get(letter)) for turn in turns][: len(acts)]
        assert {act.source for act in acts} == {"model"}
    assert [seat.settings[KNOWN] for seat in (first, second)] == ["all", "nothing"]
    assert (first.policy, second.policy) == ("../prompts/author.md", "../prompts/author.md")
    assert differences(version) == set()


@pytest.fixture
def faulty(version: Version, monkeypatch: pytest.MonkeyPatch) -> Version:
    """The study with a view that tells every side everything, and declares what the mode says."""
    sound = registry.experiment("private_information")

    def told_all(place: Any, state: Any) -> Any:
        own = sound.view(place, state)
        other = next(one for one in state.places if one.seat != place.seat)
        texts = facts_in(state.dealt(other.seat)).values()
        return replace(own, tables=[replace(own.tables[0], rows=[*own.tables[0].rows, *(["Other", t] for t in texts)])])

    broken = {"private_information": replace(sound, view=told_all)}
    monkeypatch.setattr("studies.definition.experiment", broken.__getitem__)
    return version


def test_prompt_that_holds_what_is_kept_from_its_seat_ends_the_game_before_a_model_is_asked(faulty: Version) -> None:
    group = played(faulty, "private")
    assert (group.status, group.end_reason) == ("ended", "technical")
    assert sides.asked == []
    assert set(FailedTurn.objects.values_list("error_code", flat=True)) == {"foreign_fact"}


def test_same_view_is_right_where_both_know_everything(faulty: Version) -> None:
    assert played(faulty, "omniscient").status == Group.Status.COMPLETE


def test_verify_finds_another_knowledge_a_page_that_told_and_an_act_that_was_not_written(version: Version) -> None:
    group = played(version, "private")
    first, second = seats_of(group)
    page = Exposure.objects.filter(seat=first).order_by("pk").first()
    assert page is not None
    change(page, view=json.dumps({**page.view, "facts": {"setting": secret_of(second)}}))
    assert "fact that is kept from a seat" in differences(version)
    change(second, settings=json.dumps({**second.settings, KNOWN: "all"}))
    assert "facts known to a seat" in differences(version)
    script = played(version, "script")
    act = Act.objects.filter(match__group=script, path__endswith="answers").order_by("pk").first()
    assert act is not None
    change(act, values=json.dumps({"act": "speak", "words": "I say something of my own."}))
    assert "act that was written" in differences(version)


def test_codebook_is_a_card_of_who_knew_what(version: Version) -> None:
    rows = [row for row in version_rows(version) if row["entry"] == "knowledge"]
    assert {(row["levels"], row["name"]): row["value"] for row in rows} == {
        ("mode=script", "first"): "all", ("mode=script", "second"): "nothing",
        ("mode=omniscient", "first"): "all", ("mode=omniscient", "second"): "all",
        ("mode=private", "first"): "own", ("mode=private", "second"): "own",
    }  # fmt: skip


def test_forecast_asks_for_no_turn_that_is_written(version: Version) -> None:
    said = definition.definition(version)
    (use,) = forecast(said, frozen_prompts(version), participants=0).uses
    low = use.usages[0].calls  # one turn of each, the questions after it, and a script in a third of the groups
    assert low == pytest.approx(said.sample.target * (1 + 4 + 4) / 3)
