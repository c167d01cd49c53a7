"""Beliefs as a factor, played to the end through the platform's own doors: what is asked, drawn, paid and exported."""

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from bots.run import run_groups
from events import runner
from exports.services.bundle import export
from flow.awards import awards_of, states_of
from flow.game import game_of
from flow.models import Act, Award, Exposure, Placing
from flow.services.awards import draw_awards
from matching.models import Group, Seat
from studies.models import Study, levels_of
from studies.services import freeze
from tests.exports.test_dataset import read
from tests.machinery.erasing import erasing
from tests.machinery.quick import SHIPPED, stage
from tests.machinery.study_files import read_study, write_study
from tests.sizes import LONG, SIZE
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)

Said = dict[str, Any]
ASK, POSITION, ABOUT = (
    ("none", "checkpoints", "every_round", "random_rounds"),
    ("before", "after"),
    ("return", "type", "both"),
)
# Every pair of settings in `make test`, everything with everything in `make long`.
COMBINATIONS = [
    combination
    for combination in product(ASK, POSITION, ABOUT)
    if SIZE == LONG or sum(map(tuple.index, (ASK, POSITION, ABOUT), combination)) % 2 == 0
]
ROUNDS, PRIZE = 3, 25
FIELDS = {"return": {"expected"}, "type": {"type_ai"}, "both": {"expected", "type_ai"}}


def played(
    tmp_path: Path, parameters: dict[str, Any], *, groups: int = 1, change: Callable[[Said], None] | None = None
) -> Study:
    """Some groups of the demonstration study, with one Chooser and three rounds, played to their end.

    Args:
        change: Last changes to the study file, in place.
    """
    shutil.copytree(SHIPPED, tmp_path / "studies")
    home = tmp_path / "studies" / "demo"
    said: Said = read_study(home)
    said["groups"]["society"]["roles"] = {"selector": {"humans": 1}, "candidate": {"humans": 1, "ai": 1}}
    stage(said, "game")["parameters"] = {"rounds": ROUNDS, "beliefs_rounds": 2} | parameters
    if change:
        change(said)
    write_study(home, said)
    version = freeze(home, seed="7")
    assert run_groups(version, groups).complete == groups
    return version.study


def is_true(study: Study) -> None:
    """The study's tables agree, everything that was drawn is drawn once more."""
    runner.drain("jobs")  # no worker runs here, and on a slow machine their work would be late
    report = check(study)
    assert report.is_clean, report.as_text()
    assert report.counts["awards"] == Award.objects.count()


@pytest.mark.sized
@pytest.mark.parametrize(("ask", "position", "about"), COMBINATIONS)
def test_every_combination_is_played_paid_and_true(tmp_path: Path, ask: str, position: str, about: str) -> None:
    asked = {"beliefs_ask": ask, "beliefs_position": position, "beliefs_about": about}
    study = played(tmp_path, asked | {"beliefs_incentive": "one_random_item", "beliefs_prize": PRIZE})
    step = {"before": "forecast", "after": "expect"}[position]
    acts = Act.objects.filter(path__in=("forecast", "expect", "types"))
    stated = {(act.path, act.match.round, key.partition("@")[0]) for act in acts for key in act.values}
    rounds = {number for path, number, _ in stated if path == step}
    counts = {"none": 0, "checkpoints": 2, "every_round": ROUNDS, "random_rounds": 2}
    assert len(rounds) == counts[ask]
    at_the_end = {("types", ROUNDS, "type_ai")} if ask != "none" and about == "return" else set()
    assert stated == {(step, number, field) for number in rounds for field in FIELDS[about]} | at_the_end
    awards = list(Award.objects.select_related("match", "seat"))
    assert [award.seat.role for award in awards] == ([] if ask == "none" else ["selector"])
    for award in awards:
        assert (award.path, award.match.round, award.field.partition("@")[0]) in stated
        _check(award)
    is_true(study)


def _check(award: Award) -> None:
    """By hand: what was said, what was true, and what follows."""
    name, _, letter = award.field.partition("@")
    partner = Placing.objects.get(match=award.match, position=letter).seat
    decided = Act.objects.get(match=award.match, path="decide", seat=partner).values["returned"]
    truth = {"expected": decided, "type_ai": 100 if partner.kind == Seat.Kind.AI else 0}[name]
    said = Act.objects.get(match=award.match, path=award.path, seat=award.seat).values[award.field]
    tickets = {"expected": 30, "type_ai": 100}[name] ** 2
    assert (award.said, award.truth, award.tickets) == (said, truth, tickets)
    assert award.chances == tickets - (said - truth) ** 2
    assert 1 <= award.ticket <= tickets
    assert award.points == (PRIZE if award.ticket <= tickets - (said - truth) ** 2 else 0)


def test_nothing_is_drawn_where_nothing_is_paid(tmp_path: Path) -> None:
    study = played(tmp_path, {"beliefs_ask": "every_round", "beliefs_about": "both"})
    assert Act.objects.filter(path="expect").count() == ROUNDS
    assert not Award.objects.exists()
    is_true(study)


BY_ASK = {"beliefs_ask": {"by": "ask", "values": {"never": "none", "often": "every_round"}}}


def instead_of_labels(said: Said) -> None:
    """The one factor is whether beliefs are asked; nobody is labelled."""
    said["factors"] = {"ask": {"levels": ["never", "often"]}}
    said["conditions"] = {"cross": ["ask"]}
    said["allocation"] = {"unit": "group", "method": "permuted_block", "block_sizes": [2], "at": "formation"}
    for partner in said["partners"].values():
        partner["label"] = {"all": ""}
    briefing = stage(said, "briefing")
    del briefing["by"]
    briefing["pages"] = {"all": briefing["pages"]["hidden"]}
    for one in briefing["check"]:
        one["correct"] = {"all": one["correct"]["hidden"]}


def by_ask(tmp_path: Path, groups: int) -> Study:
    """Groups of a study whose factor is whether beliefs are asked."""
    parameters = {"beliefs_incentive": "one_random_item", "beliefs_prize": PRIZE, **BY_ASK}
    return played(tmp_path, parameters, groups=groups, change=instead_of_labels)


def test_groups_of_one_level_are_asked_and_groups_of_the_other_are_not(tmp_path: Path) -> None:
    study = by_ask(tmp_path, 4)
    asked: dict[str, Counter[str]] = defaultdict(Counter)
    for group in Group.objects.all():
        steps = Act.objects.filter(match__group=group).values_list("path", flat=True)
        asked[levels_of(group.condition)["ask"]] += Counter(steps)
    assert set(asked) == {"never", "often"}
    assert not {"forecast", "expect", "types"} & set(asked["never"])
    assert (asked["often"]["expect"], asked["often"]["types"]) == (2 * ROUNDS, 2)
    assert asked["often"]["decide"] == asked["never"]["decide"]
    is_true(study)


def test_dataset_tells_what_each_group_played_under_and_what_was_drawn(tmp_path: Path) -> None:
    study = by_ask(tmp_path, 2)
    export(study, tmp_path / "out")
    groups = {row["condition"]: row["parameters"] for row in read(tmp_path / "out", "groups")}
    assert groups == {"ask=never": '{"beliefs_ask":"none"}', "ask=often": '{"beliefs_ask":"every_round"}'}
    (award,) = read(tmp_path / "out", "awards")
    chances = int(award["tickets"]) - (int(award["said"]) - int(award["truth"])) ** 2
    assert int(award["chances"]) == chances
    assert award["probability"] == f"{chances / int(award['tickets']):.6f}"
    assert int(award["points"]) == (PRIZE if int(award["ticket"]) <= chances else 0)
    placings = {(row["match"], row["seat"]): row["points"] for row in read(tmp_path / "out", "placings")}
    assert award["replaced"] == placings[award["match"], award["seat"]]
    beliefs = read(tmp_path / "out", "beliefs")
    assert {row["incentive"] for row in beliefs} == {"one_random_item"}
    same = [row for row in beliefs if (row["match"], row["step"]) == (award["match"], award["step"])]
    named = [row for row in same if (row["field"], row["target"]) == (award["field"], award["target"])]
    assert [row["value"] for row in named] == [award["said"]]
    book = read(tmp_path / "out", "codebook")
    found = {(row["name"], row["levels"]): row["value"] for row in book if row["entry"] == "parameter"}
    assert (found["beliefs_ask", "ask=never"], found["beliefs_ask", "ask=often"]) == ("none", "every_round")
    assert ("rounds", "") in found
    asked = {(row["where"], row["levels"]) for row in book if row["entry"] == "field" and row["name"] == "expected"}
    assert asked == {("game/expect/selector", "ask=often")}


def test_history_that_is_shown_is_by_letter_and_is_the_one_in_the_exposures(tmp_path: Path) -> None:
    """Pages and prompts are made of these rows; no label here, so a letter is all that a past partner is called."""
    by_ask(tmp_path, 1)
    shown = [row for row in Exposure.objects.filter(match__round=2, path="decide") if row.view["tables"]]
    assert len(shown) == 3
    for row in shown:
        (table,) = row.view["tables"]
        assert table["caption"] == "Your last round"
        cells = {str(cell) for line in table["rows"] for cell in line}
        assert not cells & {"AI", "Person", "human", "ai"}
        assert cells <= {"A", "B", "kept", "-", "yes", "no", "not completed"} | {str(n) for n in range(31)}


def drawable(group: Group) -> set[tuple[str, str]]:
    """What may be drawn for anybody: step and kind of each belief, over many seeds."""
    states, found = states_of(group), set()
    for seed in range(60):
        group.version.seed = f"seed {seed}"
        found |= {(award.path, award.what) for award in awards_of(group, game_of(group), states)}
    return found


def test_what_nobody_decided_is_never_drawn(tmp_path: Path) -> None:
    played(tmp_path, {"beliefs_ask": "every_round", "beliefs_incentive": "one_random_item"})
    group = Group.objects.select_related("version").get()
    assert drawable(group) == {("expect", "return"), ("types", "type")}
    with erasing():  # as if nothing had come, and an imputation stood for it
        Act.objects.filter(path="decide", seat__role="candidate").update(source=Act.Source.TIMEOUT)
    assert drawable(group) == {("types", "type")}


@pytest.mark.parametrize("imputed", [True, False])
def test_belief_that_did_not_come_is_as_likely_to_be_drawn_and_wins_nothing(tmp_path: Path, imputed: bool) -> None:
    """Else whoever has earned more in a round than a belief may win had better not answer."""
    study = played(tmp_path, {"beliefs_ask": "every_round", "beliefs_incentive": "one_random_item"})
    group = Group.objects.select_related("version").get()
    before = {(one.match.round, one.path) for one in _awards_of_many(group)}
    with erasing():
        gone: dict[str, Any] = {"source": Act.Source.TIMEOUT} | ({} if imputed else {"values": {}})
        Act.objects.filter(path__in=("expect", "types")).update(**gone)
        Award.objects.all().delete()
    found = _awards_of_many(group)
    assert {(one.match.round, one.path) for one in found} == before
    assert {(one.said, one.chances, one.points) for one in found} == {(None, 0, 0)}
    draw_awards(group, list(group.seats.all()))
    differences = {difference.what for difference in check(study).differences}
    assert not {what for what in differences if what.startswith("award")}, "it is drawn so once more"


def _awards_of_many(group: Group) -> list[Award]:
    """What is drawn under each of many seeds."""
    states, found = states_of(group), []
    for seed in range(60):
        group.version.seed = f"seed {seed}"
        found += awards_of(group, game_of(group), states)
    group.version.refresh_from_db()
    return found


def test_a_void_match_is_never_drawn_from(tmp_path: Path) -> None:
    played(tmp_path, {"beliefs_ask": "every_round", "beliefs_about": "type", "beliefs_incentive": "one_random_item"})
    group = Group.objects.select_related("version").get()
    assert drawable(group) == {("expect", "type")}
    group.matches.update(status="void")
    assert drawable(group) == set()


def test_nothing_is_drawn_for_a_seat_that_was_left(tmp_path: Path) -> None:
    played(tmp_path, {"beliefs_ask": "every_round", "beliefs_incentive": "one_random_item"})
    group = Group.objects.select_related("version").get()
    with erasing():
        Award.objects.all().delete()
    draw_awards(group, list(group.seats.exclude(role="selector")))
    assert not Award.objects.exists()
    draw_awards(group, list(group.seats.all()))
    assert Award.objects.get().seat.role == "selector"
