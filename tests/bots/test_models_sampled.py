"""Personas and models as factors, crossed or drawn: kept with the seat, asked, exported; found out where changed."""

import json
from collections import Counter
from typing import Any

import pytest
from django.db import transaction

from bots.forecast import forecast, frozen_prompts
from bots.run import run_groups
from exports.prereg import _manipulated, of_version
from exports.scope import Scope
from exports.tables.costs import COSTS
from exports.tables.groups import SEATS
from exports.texts import texts_of
from llm.models import Call
from matching.models import Group, Seat
from matching.pools import CHOICE
from matching.services import run_group
from studies import definition
from studies.asked_models import asked_models
from studies.models import Version, levels_of
from studies.pools import drawn_pair, drawn_way
from studies.schema_pools import Pool
from studies.sentinels import watched_models
from tests.bots.test_recording import LOBBY
from tests.chat.rooms import PERSONA, make_version, study_file
from tests.verification.tampering import change
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
SMALL: dict[str, Any] = {"name": "scripted/small", "max_tokens": 50, "daily_cost_usd": "0.00"}
LARGE: dict[str, Any] = {"name": "scripted/large", "max_tokens": 90, "temperature": 0.5, "daily_cost_usd": "0.00"}
WARM, COOL, ODD = "prompts/warm.md", "prompts/cool.md", "prompts/odd.md"
BY_TONE: dict[str, Any] = {"by": "tone", "values": {"warm": [WARM, ODD], "cool": [COOL]}}
BY_SIZE: dict[str, Any] = {"by": "size", "values": {"little": SMALL, "big": LARGE}}
DRAWN: dict[str, Any] = {"draw": {"one": SMALL, "two": LARGE}, "weights": {"two": 2}}
FACTORS = {"tone": ["warm", "cool"], "size": ["little", "big"]}


def version_of(*, personas: Any, model: Any, seats: int = 2, **more: Any) -> Version:
    """A study of groups without people, under two factors that are crossed."""
    said = study_file("chatting", parameters={"quota": 1, "chars": 400})
    said["factors"] = {name: {"levels": levels} for name, levels in FACTORS.items()}
    said["conditions"] = {"cross": list(FACTORS)}
    said["allocation"] = {"unit": "group", "block_sizes": [4], "at": "formation"}
    said["groups"] = {"all": {"roles": {"talker": {"ai": seats}}, "partners": {"ai": "machine"}}}
    said["partners"]["machine"] = {
        "occupant": "model", "personas": personas, "model": model, "asked_if_ai": "admit", "label": {"all": "AI"},
    } | more  # fmt: skip
    said["waves"][0]["stages"].insert(0, LOBBY | {"forms": "all"})
    texts = {f"pages/{page}.md": f"# {page}" for page in ("talk", "void")}
    prompts = {path: f"{PERSONA} You are {path}." for path in (WARM, COOL, ODD)}
    return make_version(said, texts | prompts)


@transaction.atomic
def formed(version: Version) -> Group:
    return run_group(version, "game")


def seats_of(version: Version) -> list[Seat]:
    return list(Seat.objects.filter(group__version=version).select_related("group").order_by("group", "number"))


@pytest.mark.parametrize("personas", [[WARM, COOL, ODD], BY_TONE])
def test_words_of_pages_leave_out_every_prompt(personas: Any) -> None:
    assert set(texts_of(version_of(personas=personas, model=SMALL))["files"]) == {"pages/talk.md", "pages/void.md"}


OURS = {"draw of a seat from its pool", "places of a pool", "model of a seat", "persona of a seat"}


def differences(version: Version) -> set[str]:
    """The names of what a verification finds different."""
    return {each.what for each in check(version.study, late_after_seconds=3600).differences}


# --- the rule ---


def test_one_model_leaves_what_a_pool_draws_as_it_was() -> None:
    pool, ways = Pool.model_validate({"weights": {"a": 3}}), ["a", "b"]
    for at in range(12):
        assert drawn_pair(pool, ways, {"": 1}, seed="s", at=at) == (drawn_way(pool, ways, seed="s", at=at), "")


def test_urn_holds_each_pair_as_often_as_both_weights_say() -> None:
    pool = Pool.model_validate({"weights": {"a": 2}})
    urn = Counter(drawn_pair(pool, ["a", "b"], {"x": 1, "y": 3}, seed="s", at=at) for at in range(12))
    assert urn == {("a", "x"): 2, ("a", "y"): 6, ("b", "x"): 1, ("b", "y"): 3}


# --- by level ---


def test_factors_decide_about_persona_and_model_apart_from_each_other() -> None:
    version = version_of(personas=BY_TONE, model=BY_SIZE)
    groups = [formed(version) for _ in range(8)]
    crossed = {f"size={size},tone={tone}": 2 for size in FACTORS["size"] for tone in FACTORS["tone"]}
    assert Counter(group.condition for group in groups) == crossed
    for seat in seats_of(version):
        levels = levels_of(seat.group.condition)
        assert seat.policy in BY_TONE["values"][levels["tone"]]
        assert seat.settings["model"]["name"] == BY_SIZE["values"][levels["size"]]["name"]
        assert seat.settings[CHOICE] == levels["size"]


def test_model_of_the_level_is_asked_and_every_table_says_so() -> None:
    version = version_of(personas=BY_TONE, model=BY_SIZE)
    assert run_groups(version, 4).complete == 4
    asked = {seat.group.code: seat.settings["model"]["name"] for seat in seats_of(version)}
    called = Call.objects.filter(scope__startswith=f"study:{version.study_id}/")
    assert Counter(called.values_list("model_requested", flat=True)).keys() == {"scripted/small", "scripted/large"}
    rows = list(SEATS.rows(Scope(version.study)))
    assert {(row["group"], row["model"]) for row in rows} == set(asked.items())
    assert {row["model_choice"] for row in rows} == {"little", "big"}
    costs = {(str(row["condition"]), row["model_requested"]) for row in COSTS.rows(Scope(version.study))}
    assert {model for condition, model in costs if "size=big" in condition} == {"scripted/large"}
    assert {model for condition, model in costs if "size=little" in condition} == {"scripted/small"}
    assert check(version.study, late_after_seconds=3600).differences == []


# --- drawn ---


def test_drawn_models_come_as_often_as_their_weights_say() -> None:
    version = version_of(personas=[WARM, COOL], model=DRAWN, seats=6, pool={"draw": "balanced"})
    for _ in range(2):
        formed(version)
    seats = seats_of(version)
    assert Counter((seat.policy, seat.settings[CHOICE]) for seat in seats) == {
        (WARM, "one"): 2, (COOL, "one"): 2, (WARM, "two"): 4, (COOL, "two"): 4,
    }  # fmt: skip
    assert {seat.settings["model"]["max_tokens"] for seat in seats if seat.settings[CHOICE] == "two"} == {90}


def test_balanced_pool_is_balanced_at_each_level_of_the_factor_that_decides_what_is_in_it() -> None:
    version = version_of(personas=BY_TONE, model=DRAWN, seats=1, pool={"draw": "balanced"})
    for _ in range(12):  # three blocks of four: six groups of each tone
        formed(version)
    drawn = Counter((seat.policy, seat.settings[CHOICE]) for seat in seats_of(version))
    assert drawn == {
        (WARM, "one"): 1, (WARM, "two"): 2, (ODD, "one"): 1, (ODD, "two"): 2, (COOL, "one"): 2, (COOL, "two"): 4,
    }  # fmt: skip
    assert not differences(version) & OURS


def test_without_a_pool_each_seat_draws_its_model_by_itself_from_the_seed() -> None:
    version = version_of(personas=[WARM], model=DRAWN, seats=6)
    for _ in range(8):
        formed(version)
    found = Counter(seat.settings[CHOICE] for seat in seats_of(version))
    assert 18 <= found["two"] <= 46  # of 48 at two in three: 32 and a standard deviation of 3.3
    assert not differences(version) & OURS


@pytest.mark.parametrize(
    ("model", "change_of", "named"),
    [
        (DRAWN, {CHOICE: "one"}, "draw of a seat from its pool"),
        (BY_SIZE, {"model": SMALL | {"name": "scripted/other"}}, "model of a seat"),
        (BY_SIZE, {CHOICE: "huge"}, "model of a seat"),
    ],
)
def test_verify_finds_another_model(model: Any, change_of: dict[str, Any], named: str) -> None:
    version = version_of(personas=BY_TONE, model=model)
    formed(version)
    (seat, *_) = seats_of(version)
    if seat.settings[CHOICE] == change_of.get(CHOICE):  # so that it becomes another one, whatever was drawn
        change_of = {CHOICE: "two"}
    change(seat, settings=json.dumps({**seat.settings, **change_of}))
    assert named in differences(version)


def test_verify_finds_another_persona() -> None:
    version = version_of(personas=BY_TONE, model=SMALL)
    formed(version)
    (seat, *_) = seats_of(version)
    change(seat, policy=COOL if levels_of(seat.group.condition)["tone"] == "warm" else WARM)
    assert differences(version) & OURS == {"persona of a seat"}


# --- what else reads the file ---


def test_every_model_is_known_to_limits_sentinels_and_forecast() -> None:
    version = version_of(personas=BY_TONE, model=DRAWN)
    said = definition.definition(version)
    assert [(one.path, one.model.name) for one in asked_models(said)] == [
        (("partners", "machine", "model", "draw", "one"), "scripted/small"),
        (("partners", "machine", "model", "draw", "two"), "scripted/large"),
    ]
    assert list(watched_models(said)) == ["scripted/small", "scripted/large"]
    uses = {use.levels: use for use in forecast(said, frozen_prompts(version), participants=0).uses}
    assert set(uses) == {"model one", "model two"}
    calls = {name: use.usages[1].calls for name, use in uses.items()}
    assert calls["model two"] == pytest.approx(2 * calls["model one"])


def test_registered_plan_says_what_a_level_means() -> None:
    version = version_of(personas=BY_TONE, model=BY_SIZE)
    levels = {one["level"]: one for factor in _manipulated(of_version(version)) for one in factor["levels"]}
    assert levels["warm"]["personas"] == {"machine": f"{WARM}, {ODD}"}
    assert levels["big"]["models"] == {"machine": "scripted/large"}
    assert "models" not in levels["warm"]
