"""What was deleted after a backup is deleted again after a restore of it, or the database is not opened."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.backups import gate, listed, services
from config.backups.errors import BackupError
from config.backups.listed import Line
from config.backups.programs import Address, connect
from config.health import why_not_ready
from config.places import ROOT
from config.refusal import SetupError
from events import clock, runner
from events.models import Beat, Due
from flow.services import rescue
from participants.models import ErasureRequest, Participant
from studies.models import Version
from tests.backups.databases import empty_database, rows, url_of
from tests.machinery.people import at_stage, sharing_is_installed, version_in  # noqa: F401  fixtures are found by name

pytestmark = pytest.mark.django_db(transaction=True)
MARK = "qz7jxfind"


@pytest.fixture
def beside() -> Iterator[Address]:
    with empty_database() as address:
        yield address


@pytest.fixture
def version(tmp_path: Path) -> Version:
    """The test study, open."""
    return version_in(tmp_path, name="restored")


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """Where backups go, and the list beside them."""
    settings.BACKUP_FOLDER = tmp_path / "backups"
    return tmp_path / "backups"


def manage(address: Address, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of an installation that has this database."""
    environment = {**os.environ, "DATABASE_URL": url_of(address), "RAPPORT_HOME": str(home), "RAPPORT_DB_POOL": "none"}
    argv = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(argv, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def places_with(address: Address, words: str) -> list[str]:
    """The columns of a database in which some words stand."""
    columns = rows(
        address,
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type IN ('text', 'character varying', 'json', 'jsonb')",
    )
    with connect(address) as there:
        return [
            f"{table}.{column}"
            for table, column in columns
            if there.execute(f"SELECT 1 FROM {table} WHERE \"{column}\"::text LIKE '%{words}%' LIMIT 1").fetchall()
        ]


def test_restore_deletes_again_what_was_deleted_since(
    version: Version,
    beside: Address,
    folder: Path,
    tmp_path: Path,
) -> None:
    gone, stays, late = at_stage(version, "quiz"), at_stage(version, "quiz"), None
    rescue.extend(gone.participant.code, seconds=60, reason=f"{MARK} rang")
    rescue.extend(stays.participant.code, seconds=60, reason="somebody rang")
    made = services.make(folder)
    late = at_stage(version, "quiz")
    for session in (gone, late):
        rescue.withdraw(session.participant.code, reason="mail")
    runner.drain("jobs")
    asked_at = ErasureRequest.objects.get(participant=gone.participant_id).asked_at
    Due.objects.filter(reaction="config.backups.listed.keep").update(run_after=clock.now())
    runner.drain("jobs")
    lines = listed.read(folder / listed.LIST)
    assert {line.participant for line in lines} == {gone.participant.code, late.participant.code}
    assert MARK not in (folder / listed.LIST).read_text()
    services.restore(made.file, beside)
    assert places_with(beside, MARK) == ["events_event.facts"], "the backup has them as they were"
    refused = manage(beside, tmp_path, "serve", "sweeper")
    assert refused.returncode == 1
    assert "manage.py erasures --again" in refused.stderr
    done = manage(beside, tmp_path, "erasures", "--again", "--list", str(folder / listed.LIST))
    assert done.returncode == 0, done.stderr
    assert "2 in the list: 1 people asked again, 1 of them are deleted" in done.stdout
    assert "1 came after the backup" in done.stdout
    assert places_with(beside, MARK) == []
    found = rows(beside, "SELECT code, status FROM participants_participant ORDER BY id")
    assert found == [(gone.participant.code, "withdrawn"), (stays.participant.code, "active")]
    assert rows(beside, "SELECT asked_at FROM participants_erasurerequest") == [(asked_at,)], "the month goes on"
    assert rows(beside, "SELECT name FROM events_beat WHERE name = 'restore.pending'") == []
    assert rows(beside, "SELECT count(*) FROM events_event WHERE kind = 'restore.opened'") == [(1,)]
    again = manage(beside, tmp_path, "erasures", "--again", "--list", str(folder / listed.LIST))
    assert "0 people asked again" in again.stdout, "twice changes nothing"


def test_the_month_goes_on_also_where_it_was_interrupted(version: Version, folder: Path) -> None:
    person = at_stage(version, "quiz").participant
    asked_at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    rescue.withdraw(person.code, reason=services.WHY)  # and then whoever did this was killed
    folder.mkdir()
    line = Line(asked_at, version.study.slug, participant=person.code, asked_at=asked_at)
    (folder / listed.LIST).write_text(f"{line.as_json()}\n")
    done = services.delete_again(folder / listed.LIST)
    assert (done.asked, done.erased) == (1, 1)
    request = ErasureRequest.objects.get(participant=person)
    assert (request.asked_at, request.due_at) == (asked_at, datetime(2026, 2, 28, 12, tzinfo=UTC))


def test_command_finds_the_list_beside_the_file(
    version: Version,
    beside: Address,
    folder: Path,
    tmp_path: Path,
) -> None:
    session = at_stage(version, "quiz")
    made = services.make(folder)
    rescue.withdraw(session.participant.code, reason="mail")
    listed.write_down(folder)
    done = manage(beside, tmp_path, "restore", str(made.file))
    assert done.returncode == 0, done.stderr
    assert "Deleted again: 1 people, 0 purges, of 1 in the list." in done.stdout
    assert rows(beside, "SELECT erased_at IS NULL FROM participants_participant") == [(False,)]


def test_nothing_is_opened_without_the_list_or_a_reason(
    version: Version,
    beside: Address,
    folder: Path,
    tmp_path: Path,
) -> None:
    at_stage(version, "quiz")
    made = services.make(folder)
    done = manage(beside, tmp_path, "restore", str(made.file))
    assert "Nothing is opened before" in done.stdout
    assert "there is no list at" in manage(beside, tmp_path, "erasures", "--again").stderr
    assert rows(beside, "SELECT name FROM events_beat") == [("restore.pending",)]
    opened = manage(beside, tmp_path, "erasures", "--again", "--without-list", "the disk with it burned")
    assert "opened without a list" in opened.stdout
    assert rows(beside, "SELECT name FROM events_beat") == []
    said = rows(beside, "SELECT facts ->> 'reason' FROM events_event WHERE kind = 'restore.opened'")
    assert said == [("the disk with it burned",)]


def test_pages_are_not_ready_while_a_restore_is_not_finished() -> None:
    assert why_not_ready() == ""
    Beat.objects.create(name=gate.PENDING)
    assert why_not_ready() == "erasures_pending"
    with pytest.raises(SetupError, match="erasures --again"):
        gate.refuse_closed()


def test_database_that_was_restored_by_other_means_is_noticed_by_the_list(
    version: Version,
    folder: Path,
) -> None:
    session = at_stage(version, "quiz")
    rescue.withdraw(session.participant.code, reason="mail")
    assert listed.write_down(folder) == 1
    gate.refuse_closed()
    Participant.objects.update(status="active", exit="", withdrawn_at=None)
    with pytest.raises(SetupError, match="restored"):
        gate.refuse_closed()


def test_list_keeps_what_the_database_has_lost_and_drops_what_no_backup_can_hold(
    version: Version,
    folder: Path,
    settings: Any,
) -> None:
    settings.BACKUP_DAYS = 30
    session = at_stage(version, "quiz")
    rescue.withdraw(session.participant.code, reason="mail")
    listed.write_down(folder)
    old = Line(clock.now() - timedelta(days=62), "before", participant="pold")
    lost = Line(clock.now() - timedelta(days=50), "before", participant="plost", asked_at=clock.now())
    with (folder / listed.LIST).open("a") as file:
        file.write(f"{old.as_json()}\n{lost.as_json()}\n")
    assert listed.write_down(folder) == 2
    kept = listed.read(folder / listed.LIST)
    assert [line.participant for line in kept] == ["plost", session.participant.code]
    assert kept[0] == lost
    (folder / listed.LIST).write_text("no line\n")
    with pytest.raises(BackupError, match="is damaged"):
        listed.write_down(folder)
