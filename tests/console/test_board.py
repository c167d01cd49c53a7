"""The board: where everybody is, and nothing that a result could be guessed from."""

import json
import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.urls import reverse
from redis.exceptions import ConnectionError as RedisDown

from console.api import PerResearcher
from console.board import board_of
from events import clock
from events.models import Due, Event
from flow.models import Match, Placing
from matching.models import Ticket
from participants.models import Participant
from studies import definition
from tests.console.conftest import SignIn
from tests.exports import rows

pytestmark = pytest.mark.django_db(transaction=True)


def busy(*, has_replied: bool = True) -> rows.Society:
    """A society at the second step of a match, somebody waiting, somebody gone."""
    society = rows.make_society(rows.make_study())
    late = clock.now() - timedelta(seconds=7)
    match = Match.objects.create(group=society.group, round=1, number=1, path="reply", deadline_at=late)
    for position, name in (("Chooser", "selector"), ("A", "person"), ("B", "computer")):
        Placing.objects.create(match=match, seat=society.seats[name], position=position)
    if has_replied:
        society._act(match, "reply", "person", {"message": "My secret words"})
    waiting = rows.make_participant(society.study, "pwaiting")
    Ticket.objects.create(session=waiting.sessions.get(), version=waiting.version, stage="lobby")
    gone = rows.make_participant(society.study, "pgone")
    gone.status, gone.exit = "finished", "left"
    gone.save()
    return society


def test_board_counts_people_on_their_way() -> None:
    board = board_of(busy().study)
    assert {one.name: one.people for one in board.funnel} == {
        "entered": 4, "consented": 4, "quiz_passed": 4, "waiting": 1, "seated": 2, "finished": 1,
    }  # fmt: skip
    assert [(one.name, one.people) for one in board.exits] == [("left", 1)]
    assert [(one.participant, one.status) for one in board.waiting] == [("pwaiting", "waiting")]


def test_board_names_step_and_whom_it_waits_for() -> None:
    (match,) = board_of(busy().study).matches
    assert (match.group, match.round, match.step) == ("gabcdefghjk", "1 of 2", "reply")
    assert match.waiting_for == "gabcdefghjk-3", "a seat that this step asks nothing is not waited for"


def test_board_names_the_person_in_the_seat_that_is_waited_for() -> None:
    society = busy(has_replied=False)
    person = society.seats["person"].participant
    assert person is not None
    (match,) = board_of(society.study).matches
    assert match.waiting_for == f"gabcdefghjk-2 ({person.code}), gabcdefghjk-3"


def test_board_lists_everybody_who_is_in_the_study() -> None:
    society = busy()
    Participant.objects.filter(code="pwaiting").update(seen_at=clock.now() - timedelta(seconds=90))
    found = {one.participant: one for one in board_of(society.study).people}
    person = society.seats["person"].participant
    assert person is not None
    assert set(found) == {society.selector.code, person.code, "pwaiting"}, "who left is not there"
    assert found[person.code].seat == "gabcdefghjk-2"
    assert found["pwaiting"].seat == ""
    assert 90 <= found["pwaiting"].seen_seconds_ago < 110
    assert [one.participant for one in board_of(society.study).people][-1] == "pwaiting"
    stages = [stage.id for stage in definition.definition(society.selector.version).stages]
    assert found["pwaiting"].stage in stages


def test_board_says_by_how_much_a_step_is_overdue() -> None:
    society = busy()
    (match,) = board_of(society.study).matches
    assert re.fullmatch(r"overdue by ([89]|\d\d) s", match.time_left)
    Match.objects.update(deadline_at=clock.now() + timedelta(seconds=50))
    (match,) = board_of(society.study).matches
    assert re.fullmatch(r"4\d s", match.time_left)
    Match.objects.update(deadline_at=None)
    (match,) = board_of(society.study).matches
    assert match.time_left == ""


def failed(study: int | None = None, **facts: int) -> None:
    """Work that was given up: caused by an event of a study, or a deadline with facts."""
    cause = study and Event.objects.create(kind="session.finished", study_id=study, subject_kind="x", subject_id=1)
    Due.objects.create(
        reaction="x", queue="jobs", key=f"{study}{facts}", event=cause or None, facts=facts,
        run_after=clock.now(), done_at=clock.now(), outcome="failed",
    )  # fmt: skip


def test_board_counts_the_failed_work_of_its_own_study(sign_in: SignIn) -> None:
    society = busy()
    address = reverse("board", args=[society.study.slug])
    browser = sign_in(society.study, "operator")
    assert "></p>" in browser.get(address).content.decode().partition('id="failed"')[2].splitlines()[0]
    other = rows.make_society(rows.make_study("elsewhere"), "gbbbbbbbbbb")
    session = society.selector.sessions.get().pk
    for study, facts in (
        (society.study.pk, {}), (None, {"match": Match.objects.get().pk, "rev": 1}), (None, {"session": session}),
        (other.study.pk, {"session": session}), (None, {"session": other.selector.sessions.get().pk}), (None, {}),
    ):  # fmt: skip
        failed(study, **facts)
    assert board_of(society.study).failed == 3
    assert board_of(other.study).failed == 2
    page = browser.get(address).content.decode()
    assert "ask whoever runs the server: 3</p>" in page


def test_board_shows_neither_conditions_nor_outcomes_nor_words(sign_in: SignIn) -> None:
    society = busy()
    browser = sign_in(society.study, "operator")
    page = browser.get(reverse("board", args=[society.study.slug])).content.decode()
    data = browser.get(reverse("api_board", args=[society.study.slug])).json()
    for hidden in ("disclosed", "hidden", "points", "secret words", "policy"):
        assert hidden not in page.partition("<main")[2]
        assert hidden not in json.dumps(data)


def test_api_answers_what_the_page_shows_and_takes_nothing(sign_in: SignIn) -> None:
    society = busy()
    browser = sign_in(society.study, "operator")
    url = reverse("api_board", args=[society.study.slug])
    found = browser.get(url).json()
    assert [one["people"] for one in found["funnel"]] == [4, 4, 4, 1, 2, 1]
    assert browser.post(url).status_code == 405
    assert browser.get(reverse("api_studies")).json()["studies"][0]["role"] == "operator"


def test_api_slows_down_whoever_asks_too_often_and_works_without_redis(sign_in: SignIn) -> None:
    society = busy()
    browser = sign_in(society.study, "operator")
    url = reverse("api_board", args=[society.study.slug])
    with patch.object(PerResearcher, "rate", "2/min"):
        assert [browser.get(url).status_code for _ in range(3)] == [200, 200, 429]
    with patch("rest_framework.throttling.SimpleRateThrottle.allow_request", side_effect=RedisDown):
        assert browser.get(url).status_code == 200
