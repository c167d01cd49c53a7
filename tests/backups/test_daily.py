"""One backup a day, by one of several sweepers; a failure is seen, and tried again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from config.backups import archive, daily, programs, services
from config.backups.errors import BackupError
from config.places import ROOT
from console.upkeep import backup_standing
from events import clock, due, runner, signs
from events.models import Beat, Due, Event
from tests.backups.databases import url_of

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = 3


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """Where the daily backups go; they are on."""
    settings.BACKUP_HOUR, settings.BACKUP_FOLDER, settings.BACKUP_DAYS = HOUR, tmp_path / "backups", 30
    return tmp_path / "backups"


def make_due(*, key: str = "2026-11-26") -> int:
    """The row of a day, due long ago."""
    at = clock.now() - timedelta(minutes=5)
    return Due.objects.create(reaction=services.REACTION, queue="jobs", key=key, run_after=at, created_at=at).pk


def run(due_id: int) -> str:
    """Do the work of a row as a sweeper does."""
    (claim,) = due.claim_ids([due_id])
    return runner.run(claim)


def open_rows() -> list[Due]:
    return list(Due.objects.filter(reaction=services.REACTION, outcome="").order_by("run_after"))


def test_next_backup_is_at_the_hour_of_today_or_tomorrow(folder: Path) -> None:
    assert daily.next_after(datetime(2026, 11, 26, 2, 59, 59, tzinfo=UTC)) == datetime(2026, 11, 26, 3, tzinfo=UTC)
    assert daily.next_after(datetime(2026, 11, 26, 3, tzinfo=UTC)) == datetime(2026, 11, 27, 3, tzinfo=UTC)


def test_plan_makes_one_row_however_many_plan(folder: Path, settings: Any) -> None:
    daily.plan()
    daily.plan()
    (row,) = open_rows()
    assert row.run_after == daily.next_after(clock.now())
    assert row.key == f"{row.run_after:%Y-%m-%d}"
    Due.objects.all().delete()
    settings.BACKUP_HOUR = None
    daily.plan()
    assert open_rows() == []


def test_day_is_backed_up_noted_and_followed_by_the_next(folder: Path) -> None:
    assert run(make_due()) == "made"
    (file,) = folder.glob("*.tar")
    assert {one.name for one in folder.iterdir()} == {file.name, "erasures.jsonl"}, "the list of deletions is beside it"
    assert archive.checked(file).rows["events_due"] >= 2
    made = Event.objects.get(kind="backup.made")
    assert (made.facts["file"], made.facts["by"]) == (file.name, "sweeper")
    assert Beat.objects.get(name="backup.made").facts["bytes"] == file.stat().st_size
    (following,) = open_rows()
    assert following.run_after == daily.next_after(clock.now())
    assert backup_standing().state == "fresh"


def test_day_that_was_made_is_not_made_again(folder: Path) -> None:
    assert run(make_due()) == "made"
    assert run(make_due()) == "made_before"
    assert Event.objects.filter(kind="backup.made").count() == 1


def test_row_is_left_alone_where_backups_are_off(folder: Path, settings: Any) -> None:
    settings.BACKUP_HOUR = None
    assert run(make_due()) == "off"
    assert not folder.exists()
    assert open_rows() == []


def test_two_sweepers_make_one_backup(folder: Path, tmp_path: Path) -> None:
    due_id = make_due()
    with sweepers(2, folder, tmp_path) as started:
        wait_until(lambda: Due.objects.get(pk=due_id).outcome != "", started, seconds=90)
        time.sleep(3)  # for whoever would make a second one
    assert Due.objects.get(pk=due_id).outcome == "made"
    assert [archive.checked(file).rapport != "" for file in folder.glob("*.tar")] == [True]
    assert Event.objects.filter(kind="backup.made").count() == 1
    assert [row.key for row in open_rows()] == [f"{daily.next_after(clock.now()):%Y-%m-%d}"]


@contextmanager
def sweepers(count: int, folder: Path, home: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Some sweepers, each a process, on the test's database."""
    variables = {
        "DATABASE_URL": url_of(programs.address_of(connection)),
        "RAPPORT_HOME": str(home),
        "RAPPORT_BACKUP_HOUR": str(HOUR),
        "RAPPORT_BACKUP_FOLDER": str(folder),
    }
    argv = [sys.executable, str(ROOT / "manage.py"), "sweep"]
    started = [subprocess.Popen(argv, env={**os.environ, **variables}, cwd=ROOT) for _ in range(count)]
    try:
        yield started
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(30)


def wait_until(is_so: Callable[[], bool], started: list[subprocess.Popen[bytes]], *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert all(process.poll() is None for process in started), "a sweeper ended"
        assert time.monotonic() < until, f"not so within {seconds} s"
        time.sleep(0.2)


@pytest.fixture
def no_room(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A disk that is full."""

    def full(file: Path, *_rest: Any) -> None:
        raise BackupError("folder_refused", f"{file.parent} does not take the backup")

    with monkeypatch.context() as patched:
        patched.setattr(archive, "write", full)
        yield patched


def test_failure_is_seen_and_tried_again(folder: Path, no_room: pytest.MonkeyPatch, caplog: Any) -> None:
    later = clock.now() + timedelta(hours=6)
    no_room.setattr(daily, "next_after", lambda _now: later)
    due_id = make_due()
    assert run(due_id) == "not_made"
    retry, following = open_rows()
    assert following.run_after == later
    assert retry.key == Due.objects.get(pk=due_id).key
    assert timedelta(minutes=14) < retry.run_after - clock.now() <= daily.AGAIN_AFTER
    assert Event.objects.get(kind="backup.failed").facts == {"code": "folder_refused"}
    assert "backup failed" in caplog.text
    assert (backup_standing().state, backup_standing().error) == ("failing", "folder_refused")
    no_room.undo()
    Due.objects.filter(pk=retry.pk).update(run_after=clock.now() - timedelta(seconds=1))
    assert run(retry.pk) == "made"
    assert backup_standing().state == "fresh"


def test_failure_waits_for_the_next_day_when_that_is_near(
    folder: Path, no_room: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = clock.now() + timedelta(minutes=10)
    monkeypatch.setattr(daily, "next_after", lambda _now: soon)
    run(make_due())
    assert [row.run_after for row in open_rows()] == [soon]


def test_researchers_are_told_of_missing_old_and_failing_backups(folder: Path, settings: Any, client: Client) -> None:
    client.force_login(User.objects.create(username="researcher", is_staff=True))

    def told() -> tuple[str, str]:
        page, status = client.get("/researcher/").content.decode(), client.get("/statusz").json()["backup"]
        return status["state"], page.partition('<p class="note">')[2].partition("</p>")[0]

    assert told() == ("none", "There is no backup of this installation yet. Tell whoever runs it.")
    signs.beat("backup.made")
    assert told() == ("fresh", "")
    Beat.objects.update(at=clock.now() - timedelta(hours=27))
    state, said = told()
    assert (state, "more than a day ago" in said) == ("old", True)
    signs.beat("backup.failed", code="no_program")
    state, said = told()
    assert (state, "(no_program)" in said) == ("failing", True)
    settings.BACKUP_HOUR = None
    assert told() == ("off", "")
