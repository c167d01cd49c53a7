"""People between visits on the researcher's pages: what became of each visit, who is at risk, and no condition."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from console.board import board_of
from console.visits import MOST_ROWS, at_risk, between_visits, grid_of, visit_counts
from events import clock
from flow.services import rescue, sessions
from participants.models import Participant
from scheduling.models import ScheduledSession, Session
from studies.models import Version
from studies.services import close_study
from tests.console.conftest import SignIn
from tests.console.test_masking import main_of, run
from tests.exports import rows as made
from tests.machinery.people import MakeVersion, make_version, newcomer, page, send, sharing_is_installed  # noqa: F401
from tests.scheduling.test_visits import FILE, START, answer, berlin, enrolled, newest, pass_to, take_part

pytestmark = pytest.mark.django_db(transaction=True)
ARMS = {
    "factors": {"tone": {"levels": ["warm", "cool"]}},
    "conditions": {"cross": ["tone"]},
    "allocation": {"unit": "participant", "at": "entry", "block_sizes": [2]},
}


@pytest.fixture
def version(make_version: MakeVersion) -> Version:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    return make_version(**FILE)


def state_of(grid: Any, code: str) -> list[str]:
    """The states of somebody's visits in the grid."""
    row = next(row for row in grid.rows if row.participant == code)
    return [cell.state for cell in row.cells]


def five(version: Version) -> dict[str, Session]:
    """Who comes, who misses the first, who begins it and stays away, who leaves, who has it deleted."""
    people = {name: enrolled(version) for name in ("comes", "misses", "begins", "leaves", "deletes")}
    pass_to(berlin(2027, 3, 23, 9))
    people["comes"] = take_part(people["comes"])
    answer(people["begins"])
    sessions.leave(people["leaves"].pk)
    sessions.leave(people["deletes"].pk, withdraw=True)
    pass_to(berlin(2027, 3, 25, 13))
    return people


def test_grid_has_a_row_for_each_person_and_a_column_for_each_visit(version: Version) -> None:
    people = five(version)
    codes = {name: session.participant.code for name, session in people.items()}
    grid = grid_of(version.study)
    assert [one.visit for one in grid.visits] == ["talk 1", "talk 2", "talk 3", "final"]
    assert {row.participant for row in grid.rows} == set(codes.values()) - {codes["deletes"]}
    assert state_of(grid, codes["comes"]) == ["completed", "planned", "planned", "planned"]
    assert state_of(grid, codes["misses"]) == ["missed", "planned", "planned", "planned"]
    assert state_of(grid, codes["begins"]) == ["partial", "planned", "planned", "planned"]
    assert state_of(grid, codes["leaves"]) == ["cancelled"] * 4
    first = visit_counts(version.study)[0]
    assert (first.completed, first.missed, first.partial, first.cancelled, first.planned) == (1, 1, 1, 1, 0)
    assert between_visits(version.study) == 3


def test_at_risk_is_who_missed_the_last_or_has_little_time_left(version: Version) -> None:
    people = five(version)
    codes = {name: session.participant.code for name, session in people.items()}
    assert [(row.participant, row.risk) for row in grid_of(version.study, only_at_risk=True).rows] == [
        (codes["misses"], "missed the last one")
    ]
    pass_to(berlin(2027, 3, 27, 19))
    assert at_risk(version.study) == 1, "thirteen hours are left"
    pass_to(berlin(2027, 3, 27, 20) + timedelta(minutes=1))
    found = {row.participant: row.risk for row in grid_of(version.study, only_at_risk=True).rows}
    assert found == {
        codes["comes"]: "not begun, closes in 12 h",
        codes["misses"]: "missed the last one; not begun, closes in 12 h",
        codes["begins"]: "not begun, closes in 12 h",
    }
    take_part(newest(people["comes"]))
    assert codes["comes"] not in {row.participant for row in grid_of(version.study, only_at_risk=True).rows}
    assert len(grid_of(version.study).rows) == 4, "without the filter everybody is there"


def test_rows_come_by_pages(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    five(version)
    monkeypatch.setattr("console.visits.MOST_ROWS", 3)
    assert MOST_ROWS == 100
    first, second = grid_of(version.study), grid_of(version.study, page=2)
    assert (len(first.rows), len(second.rows), first.pages) == (3, 1, 2)
    assert grid_of(version.study, page=99).page == 2
    assert not {row.participant for row in first.rows} & {row.participant for row in second.rows}


def operator(sign_in: SignIn, version: Version) -> Client:
    return sign_in(version.study, "operator")


def test_pages_say_states_in_words_and_as_shapes(version: Version, sign_in: SignIn) -> None:
    people = five(version)
    browser = operator(sign_in, version)
    page = main_of(browser.get(reverse("visits", args=[version.study.slug])))
    row = page.partition(people["misses"].participant.code)[2].partition("</tr>")[0]
    assert re.search(r'<td class="visit missed"><svg class="mark".*?</svg>\s*missed<br>', row, re.DOTALL)
    assert "missed the last one" in row
    assert people["deletes"].participant.code not in page
    some = main_of(browser.get(reverse("visits", args=[version.study.slug]), {"show": "at_risk", "page": "x"}))
    assert people["comes"].participant.code not in some
    board = browser.get(reverse("board", args=[version.study.slug])).content.decode()
    assert ">Visits</a>" in board
    found = browser.get(reverse("api_board", args=[version.study.slug])).json()
    assert found["at_risk"] == 1
    assert [one["missed"] for one in found["visits"]] == [1, 0, 0, 0]
    assert next(one["people"] for one in found["funnel"] if one["name"] == "between") == 3
    for box in re.findall(r"<table", board):
        assert box
    assert board.count("<table") == board.count('class="scroll rows" tabindex="0" role="region"')


def test_study_of_one_visit_has_no_calendar(sign_in: SignIn) -> None:
    study = made.make_study()
    browser = sign_in(study, "operator")
    board = browser.get(reverse("board", args=[study.slug])).content.decode()
    assert reverse("visits", args=[study.slug]) not in board
    assert (
        "Nobody has finished the first visit yet." in browser.get(reverse("visits", args=[study.slug])).content.decode()
    )


def test_command_tells_each_visit_with_its_window_and_excuses(version: Version) -> None:
    people = five(version)
    code = people["misses"].participant.code
    rescue.excuse(code, number=1, reason="ill")
    said = run("participant", "show", code)
    assert "visit            between visits, after intake 1" in said
    assert "visit 1          talk 1: excused (researcher), opens 2027-03-23 07:00, closes 2027-03-25 07:00" in said
    assert "visit 4          final 1: planned; when it opens depends on the visit before" in said
    assert "missed           0; more than 1 end the participation" in said
    assert "excused          1 of at most 2" in said
    said = run("participant", "show", people["begins"].participant.code)
    assert "talk 1: partial (not_finished)" in said
    assert "begun 2027-03-23 08:00, over 2027-03-25 11:00" in said


def test_nothing_there_tells_a_condition_while_data_are_masked(
    make_version: MakeVersion,  # noqa: F811
    sign_in: SignIn,
) -> None:
    clock.simulate()
    clock.stand(START)
    version = make_version(**FILE | ARMS)
    people = [enrolled(version) for _ in range(2)]
    assert {Participant.objects.get(pk=one.participant_id).origin for one in people} == {"link"}
    browser = operator(sign_in, version)
    pages = [main_of(browser.get(reverse("visits", args=[version.study.slug])))]
    pages += [run("participant", "show", one.participant.code) for one in people]
    for said in pages:
        assert not re.search(r"warm|cool|tone|\bcondition=|£|points", said)
    without_names = [
        re.sub(r"last_seen.*", "", said.replace(one.participant.code, ""))
        for one, said in zip(people, pages[1:], strict=True)
    ]
    assert without_names[0] == without_names[1], "two arms, and no difference"
    close_study(version.study)
    assert ScheduledSession.objects.count() == 8


def past_the_quiz(version: Version) -> int:
    return next(one.people for one in board_of(version.study).funnel if one.name == "quiz_passed")


def test_board_counts_people_past_the_quiz_and_not_their_visits(make_version: MakeVersion) -> None:  # noqa: F811
    intake, talk, final = FILE["waves"]
    quiz = {"id": "quiz", "kind": "quiz", "items": "one.yaml", "seconds": 300, "on_fail": {"exit": "failed_quiz"}}
    question = {"id": "again", "type": "choice", "label": "How often do you come?", "correct": "often"}
    options = [{"value": "once", "label": "Once"}, {"value": "often", "label": "Five times"}]
    texts = FILE["texts"] | {"one.yaml": json.dumps([question | {"options": options, "explain": "Five times."}])}
    waves = [intake | {"stages": [*intake["stages"], quiz]}, talk, final]
    clock.simulate()
    clock.stand(START)
    version = make_version(**FILE | {"waves": waves, "texts": texts})
    session = newcomer(version)
    while "again" not in [field.key for field in page(session).fields]:
        session = answer(session)
    assert past_the_quiz(version) == 0, "is at it"
    assert send(session, again="often") == "stored"
    session = answer(newest(session))  # which clock
    assert past_the_quiz(version) == 1, "the first visit ends with it"
    for day in (23, 26):
        pass_to(berlin(2027, 3, day, 9))
        session = take_part(session)
    assert past_the_quiz(version) == 1
