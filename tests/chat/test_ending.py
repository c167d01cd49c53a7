"""When a talk may be ended, and that it ends: by one for all, by all, alone, or at its longest."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from bots.queries import Address, heard_of
from bots.rules import spoken
from chat.models import Conversation, Entry
from events import clock, runner
from flow.errors import FlowError
from flow.models import Match
from flow.queries import is_answered_by, page_of, rev_of
from flow.services import games, rounds
from matching.models import Seat
from scheduling.models import Session
from tests.bots.test_turns import QUICK
from tests.chat.rooms import Sitter, make_match
from tests.chat.test_talks import act, asked

pytestmark = pytest.mark.django_db
TWO = [Sitter("talker"), Sitter("talker")]
BOT = Sitter("talker", "policy", "talkative", settings=QUICK)


@pytest.fixture
def began() -> datetime:
    """A clock that stands."""
    clock.simulate()
    at = clock.now()
    clock.stand(at)
    return at


def talk(*sitters: Sitter, **parameters: Any) -> Match:
    return make_match("chatting", *sitters, parameters={"quota": 0, "longest": 1200} | parameters)


def offered(match: Match, number: int) -> bool:
    return "then" in {field.key for field in asked(match, number).fields}


def path(match: Match) -> str:
    match.refresh_from_db()
    return match.path


def test_end_is_offered_when_the_talk_was_alive_for_long_enough(began: datetime) -> None:
    match = talk(*TWO, active=150)
    clock.stand(began + timedelta(seconds=1000))
    assert not offered(match, 1), "of a silence a minute counts"
    act(match, 1, message="hello")
    clock.stand(began + timedelta(seconds=1060))
    act(match, 2, message="hello")
    assert not offered(match, 1)
    clock.stand(began + timedelta(seconds=1090))
    assert offered(match, 1)
    assert offered(match, 2)


def test_button_comes_without_a_word_and_makes_no_answer_old(began: datetime) -> None:
    match = talk(*TWO, active=50)
    session = Session.objects.get(seats__number=1, seats__group=match.group)
    before, page = rev_of(session), page_of(session)
    clock.stand(began + timedelta(seconds=51))
    after = page_of(session)
    assert rev_of(session) != before == page.rev
    assert is_answered_by(session, before)
    assert [field.key for field in page.fields] == ["message"]
    assert [field.key for field in after.fields] == ["message", "then"]
    assert rev_of(session) == after.rev


def test_turns_of_ones_own_count_and_others_do_not() -> None:
    match = talk(*TWO, turns=2)
    for text in ("one", "two", "three"):
        act(match, 1, message=text)
    assert offered(match, 1)
    assert not offered(match, 2)
    with pytest.raises(FlowError, match="incomplete"):
        act(match, 2, then="ready")
    assert path(match) == "talk"


def test_one_ends_it_for_all_where_the_talk_says_so() -> None:
    match = talk(*TWO, ends="any", turns=1)
    act(match, 1, message="bye", then="more")
    act(match, 1, then="ready")
    assert path(match) == "answer"
    assert Conversation.objects.get().closed_at is not None


def test_who_is_left_alone_may_go(began: datetime) -> None:
    match = talk(*TWO, active=50)
    clock.stand(began + timedelta(seconds=55))
    act(match, 1, then="ready")
    assert path(match) == "talk"
    assert offered(match, 2)
    other = talk(*TWO, turns=5)
    assert not offered(other, 2)
    with transaction.atomic():
        rounds.leave_seat(games.lock_group(other.group_id), other.group.seats.get(number=1))
    assert offered(other, 2)


@pytest.mark.parametrize(("ends", "label"), [("all", ""), ("all", "AI"), ("any", ""), ("any", "AI")])
def test_talk_of_a_person_with_a_program_ends_when_the_person_ends_it(ends: str, label: str) -> None:
    partner = Sitter("talker", "policy", "talkative", label=label, settings=QUICK)
    match = talk(Sitter("talker"), partner, ends=ends, turns=2)
    for text in ("one", "two"):
        act(match, 1, message=text)
        runner.drain("bots")
    assert Entry.objects.filter(seat__occupant="policy").count() >= 1
    assert path(match) == "talk"
    act(match, 1, then="ready")
    runner.drain("bots")
    assert path(match) == "answer"


def test_program_does_not_end_it_before_a_person_could() -> None:
    match = talk(Sitter("talker"), BOT, turns=3)
    seat = Seat.objects.get(group=match.group, occupant="policy")
    heard = heard_of(Address(match.pk, "talk", seat.pk))
    assert heard is not None
    assert heard.passes
    assert not heard.may_end
    assert spoken({"message": "", "then": "ready"}, heard) is None
    assert spoken({"message": "a", "then": "ready"}, heard) == {"message": "a", "then": "more"}


def test_talk_is_over_at_its_longest_whatever_was_said(began: datetime) -> None:
    match = talk(Sitter("talker"), BOT, active=600, longest=900)
    act(match, 1, message="hello")
    clock.stand(began + timedelta(seconds=903))
    assert games.close_overdue(match_id=match.pk, rev=match.rev) == "closed"
    assert path(match) == "answer"
    assert match.status == "open", "silence is an answer: nothing is void"
    assert Entry.objects.filter(seat__occupant="person").count() == 1


def test_programs_among_themselves_wait_for_no_minimum() -> None:
    match = talk(BOT, BOT, active=600, turns=99)
    assert offered(match, 1)
    assert offered(match, 2)


def test_program_left_with_another_waits_as_two_people_would(began: datetime) -> None:
    match = talk(Sitter("talker"), BOT, BOT, active=50)
    runner.drain("bots")
    act(match, 1, then="left")
    seats = Seat.objects.filter(group=match.group, occupant="policy")
    heard = [heard_of(Address(match.pk, "talk", seat.pk)) for seat in seats]
    assert [one and one.may_end for one in heard] == [False, False], "a talk of two people could not end yet"
    for second in range(1, 49):
        clock.stand(began + timedelta(seconds=second))
        runner.drain("bots")
        assert path(match) == "talk"
    for second in range(49, 75):
        clock.stand(began + timedelta(seconds=second))
        runner.drain("bots")
    assert path(match) == "answer"
