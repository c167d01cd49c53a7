"""Asking that one's data be deleted: at any time, once, without any effect on the pay."""

from functools import partial
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from events import runner
from events.models import Due, Event
from flow.errors import FlowError
from flow.queries import rev_of
from flow.services import rescue, sessions
from matching.models import Seat, Ticket
from measures.models import Answer
from participants.models import Participant
from recruitment.models import Settlement
from scheduling.models import Session
from tests.machinery.people import MakeVersion, at_once, at_stage, fresh, go_on, page, send, stage_id
from tests.stages.test_stage_kinds import after_the_game, right_check, seated
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
ERASE = "exports.tasks.erase"


def person_of(session: Session) -> Participant:
    return Participant.objects.get(pk=session.participant_id)


def is_gone(session: Session) -> bool:
    runner.drain("jobs")
    person = person_of(session)
    differences = check(person.study, late_after_seconds=3600).differences
    assert [str(one) for one in differences] == []
    return person.erased_at is not None and not Answer.objects.filter(session=session).exists()


def test_in_the_waiting_room_the_place_is_given_up_and_the_data_go_at_once(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "lobby")
    assert Answer.objects.filter(session=session).exists()
    sessions.leave(session.pk, withdraw=True)
    assert Ticket.objects.get().status == "left"
    assert is_gone(session)
    assert Settlement.objects.get().waiting_minor > 0


def test_last_page_does_not_say_when_it_was_done(make_version: MakeVersion) -> None:
    """With a model in the group it is done two minutes later: who reads the page must not learn that."""
    session = at_stage(make_version(), "quiz")
    sessions.leave(session.pk, withdraw=True)
    before = page(session).note
    assert is_gone(session)
    assert page(session).note == before
    assert "asked us to delete" in before


def test_in_the_game_the_others_play_on_and_the_data_go_when_it_is_over(make_version: MakeVersion) -> None:
    here = seated(make_version, game={"parameters": {"rounds": 1}})
    for one in here:
        send(one, told=right_check())
    gone = next(one for one in here if Seat.objects.get(session=one).role == "giver")
    sessions.leave(gone.pk, withdraw=True)
    assert not is_gone(gone)
    assert Due.objects.filter(reaction=ERASE, outcome="").count() == 1
    rescue.end_group(Seat.objects.get(session=gone).group.code, reason="a test")
    Due.objects.filter(reaction=ERASE, outcome="").update(run_after=person_of(gone).withdrawn_at)
    assert is_gone(gone)


def test_at_the_debrief_two_clicks_are_one_and_keep_or_delete_is_the_first(make_version: MakeVersion) -> None:
    session = go_on(after_the_game(make_version)[0])
    assert stage_id(session) == "debrief"
    rev = rev_of(fresh(session))
    clicks = [{"withdraw": "1"}, {}, {"withdraw": "1"}, {}]
    results = at_once([partial(sessions.submit, session.pk, key=uuid4(), rev=rev, data=data) for data in clicks])
    outcomes = [str(one.outcome) for one in results if isinstance(one, sessions.Result)]
    assert sorted(outcomes) == ["stale", "stale", "stale", "stored"]
    said = Event.objects.filter(kind__in=["data.kept", "participant.withdrawn"], subject_id=session.participant_id)
    assert said.count() == 1
    assert (person_of(session).status == "withdrawn") == (said.get().kind == "participant.withdrawn")
    assert Settlement.objects.get(participant=session.participant_id).base_minor == 400


def test_after_the_end_a_request_by_mail_deletes_and_pays_as_before(
    make_version: MakeVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    session = go_on(go_on(after_the_game(make_version)[0]))
    paid = Settlement.objects.get().total_minor
    person = person_of(session)
    assert person.status == "finished"
    call_command("participant", "withdraw", person.code, "--reason", "mail of Monday")
    assert f"{person.code} has left by completed" in capsys.readouterr().out
    assert person_of(session).exit == "completed"
    assert is_gone(session)
    assert Settlement.objects.get().total_minor == paid
    with pytest.raises(CommandError, match="deleted already"):
        call_command("participant", "withdraw", person.code, "--reason", "again")


def test_request_by_mail_ends_a_visit_that_goes_on(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "quiz")
    with pytest.raises(FlowError, match="say why"):
        rescue.withdraw(session.participant.code, reason="")
    assert rescue.withdraw(session.participant.code, reason="mail") == "withdrawn"
    assert (person_of(session).status, fresh(session).status) == ("withdrawn", "finished")
    assert is_gone(session)


def test_many_requests_at_once_are_one_withdrawal(make_version: MakeVersion) -> None:
    session = at_stage(make_version(), "quiz")
    code = session.participant.code
    work = [lambda: rescue.withdraw(code, reason="mail")] * 3 + [lambda: sessions.leave(session.pk, withdraw=True)] * 3
    at_once(work)
    assert Event.objects.filter(kind="participant.withdrawn").count() == 1
    assert Due.objects.filter(reaction=ERASE, outcome="").count() == 1
    assert is_gone(session)
    assert Event.objects.filter(kind="participant.erased").count() == 1
