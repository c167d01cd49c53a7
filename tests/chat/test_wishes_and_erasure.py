"""A report with a wish not to meet somebody again, while their data, or one's own, are being deleted."""

from threading import Thread
from uuid import uuid4

import pytest

from chat import services
from chat.models import Conversation, Report
from events import due
from events.claim import Claim
from exports.services import erasure
from flow.models import Match
from flow.services import games, sessions
from matching import apart
from matching.models import KeptApart
from participants.models import Participant
from scheduling.models import Session
from tests.chat.rooms import Sitter, end_talk, make_match
from tests.chat.test_talks import act
from tests.consent.test_erasure_races import slowed

pytestmark = pytest.mark.django_db(transaction=True)
SAID = "He asked where I live."


@pytest.fixture
def match() -> Match:
    """Two who have been in a conversation; their game is over, and so is their part."""
    match = make_match("chatting", Sitter("talker"), Sitter("talker"), parameters={"quota": 0})
    act(match, 2, message="where do you live?")
    end_talk(match)
    for seat in match.group.seats.all():
        games.act(match_id=match.pk, path="answer", seat_id=seat.pk, values={"number": 3}, source="person")
    assert set(Participant.objects.values_list("status", "exit")) == {("finished", "completed")}
    return match


def session_of(match: Match, number: int) -> Session:
    return Session.objects.select_related("participant").get(seats__number=number, seats__group=match.group)


def report(match: Match) -> None:
    """The first of the two reports what was said, and does not want to meet the other again."""
    talk = Conversation.objects.select_related("match__group__version__study").get(match=match)
    session, seat = session_of(match, 1), match.group.seats.get(number=1)
    services.report(talk, seat, key=uuid4(), reason="harm", text=SAID, session=session, is_apart=True)


def asked(match: Match, number: int) -> Claim:
    """The work of deleting the data of one of the two, who has asked for it."""
    sessions.delete_data(session_of(match, number).participant_id)
    (claim,) = [one for one in due.claim("jobs", limit=99) if one.reaction == erasure.ERASE]
    return claim


def is_erased(match: Match, number: int) -> bool:
    return Participant.objects.get(pk=session_of(match, number).participant_id).erased_at is not None


def test_wish_about_somebody_whose_data_are_deleted_while_it_is_kept_goes_with_them(
    match: Match, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, threads = asked(match, 2), list[Thread]()
    monkeypatch.setattr(apart, "keep", slowed(apart.keep, lambda: erasure.erase(claim), threads))
    report(match)
    threads[0].join(10)
    assert is_erased(match, 2)
    assert not KeptApart.objects.exists()
    assert Report.objects.get().text == SAID, "what is somebody else's stays"


def test_wish_about_somebody_whose_data_are_being_deleted_is_not_kept(
    match: Match, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, threads = asked(match, 2), list[Thread]()
    monkeypatch.setattr(erasure, "_bury", slowed(erasure._bury, lambda: report(match), threads))
    assert erasure.erase(claim) == "erased"
    threads[0].join(10)
    assert Report.objects.get().is_apart, "the report is there"
    assert not KeptApart.objects.exists()


def test_report_of_somebody_who_asks_for_deletion_while_it_is_kept_goes_with_their_data(
    match: Match, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = list[Thread]()
    slow = slowed(services.look_at_report, lambda: erasure.erase(asked(match, 1)), threads)
    monkeypatch.setattr(services, "look_at_report", slow)
    report(match)
    threads[0].join(10)
    assert is_erased(match, 1)
    row = Report.objects.get()
    assert (row.text, row.is_apart) == ("", False)
    assert not KeptApart.objects.exists()


def test_answer_of_the_team_to_who_asks_for_deletion_meanwhile_goes_with_their_data(
    match: Match, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(match)
    threads = list[Thread]()
    slow = slowed(services._record, lambda: erasure.erase(asked(match, 1)), threads)
    monkeypatch.setattr(services, "_record", slow)
    services.answer_report(Report.objects.get().pk, answer=f"He told us: {SAID}")
    threads[0].join(10)
    assert is_erased(match, 1)
    assert Report.objects.get().answer == ""
