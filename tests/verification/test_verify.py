"""True tables differ in nothing; whatever is made untrue is named, without a key of the database."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from events import runner
from matching.models import Seat
from participants.models import Participant
from scheduling.models import Session
from simulation.ledger import Ledger
from tests.verification import tampered_games, tampered_people, tampered_points
from tests.verification.played import Played
from tests.verification.tampering import CASES, change, person, sql
from verification.check import check
from verification.report import CHECKED, LEDGER, Report

pytestmark = pytest.mark.django_db
FILES = (tampered_games, tampered_people, tampered_points)  # importing them enters their cases
NEVER_LATE = 1e6  # seconds: these tests take longer than due work may


def verified(played: Played) -> Report:
    """A verification by which nothing is late that was due a moment ago."""
    return check(played.study, played.ledger, late_after_seconds=3600)


def test_nothing_differs_in_a_played_study(played: Played) -> None:
    report = verified(played)
    assert [str(each) for each in report.differences] == []
    looked_at_nothing = {name for name in CHECKED if not report.counts[name]}
    # each has tests of its own
    none = {"lasting partners", "memories", "pairs", "visits of pairs", "reminders", "batches"}
    none |= {"messages judged again", "triggers", "words found outside conversations", "answers judged again"}
    none |= {"case numbers", "wishes to be kept apart", "messages that people were asked for", "accounts"}
    none |= {"models of seats", "seats with facts", "acts written before"}
    assert looked_at_nothing == none
    all_of, erased = len(played.ledger), forms_of(played, person(played, "no_group"))
    told = {"acknowledged": all_of, "erased": erased, "found": all_of - erased}
    assert dict(report.ledger) == dict.fromkeys(LEDGER, 0) | told
    assert report.left_out["people erased"] == 1
    ends = {"active", "completed", "declined", "left", "no_group", "withdrawn"}
    assert {name for name in report.standing if name.startswith("people")} == {f"people: {end}" for end in ends}
    assert sum(n for name, n in report.standing.items() if name.startswith("people")) == len(played.people)


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_is_made_untrue_is_named(name: str, played: Played) -> None:
    CASES[name].tamper(played)
    report = verified(played)
    assert set(CASES[name].named) <= {each.what for each in report.differences}, report.as_text()
    assert "770000" not in report.as_text() + report.as_json(), "a primary key"


def rows_of(seat: Seat) -> None:
    """Remove what somebody did."""
    for table in ("flow_act", "flow_exposure", "chat_entry"):
        sql(f"DELETE FROM {table} WHERE seat_id = %s", seat.pk)
    sql("DELETE FROM flow_submission WHERE session_id = %s", seat.session_id)


def forms_of(played: Played, of: Participant) -> int:
    """How many forms somebody was told are stored."""
    number = next(one.number for one in played.people if one.session.participant_id == of.pk)
    return sum(entry.person == number for entry in played.ledger)


@pytest.mark.parametrize("is_gone", [False, True])
def test_what_was_erased_is_no_difference(is_gone: bool, played: Played) -> None:
    withdrawn = person(played, "withdrawn")
    theirs = forms_of(played, withdrawn) + forms_of(played, person(played, "no_group"))
    seat = Seat.objects.get(participant=withdrawn)
    if not is_gone:
        runner.drain("jobs")
    else:  # as of a database from which a person was taken altogether
        rows_of(seat)
        session = Session.objects.get(participant=withdrawn)
        change(seat, participant=None, session=None)
        for table in ("matching_ticket", "measures_answer"):
            sql(f"DELETE FROM {table} WHERE session_id = %s", session.pk)
        for table in ("recruitment_settlement", "participants_consent", "scheduling_session"):
            sql(f"DELETE FROM {table} WHERE participant_id = %s", withdrawn.pk)
        sql("DELETE FROM participants_participant WHERE id = %s", withdrawn.pk)
    report = verified(played)
    assert [str(each) for each in report.differences] == []
    assert {what: n for what, n in report.left_out.items() if n} == {"people erased": 2, "matches with erased acts": 2}
    assert report.ledger["erased"] == theirs > 0
    assert report.ledger["found"] + report.ledger["erased"] == report.ledger["acknowledged"]


def test_form_of_somebody_who_withdrew_is_lost_while_others_of_theirs_are_there(played: Played) -> None:
    withdrawn = person(played, "withdrawn")
    number = next(one.number for one in played.people if one.session.participant_id == withdrawn.pk)
    key = next(entry.key for entry in played.ledger if entry.person == number)
    sql("DELETE FROM flow_submission WHERE key = %s", key)
    assert verified(played).ledger["lost"] == 1


def test_matches_of_other_code_are_not_played_over_again(played: Played) -> None:
    sql("UPDATE studies_version SET experiment_sha256 = %s", json.dumps({"trade": "0" * 64}))
    report = verified(played)
    assert [str(each) for each in report.differences] == []
    assert report.left_out["matches under other code"] == report.counts["matches"]
    assert report.counts["steps"] == 0


def test_words_are_told_by_length_and_hash(played: Played) -> None:
    sql("UPDATE chat_entry SET text = 'my name is Eve' WHERE key = ANY(%s)", [entry.key for entry in played.ledger])
    text = verified(played).as_text()
    assert "14 characters, sha256" in text
    assert "Eve" not in text


def test_command_reports_and_says_by_its_status_whether_something_differs(played: Played, tmp_path: Path) -> None:
    ledger, out = tmp_path / "ledger.jsonl", StringIO()
    kept = Ledger()
    for entry in played.ledger:
        kept.add(entry)
    kept.write(ledger)
    call_command("verify", played.study.slug, "--ledger", str(ledger), "--late", str(NEVER_LATE), stdout=out)
    assert out.getvalue().rstrip().endswith("no difference")
    Participant.objects.filter(exit="completed").update(exit="left")
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify", played.study.slug, "--ledger", str(ledger), "--json", stdout=out)
    assert ended.value.code == 1
    said = json.loads(out.getvalue())
    assert (said["is_clean"], said["ledger"]["found"]) == (False, len(played.ledger) - said["ledger"]["erased"])
    assert "exit of a participant" in {each["what"] for each in said["differences"]}


@pytest.mark.parametrize(
    "arguments", [["unknown"], ["verified", "--ledger", "/nowhere"], ["verified", "--ledger", __file__]]
)
def test_command_that_can_verify_nothing_ends_otherwise(arguments: list[str], played: Played) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("verify", *arguments)
    assert refused.value.returncode == 2
