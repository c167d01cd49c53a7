"""The four declarations beside this file, each short, each played by policies in memory from its study file."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from paradigm import Experiment, Seat
from paradigm.program import is_decided
from paradigm.steps import Decision, Document, Feed, Repeat, Show, Step, Talk
from tests.language.rehearsal import Group, Match

HERE = Path(__file__).parent
NAMES = ["graph8", "feed20", "shared_document", "dilemma"]


def study_of(name: str) -> dict[str, Any]:
    """The study file of a declaration."""
    found: dict[str, Any] = yaml.safe_load((HERE / name / "study" / "study.yaml").read_text())
    return found


def played(name: str, seed: str = "1") -> Group:
    """One group without people, as its study file says, played to the end."""
    study = study_of(name)
    experiment: Experiment = import_module(f"tests.language.{name}.experiment").experiment
    roles = next(iter(study["groups"].values()))["roles"]
    kinds = [role for role, seats in roles.items() for _ in range(seats["ai"])]
    seats = [Seat(number, role, "ai") for number, role in enumerate(kinds, start=1)]
    pool = study["partners"]["computer"]["policies"]
    policies = {seat.number: pool[seat.number % len(pool)] for seat in seats}
    parameters = experiment.parameters.model_validate(study["waves"][0]["stages"][0]["parameters"])
    return Group(experiment, seats, parameters, policies=policies, seed=seed).play()


def only_match(group: Group) -> Match:
    """The match of a group that plays one round together."""
    assert len(group.matches) == 1
    return group.matches[0]


@pytest.mark.parametrize("name", NAMES)
def test_declaration_fits_on_a_screen(name: str) -> None:
    assert len((HERE / name / "experiment.py").read_text().splitlines()) <= 60


@pytest.mark.parametrize("name", NAMES)
def test_declaration_needs_nobody_and_is_the_same_for_the_same_seed(name: str) -> None:
    first, again = played(name), played(name)
    assert all(seats.get("humans", 0) == 0 for seats in study_of(name)["groups"]["society"]["roles"].values())
    assert [play.points for play in first.plays] == [play.points for play in again.plays]
    assert [match.done for match in first.matches] == [match.done for match in again.matches]
    assert [match.said for match in first.matches] == [match.said for match in again.matches]


@pytest.mark.parametrize("name", NAMES)
def test_declaration_has_a_page_for_every_step_of_its_roles(name: str) -> None:
    group = played(name)
    pages = {file.stem for file in (HERE / name / "study" / "pages" / "game").glob("*.md")}
    shown = {
        view.page or f"{path.rpartition('/')[2]}_{place.role}"
        for match in group.matches
        for path, place, view in match.shown
    }
    assert shown | {"void", "sit_out"} == pages


@pytest.mark.parametrize("seed", ["1", "2", "3", "4", "5"])
def test_graph_is_eight_seats_with_sixteen_links_and_messages_to_neighbours_only(seed: str) -> None:
    match = only_match(played("graph8", seed))
    assert len(match.places) == 8
    assert len({frozenset(edge) for edge in match.edges}) == 16
    assert all(one != other for one, other in match.edges)
    linked = {frozenset(edge) for edge in match.edges}
    for path, acts in match.done.items():
        for seat, act in acts.items():
            told = [key.partition("@")[2] for key in act if key.startswith("note@")]
            assert all(frozenset((str(seat), position)) in linked for position in told), path
            assert len(told) == (sum(str(seat) in edge for edge in linked) if "talking" in path else 0)
    assert sorted(match.done) == ["final", *(f"talking:{turn}/message" for turn in (1, 2, 3, 4))]


def test_graph_view_shows_only_what_was_sent_to_oneself_in_the_turn_before() -> None:
    match = only_match(played("graph8"))
    for path, place, view in match.shown:
        turn = 5 if path == "final" else int(path[len("talking:")])
        sent = match.done.get(f"talking:{turn - 1}/message", {})
        heard = {f"{s}: {act[f'note@{place.position}']}" for s, act in sent.items() if f"note@{place.position}" in act}
        assert {f"{line.who}: {line.text}" for line in view.lines} == heard


def test_feed_is_twenty_seats_within_their_quota_and_points_to_what_is_there() -> None:
    group = played("feed20")
    match = only_match(group)
    step = group.experiment.steps[0]
    assert isinstance(step, Talk)
    assert isinstance(step.channel, Feed)
    said = match.said["feed"]
    assert {entry.seat for entry in said} == set(range(1, 21))
    assert all(sum(entry.seat == seat for entry in said) == 3 for seat in range(1, 21))
    assert {entry.kind for entry in said} == {"post", "comment", "vote"}
    for entry in said:
        if entry.kind != "post":
            target = said[entry.facts["to"] - 1]
            assert target.seq < entry.seq
            assert target.kind != "vote"
            assert target.seat != entry.seat


@pytest.mark.parametrize("seed", ["1", "2", "3", "4", "5"])
def test_document_gathers_every_clue_so_that_all_find_the_answer(seed: str) -> None:
    group = played("shared_document", seed)
    match = only_match(group)
    step = group.experiment.steps[0]
    assert isinstance(step, Talk)
    assert isinstance(step.channel, Document)
    assert all(entry.facts["section"] in step.channel.sections for entry in match.said["draft"])
    last = [entry.text for entry in match.said["draft"] if entry.facts["section"] == "facts"][-1]
    assert all(clue in last for clue in ("not Ann", "not Bob", "Cem has no alibi"))
    assert set(group.plays[0].points.values()) == {10}


def test_document_view_gives_a_seat_its_own_packet_and_no_other() -> None:
    group = played("shared_document")
    for _, place, view in only_match(group).shown:
        assert view.facts["packet"] == group.dealt[place.seat]["id"]
    assert sorted(facts["id"] for facts in group.dealt.values()) == ["f1", "f2", "f3"]


def test_dilemma_meets_new_partners_and_ends_supergames_by_chance() -> None:
    group = played("dilemma")
    pairs = [frozenset(place.seat for place in play.places) for play in group.plays]
    assert len(pairs) == 12
    lengths = {len(match.done) for match in group.matches}
    assert len(lengths) > 1
    for first in range(1, 3):  # 6 seats: 5 rounds are possible without a repeat; by this rule at least the second
        assert not set(pairs[(first - 1) * 3 : first * 3]) & set(pairs[first * 3 : (first + 1) * 3])


def test_dilemma_pays_what_the_matrix_says_and_strategies_remember_one_turn() -> None:
    worth = {("C", "C"): 3, ("C", "D"): 0, ("D", "C"): 5, ("D", "D"): 1}
    for match in played("dilemma").matches:
        one, other = (place.seat for place in match.places)
        turns = [(acts[one]["move"], acts[other]["move"]) for acts in match.done.values()]
        assert turns[0] == ("C", "C")
        assert match.finished.points == {
            one: sum(worth[turn] for turn in turns),
            other: sum(worth[turn[::-1]] for turn in turns),
        }


@pytest.mark.parametrize(
    ("steps", "path", "is_decided_there"),
    [
        ([Decision("a", "x"), Show("b")], "a", False),
        ([Decision("a", "x"), Show("b")], "b", True),
        ([Decision("a", "x"), Decision("c", "x", voids_match=False), Show("b")], "c", True),
        ([Show("b"), Talk("t"), Show("d")], "b", False),
        ([Show("b"), Talk("t"), Show("d")], "d", True),
        ([Repeat("r", [Decision("a", "x"), Show("b")]), Show("d")], "r:1/b", False),
        ([Repeat("r", [Show("b"), Show("c")]), Show("d")], "r:2/c", True),
        ([Repeat("r", [Decision("a", "x"), Show("b")]), Show("d")], "d", True),
        ([Show("b"), Decision("a", "x", when=lambda _: False)], "b", False),
    ],
)
def test_match_is_decided_once_only_pages_and_answers_follow(
    steps: list[Step], path: str, is_decided_there: bool
) -> None:
    assert is_decided(steps, path) is is_decided_there
