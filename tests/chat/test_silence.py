"""What whoever waits for an answer that does not come reads: the same of people and programs, whatever keeps them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from bots.models import BotTurn
from chat.models import Entry
from chat.silence import Silence
from events import clock, runner
from flow.models import Match
from flow.queries import is_answered_by, page_of, rev_of
from tests.bots.test_turns import QUICK
from tests.chat.rooms import Sitter, browser_of, make_match
from tests.chat.safe_rooms import STOP, room
from tests.chat.safe_rooms import TWO as SAFE_TWO
from tests.chat.test_between_people import session_of
from tests.chat.test_ending import began  # noqa: F401  fixtures are found by name
from tests.chat.test_talks import act

pytestmark = pytest.mark.django_db
IDLE = 60  # of the test game
PERSON, PROGRAM = Sitter("talker"), Sitter("talker", "policy", "talkative", settings=QUICK)
FAULTY = Sitter("talker", "policy", "broken", settings=QUICK)
UNANSWERED = "No answer has come for a while. You can wait, write again, or leave this conversation."
UNBEGUN = "Nobody has written for a while. You can begin, wait, or leave this conversation."


def talk(partner: Sitter, **parameters: Any) -> Match:
    return make_match("chatting", PERSON, partner, parameters={"quota": 0, "longest": 1200} | parameters)


def read_by(match: Match, number: int) -> str:
    """What the page of a seat says of silence; "" where it says nothing."""
    silence: Silence | None = page_of(session_of(match, number)).facts["talk"].get("silence")
    return silence.words if silence else ""


def stand(began: datetime, seconds: float) -> None:  # noqa: F811
    clock.stand(began + timedelta(seconds=seconds))


@pytest.mark.parametrize("partner", [PERSON, PROGRAM, FAULTY], ids=["person", "program", "program with a fault"])
def test_whoever_waits_for_an_answer_reads_the_same_whoever_is_silent(began: datetime, partner: Sitter) -> None:  # noqa: F811
    match = talk(partner)
    stand(began, 10)
    act(match, 1, message="Are you there?")
    if partner is FAULTY:
        runner.drain("bots")
        assert BotTurn.objects.get().outcome == "failed", "it will never answer"
    stand(began, 10 + IDLE - 1)
    assert read_by(match, 1) == ""
    before = rev_of(session_of(match, 1))
    stand(began, 10 + IDLE)
    assert read_by(match, 1) == f"{UNANSWERED} Your pay stays the same."
    after = rev_of(session_of(match, 1))
    assert after != before, "so the next question for news brings it"
    assert is_answered_by(session_of(match, 1), before), "what is being written still counts"


def test_browser_reads_it_where_it_was_written_and_is_told_at_its_next_question(began: datetime) -> None:  # noqa: F811
    match = talk(PROGRAM)
    act(match, 1, message="Hello?")
    browser = browser_of(match, 1)
    rev = rev_of(session_of(match, 1))
    assert browser.get("/s/poll", {"rev": rev, "drawn": "1", "read": "1"}).status_code == 204
    stand(began, IDLE)
    news = browser.get("/s/poll", {"rev": rev, "drawn": "1", "read": "1"})
    html = news.content.decode()
    assert news.status_code == 200
    assert html.index("Hello?") < html.index(UNANSWERED) < html.index("<form"), "at the end of what was written"
    assert 'data-silence="answer"' in html
    assert browser.get("/s/poll", {"rev": rev_of(session_of(match, 1))}).status_code == 204, "and not again"


def test_it_counts_from_the_first_message_without_an_answer_and_goes_with_the_answer(began: datetime) -> None:  # noqa: F811
    match = talk(PERSON)
    act(match, 1, message="one")
    stand(began, IDLE - 5)
    act(match, 1, message="two")
    stand(began, IDLE)
    assert read_by(match, 1).startswith(UNANSWERED), "writing once more does not hide it"
    assert read_by(match, 2) == "", "it is they who are silent"
    act(match, 2, message="three")
    assert read_by(match, 1) == ""
    stand(began, 2 * IDLE)
    assert read_by(match, 1) == ""
    assert read_by(match, 2).startswith(UNANSWERED), "now they wait"


def test_where_nobody_has_written_it_says_so(began: datetime) -> None:  # noqa: F811
    match = talk(PERSON)
    stand(began, IDLE)
    assert read_by(match, 1) == read_by(match, 2) == f"{UNBEGUN} Your pay stays the same."
    act(match, 2, message="hello")
    assert (read_by(match, 1), read_by(match, 2)) == ("", "")


def test_how_long_is_for_the_study_to_say(began: datetime) -> None:  # noqa: F811
    match = talk(PERSON, idle=200)
    act(match, 1, message="hello")
    stand(began, 199)
    assert read_by(match, 1) == ""
    stand(began, 200)
    assert read_by(match, 1).startswith(UNANSWERED)


def test_it_is_there_with_a_minimum_that_is_not_met_and_leaving_costs_nothing(began: datetime) -> None:  # noqa: F811
    match = talk(FAULTY, active=900, turns=9)
    act(match, 1, message="hello")
    stand(began, IDLE)
    page = page_of(session_of(match, 1))
    assert page.facts["talk"]["silence"] == Silence(has_begun=True)
    assert [one["label"] for one in page.facts["also"]] == ["Leave this conversation"]
    act(match, 1, then="left")
    match.refresh_from_db()
    assert (match.path, match.status) == ("answer", "open"), "the visit goes on"
    assert session_of(match, 1).participant.status == "active"
    assert Entry.objects.count() == 1


def test_while_somebody_pauses_the_others_read_of_the_pause_alone(began: datetime) -> None:  # noqa: F811
    match = room(*SAFE_TWO)
    act(match, 2, message="hello")
    stand(began, IDLE)
    assert read_by(match, 2).startswith(UNANSWERED)
    act(match, 1, message=STOP)
    act(match, 2, message="What is it?")
    stand(began, 3 * IDLE)
    page = page_of(session_of(match, 2))
    assert page.note.startswith("There is a short pause.")
    assert page.facts["talk"].get("silence") is None
