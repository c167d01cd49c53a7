"""Labels that are drawn for each seat and match, in games that are played: stored, the same again, told at the end."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from events import runner
from flow.labels import label_in
from flow.models import Exposure, Match, Placing
from flow.passing import passing_for_people
from flow.services import rescue
from flow.services.forming import run_groups
from flow.state import MatchState
from matching.models import Group, Seat
from studies.models import Study, Version
from studies.services import load
from tests.exports.test_tables import table
from tests.machinery.people import fresh, version_in
from tests.machinery.quick import quick_study
from tests.verification.played import Played, play
from tests.verification.tampering import change
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)

TOLD = {"approved_by": "ethics board", "reference": "IRB-1", "debrief": "pages/debrief.md"}
DECEPTION = [{"what": what, **TOLD} for what in ("omission", "delay", "false_label")]
FAST = {"min_s": 0, "max_s": 0, "think_s": [0, 0]}


def drawing(home: Path, **labels: Any) -> Version:
    """The test study with labels that are drawn, `person=…` and `computer=…` by other weights where given."""
    even = {"draw": {"Person": 1, "Program": 1}}
    person = {"occupant": "person", "label": labels.get("person", even)}
    computer = {"occupant": "policy", "policies": ["half"], "asked_if_ai": "deny", "delay": FAST}
    partners = {"person": person, "computer": computer | {"label": labels.get("computer", even)}}
    # parts that are shared would be written as anchors, which the format refuses
    said = json.loads(json.dumps({"partners": partners, "deception": DECEPTION}))
    return version_in(home, fill=labels.get("fill"), **said)


def played(version: Version) -> tuple[Played, Group]:
    """Three people and a program play it to its end."""
    found = Played(version)
    people, group = found.seated()
    play(people, group)
    return found, Group.objects.get(pk=group.pk)


def test_every_kind_is_called_everything_and_the_draw_is_stored_with_the_match(tmp_path: Path) -> None:
    version = drawing(tmp_path)
    found = [played(version)[0] for _ in range(6)][-1]  # 18 labels of programs: in a million runs 8 draw one only
    placings = list(Placing.objects.select_related("seat", "match__group__version"))
    crossed = Counter((one.seat.kind, one.label) for one in placings)
    assert set(crossed) == {(kind, label) for kind in ("human", "ai") for label in ("Person", "Program")}
    assert {one.seat.label for one in placings} == {""}, "no seat has a label for all matches"
    assert [one.label for one in placings] == [label_in(one.match, one.seat) for one in placings]
    for match in Match.objects.all():
        assert {place.label for place in MatchState(match).places} <= {"Person", "Program"}
    runner.drain("jobs")  # no worker runs here, and on a slow machine their work would be late
    assert [str(each) for each in check(found.study).differences] == []


def test_truth_and_label_are_columns_of_their_own(tmp_path: Path) -> None:
    found, _group = played(drawing(tmp_path))
    seats = {row["seat"]: row for row in table(found.study, "seats")}
    assert {(row["label"], row["knows_labels"]) for row in seats.values()} == {("", "own|partners|rivals")}
    assert {(row["kind"], row["asked_if_ai"]) for row in seats.values()} == {("human", ""), ("ai", "deny")}
    for row in table(found.study, "placings"):
        assert row["match_label"] in ("Person", "Program")
        assert row["kind"] == seats[row["seat"]]["kind"]
    assert {row["asked_if_ai"] for row in table(found.study, "bot_turns")} == {"deny"}


def test_only_one_partner_may_be_drawn(tmp_path: Path) -> None:
    played(drawing(tmp_path, computer={"all": "Program"}))
    shown = {(one.seat.kind, one.label) for one in Placing.objects.select_related("seat")}
    assert {label for kind, label in shown if kind == "ai"} == {None}
    assert {label for kind, label in shown if kind == "human"} == {"Person", "Program"}
    for match in Match.objects.filter(placings__seat__kind="ai"):
        state = MatchState(match)
        assert passing_for_people(state) == set(state.seats), "a program may carry the label of a person here"


def test_program_that_is_never_called_as_people_are_holds_nobody_up(tmp_path: Path) -> None:
    people = {"draw": {"Person": 1, "Human player": 1}}
    played(drawing(tmp_path, person=people, computer={"all": "Program"}))
    matches = list(Match.objects.filter(placings__seat__kind="ai"))
    assert matches
    for match in matches:
        state = MatchState(match)
        assert passing_for_people(state) == {seat.number for seat in state.seats.values() if seat.kind == "human"}
    Seat.objects.update(knows="own")
    for match in matches:
        state = MatchState(match)
        assert passing_for_people(state) == set(state.seats), "where nobody is told, anybody passes"


def test_label_that_was_not_drawn_is_named_by_the_verification(tmp_path: Path) -> None:
    found, _group = played(drawing(tmp_path))
    placing = Placing.objects.order_by("pk").first()
    assert placing is not None
    change(placing, label="Program" if placing.label == "Person" else "Person")
    assert {each.what for each in check(found.study).differences} == {"label of a seat in a match"}


def test_stand_in_for_somebody_whose_label_was_drawn_is_called_as_its_own_entry_says(tmp_path: Path) -> None:
    fill = {"after_seconds": 30, "label_as": "computer"}
    people, group = Played(drawing(tmp_path, computer={"all": "Program"}, fill=fill)).seated()
    taker = next(person for person in people if person.role == "taker")
    rescue.replace(fresh(taker.session).participant.code, policy="half", reason="a test", exit_name="inactive")
    stand_in = Seat.objects.get(group=group, is_stand_in=True)
    assert (stand_in.label, stand_in.knows) == ("Program", "own|partners|rivals")


LABELS = ("Person", "AI")


def selecting(home: Path, who_knows: Any) -> Version:
    """Partner selection with drawn labels, played by groups without people."""

    def drawn(said: dict[str, Any]) -> None:
        for partner in said["partners"].values():
            partner["label"] = {"draw": dict.fromkeys(LABELS, 1)}
        said["deception"].append({**said["deception"][0], "what": "false_label"})
        said["told"]["who_knows"] = who_knows
        said["groups"]["society"]["fill"] = {"after_seconds": 8, "label_as": "person", "policies": ["fair"]}

    return load(quick_study(home, change=drawn), seed="seed", is_open=True)


def shown_in(group: Group) -> list[tuple[str, str, str, str]]:
    """Role, own position, position and label of every card of every page, whatever the page."""
    found = []
    for one in Exposure.objects.filter(match__group=group).select_related("seat"):
        own = Placing.objects.get(match=one.match_id, seat=one.seat_id).position
        found += [(one.seat.role, own, card["position"], card["label"]) for card in one.view["cards"]]
    return found


@pytest.mark.parametrize(
    ("who_knows", "selector", "own", "rival"),
    [
        ("everybody", True, True, True),
        ({"selector": "others", "candidate": "none"}, True, False, False),
        ({"selector": "all", "candidate": "own"}, True, True, False),
        ({"selector": "none", "candidate": ["rivals"]}, False, False, True),
    ],
)
def test_seat_that_is_not_told_gets_no_label_in_any_view(
    tmp_path: Path, who_knows: Any, selector: bool, own: bool, rival: bool
) -> None:
    version = selecting(tmp_path, who_knows)
    (group,) = run_groups(version, "game", n=1)
    runner.drain("bots")
    group.refresh_from_db()
    assert group.status == Group.Status.COMPLETE
    for role, mine, position, label in shown_in(group):
        is_told = selector if role == "selector" else (own if mine == position else rival)
        assert (label in LABELS) if is_told else (label == "")
    for row in table(version.study, "exposures"):
        words = {label for label in LABELS if f"({label})" in row["view"] or f'"label":"{label}"' in row["view"]}
        assert bool(words) <= bool(row["knows_labels"]), "nor in what is remembered of earlier rounds"
        if row["labels_shown"]:
            assert row["kinds_shown"] == "A=ai|B=ai"
    assert [str(each) for each in check(Study.objects.get(pk=version.study_id)).differences] == []
