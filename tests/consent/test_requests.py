"""A wish for deletion is a row until nothing of it is left: data, partners' words, datasets, backups."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from chat.models import Entry
from console.board import board_of
from events import clock, runner, signs
from events.models import Event
from exports.errors import ExportError
from exports.held import withheld
from exports.models import Release, Tombstone
from exports.services import releases, review, wishes
from exports.services.bundle import export
from exports.wishes import BACKUPS, DATA, RELEASES, REVIEW, what_is_left
from exports.wishes import wishes as all_wishes
from flow.models import Exposure
from flow.services import rescue
from participants.errors import ParticipantError
from participants.models import WITHDRAWN_TEXT, ErasureRequest, Participant
from participants.rules import a_month_after
from studies.masking.services import unmask
from tests.consent.test_erasure import ended, show, verified
from tests.consent.trading import files_with, pair_with, participant_of, seat_of, trading
from tests.machinery.people import MakeVersion, at_stage, make_version  # noqa: F401  fixtures are found by name
from tests.verification.played import Played

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def played(tmp_path: Path) -> Played:
    found = trading(tmp_path)
    unmask(found.study, reason="Words are looked for in whole datasets.", by="tests", role="server")
    return found


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, no_color=True)
    return out.getvalue()


@given(at=st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year < 9999))
def test_month_ends_in_the_next_month_and_lasts_28_to_31_days(at: datetime) -> None:
    due = a_month_after(at)
    assert (due.year * 12 + due.month) - (at.year * 12 + at.month) == 1
    assert timedelta(days=28) <= due - at <= timedelta(days=31)
    assert due.time() == at.time()


def test_wish_is_kept_with_the_withdrawal_and_closed_with_the_erasure(make_version: MakeVersion) -> None:  # noqa: F811
    session = at_stage(make_version(), "quiz")
    rescue.withdraw(session.participant.code, reason="mail")
    wish = ErasureRequest.objects.get()
    assert (wish.by, wish.due_at, wish.done_at) == ("researcher", a_month_after(wish.asked_at), None)
    assert what_is_left(wish.participant) == (DATA,)
    runner.drain("jobs")
    wish.refresh_from_db()
    assert wish.done_at is not None
    assert Event.objects.filter(kind="erasure.done", subject_id=wish.participant_id).count() == 1
    buried = Tombstone.objects.filter(participant=wish.participant)
    assert {(one.rule, one.by) for one in buried} == {("withdrawal", "researcher")}
    assert "answers" not in {one.what for one in buried} or min(one.rows for one in buried) > 0


def test_month_counts_from_the_day_on_which_a_letter_came(make_version: MakeVersion) -> None:  # noqa: F811
    session = at_stage(make_version(), "quiz")
    Participant.objects.update(created_at=clock.now() - timedelta(days=20))
    code = session.participant.code
    with pytest.raises(CommandError, match="no day"):
        printed("participant", "delete", code, "--came", "yesterday", "--reason", "mail")
    for day in (clock.now() + timedelta(days=2), clock.now() - timedelta(days=40)):
        with pytest.raises(CommandError, match="name a day between them"):
            printed("participant", "delete", code, "--came", f"{day:%Y-%m-%d}", "--reason", "mail")
    assert not ErasureRequest.objects.exists(), "what is refused changes nothing"
    came = clock.now() - timedelta(days=10)
    assert "has left by withdrawn" in printed(
        "participant", "delete", code, "--came", f"{came:%Y-%m-%d}", "--reason", "mail"
    )
    wish = ErasureRequest.objects.get()
    assert (f"{wish.asked_at:%Y-%m-%d}", wish.due_at) == (f"{came:%Y-%m-%d}", a_month_after(wish.asked_at))
    with pytest.raises(ParticipantError):
        rescue.withdraw(at_stage(make_version(), "quiz").participant.code, reason="mail", came_at=came)


def test_partners_words_wait_to_be_read_and_may_be_deleted_for_good(played: Played, tmp_path: Path) -> None:
    trio, _group = ended(played)
    gone, partner = pair_with(trio, program=False)
    show(partner)
    gone.send(withdraw="1")
    runner.drain("jobs")
    person = participant_of(gone)
    assert what_is_left(person) == (REVIEW,)
    assert "partners' words, to be read" in printed("erasures", played.study.slug)
    held, answers = withheld(played.study)
    with pytest.raises(ExportError, match="why they must go"):
        review.delete(played.study, match=held.match, seat=held.seat, reason="")
    said = ("--reason", "they name her")
    assert "are deleted, in" in printed("withheld", played.study.slug, "--delete", held.match, held.seat, *said)
    assert {one.text for one in Entry.objects.filter(seat=seat_of(partner))} == {WITHDRAWN_TEXT}
    where = seat_of(partner).placings.get()
    cards = [card for row in Exposure.objects.filter(match=where.match) for card in row.view.get("cards", ())]
    assert partner.mark not in str([card for card in cards if card["position"] == where.position])
    assert what_is_left(person) == (REVIEW,), "the answers wait"
    printed("withheld", played.study.slug, "--release", answers.match, answers.seat, "--reason", "read by two of us")
    assert list(withheld(played.study)) == []
    assert ErasureRequest.objects.get().done_at is not None
    assert {one.rule for one in Tombstone.objects.filter(participant=None)} == {"review"}
    assert verified(played) == []


def test_dataset_that_holds_somebody_is_outdated_until_its_copies_are_destroyed(played: Played, tmp_path: Path) -> None:
    trio, _group = ended(played)
    export(played.study, tmp_path / "first")
    export(played.study, tmp_path / "again")
    assert [one.number for one in played.study.releases.all()] == [1], "the same data are the same release"
    for name in ("CHANGES.md", "manifest.json"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert "0 outdated" in printed("study", "releases", played.study.slug)
    gone = pair_with(trio, program=True)[0]
    gone.send(withdraw="1")
    runner.drain("jobs")
    person = participant_of(gone)
    assert what_is_left(person) == (RELEASES,)
    assert board_of(played.study).overdue == 1
    assert "OUTDATED" in printed("study", "releases", played.study.slug)
    export(played.study, tmp_path / "second")
    changes = (tmp_path / "second" / "CHANGES.md").read_text()
    assert "| 1 | 3 | 0 |\n| 2 | 2 | 1 |" in changes
    assert files_with(tmp_path / "second", person.code) == []
    with pytest.raises(CommandError, match="release 2 of trading is not outdated; outdated: 1"):
        printed("study", "releases", played.study.slug, "--retire", "2")
    assert "retired: 1" in printed("study", "releases", played.study.slug, "--retire")
    assert ErasureRequest.objects.get().done_at is not None
    assert board_of(played.study).overdue == 0
    assert Release.objects.get(number=1).retired_by
    assert releases.retire(played.study, [], by="tests") == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE exports_tombstone SET rows = rows + 1",
        "DELETE FROM exports_tombstone",
        "UPDATE exports_release SET sha256 = 'x'",
        "UPDATE exports_release SET retired_at = NULL, retired_by = ''",
        "DELETE FROM exports_release",
    ],
)
def test_tombstones_and_releases_stay_as_they_are_also_for_an_erasure(
    played: Played, tmp_path: Path, statement: str
) -> None:
    trio, _group = ended(played)
    export(played.study, tmp_path / "first")
    trio[0].send(withdraw="1")
    runner.drain("jobs")
    releases.retire(played.study, [1], by="tests")
    for door in ("off", "on"):
        both = f"SET LOCAL rapport.erasing = '{door}'; {statement}"
        with pytest.raises(DatabaseError, match="is refused"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(both)


def test_backups_are_waited_for_until_the_last_that_holds_them_is_gone(make_version: MakeVersion) -> None:  # noqa: F811
    session = at_stage(make_version(), "quiz")
    signs.beat(signs.BACKUP_MADE, oldest=(clock.now() - timedelta(days=5)).isoformat())
    rescue.withdraw(session.participant.code, reason="mail")
    runner.drain("jobs")
    person = Participant.objects.get(pk=session.participant_id)
    assert what_is_left(person) == (BACKUPS,)
    (wish,) = all_wishes()
    assert not wish.is_overdue
    late = clock.now() - timedelta(days=36)
    ErasureRequest.objects.update(asked_at=late, due_at=late + timedelta(days=30))
    (wish,) = all_wishes()
    assert wish.is_overdue, "backups are kept for too long"
    assert wishes.settle() == 0
    signs.beat(signs.BACKUP_MADE, oldest=(clock.now() + timedelta(seconds=1)).isoformat())
    assert wishes.settle() == 1
    assert list(all_wishes()) == []


def test_overdue_wishes_are_counted_on_the_board_and_named_by_the_command(
    make_version: MakeVersion,  # noqa: F811
) -> None:
    version = make_version(is_demo=True)
    session = at_stage(version, "quiz")
    rescue.withdraw(session.participant.code, reason="mail")
    assert (board_of(version.study).requests, board_of(version.study).overdue) == (1, 0)
    ErasureRequest.objects.update(due_at=clock.now() - timedelta(days=1))
    assert (board_of(version.study).requests, board_of(version.study).overdue) == (1, 1)
    said = printed("erasures")
    assert f"{session.participant.code}" in said
    assert "OVERDUE: the data" in said
    assert "1 to be done, 1 overdue" in said
    runner.drain("jobs")
    assert "0 to be done, 0 overdue" in printed("erasures")
    assert "done 20" in printed("erasures", version.study.slug, "--all")


def test_while_masked_nobody_is_told_whose_wish_waits_for_what(make_version: MakeVersion) -> None:  # noqa: F811
    version = make_version()
    done, waits = at_stage(version, "quiz"), at_stage(version, "quiz")
    rescue.withdraw(done.participant.code, reason="mail")
    runner.drain("jobs")
    rescue.withdraw(waits.participant.code, reason="mail")
    lines = [line for line in printed("erasures").splitlines() if "asked" in line]
    assert {line.rpartition("  ")[2] for line in lines} == {"masked while data come in"}
    assert len(lines) == 2, "who is done is told as little as who is not"
