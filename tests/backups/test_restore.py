"""What was backed up is what is restored: every row, sequence and trigger; and nothing where something is wrong."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config.backups import archive, programs, reading, services
from config.backups.errors import BackupError
from config.backups.manifest import Manifest
from config.backups.programs import Address, connect
from config.backups.services import Made
from config.places import ROOT
from config.version import VERSION
from tests.backups.databases import content, definitions, rows, url_of

pytestmark = pytest.mark.django_db
APPEND_ONLY = ["events_event", "flow_act", "chat_entry", "measures_answer", "participants_consent", "studies_version"]


def refused(file: Path, into: Address) -> str:
    """The code with which a restore is refused; the database is as empty as it was."""
    with pytest.raises(BackupError) as error:
        services.restore(file, into)
    assert rows(into, reading.THINGS) == []
    return error.value.code


def test_restored_database_holds_every_row_and_definition(made: Made, empty: Address) -> None:
    ours = programs.address_of(connection)
    done = services.restore(made.file, empty)
    assert rows(empty, "SELECT name FROM events_beat") == [("restore.pending",)], "nothing opens it as it is"
    with connect(empty) as there:
        there.execute("DELETE FROM events_beat")
    found = content(empty)
    assert found == content(ours)
    assert {name: count for name, (count, _) in found.items()} == done.manifest.rows
    assert found["flow_act"][0] > 10
    assert definitions(empty) == definitions(ours)
    assert done.missing == []


def test_manifest_says_what_it_is(made: Made) -> None:
    manifest = archive.checked(made.file)
    assert manifest == made.manifest
    assert (manifest.rapport, manifest.total) == (VERSION, sum(manifest.rows.values()))
    assert {"events.0001_clock_events_and_due", "flow.0001_initial"} <= set(manifest.migrations)
    assert manifest.program.startswith("pg_dump")
    assert Manifest.from_json(manifest.as_json()) == manifest


def test_keys_go_on_where_they_stood(made: Made, empty: Address) -> None:
    services.restore(made.file, empty)
    with connect(empty) as there:
        assert reading.lagging_sequences(there) == []
        highest = there.execute("SELECT max(id) FROM events_event").fetchall()[0][0]
        insert = "INSERT INTO events_event (kind, subject_kind, subject_id, facts) VALUES ('a.test', 'test', 1, '{}')"
        assert there.execute(f"{insert} RETURNING id > %s", [highest]).fetchall() == [(True,)]


def test_sequence_that_lags_is_noticed(made: Made, empty: Address) -> None:
    services.restore(made.file, empty)
    with connect(empty) as there:
        there.execute("SELECT setval(pg_get_serial_sequence('flow_act', 'id'), 1)")
        assert reading.lagging_sequences(there) == ["flow_act_id_seq"]


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_append_only_tables_stay_so(table: str, made: Made, empty: Address) -> None:
    services.restore(made.file, empty)
    with connect(empty) as there, pytest.raises(psycopg.errors.RestrictViolation):
        there.execute(f"DELETE FROM {table}")


def test_file_is_ours_alone_and_nothing_is_left_beside_it(made: Made) -> None:
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.file.parent.stat().st_mode) == 0o700
    assert list(made.file.parent.iterdir()) == [made.file]
    assert archive.NAME.fullmatch(made.file.name)


def test_file_is_read_by_common_programs(made: Made, tmp_path: Path) -> None:
    subprocess.run(["tar", "-xf", made.file, "-C", tmp_path], check=True)
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True, capture_output=True)
    assert json.loads((tmp_path / "manifest.json").read_text())["rapport"] == VERSION
    program = programs.find("pg_restore", server=made.manifest.server)
    listed = subprocess.run([program.path, "--list", tmp_path / "database.dump"], capture_output=True, check=True)
    assert b"TABLE DATA public events_event" in listed.stdout


def test_damaged_file_is_refused_wherever_the_damage_is(made: Made, empty: Address, tmp_path: Path) -> None:
    whole = made.file.read_bytes()
    with tarfile.open(made.file) as tar:
        places = [
            place
            for member in tar.getmembers()
            for place in (member.offset + 2, member.offset_data, member.offset_data + member.size - 1)
        ]
    rng = random.Random("damage")
    places += [rng.randrange(archive.BLOCK, places[2]) for _ in range(10)]  # within the dump, which comes first
    file = tmp_path / "rapport-2026-01-01.tar"
    for place in places:
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x01]) + whole[place + 1 :])
        assert refused(file, empty) in {"damaged", "not_a_backup"}, place
    for length in (0, 100, len(whole) // 2, len(whole) - 3 * archive.BLOCK):
        file.write_bytes(whole[:length])
        assert refused(file, empty) in {"damaged", "not_a_backup"}, length


def test_what_is_no_backup_is_refused(empty: Address, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.tar"
    with tarfile.open(stranger, "w") as tar:
        tar.add(__file__, "something.py")
    for file in (tmp_path / "nowhere.tar", tmp_path, stranger):
        assert refused(file, empty) == "not_a_backup"
    assert refused(Path(__file__), empty) == "damaged"


def test_database_that_holds_anything_is_refused(made: Made, empty: Address) -> None:
    with connect(empty) as there:
        there.execute("CREATE TABLE precious (word text)")
    with pytest.raises(BackupError, match=r"precious.*createdb") as error:
        services.restore(made.file, empty)
    assert error.value.code == "not_empty"
    assert rows(empty, reading.THINGS) == [("precious",)]
    with pytest.raises(CommandError, match="is not empty"):
        call_command("restore", str(made.file))


def forged(made: Made, file: Path, **changes: Any) -> Path:
    """A backup with another manifest, whose checksums are right."""
    said = dataclasses.replace(made.manifest, **changes).as_json().encode()
    sums = f"{made.manifest.sha256}  {archive.DUMP}\n{hashlib.sha256(said).hexdigest()}  {archive.MANIFEST}\n".encode()
    with archive.dump_of(made.file) as dump, tarfile.open(file, "w") as tar:
        for name, data in ((archive.DUMP, dump.read()), (archive.MANIFEST, said), (archive.SUMS, sums)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, BytesIO(data))
    return file


def test_backup_of_a_newer_rapport_or_server_is_refused(made: Made, empty: Address, tmp_path: Path) -> None:
    newer = forged(made, tmp_path / "newer.tar", migrations=(*made.manifest.migrations, "flow.0999_of_tomorrow"))
    assert refused(newer, empty) == "made_by_newer"
    assert refused(forged(made, tmp_path / "server.tar", server=990001), empty) == "server_older"


def test_rows_are_counted_after_a_restore(made: Made, empty: Address, tmp_path: Path) -> None:
    other = forged(made, tmp_path / "other.tar", rows={**made.manifest.rows, "flow_act": 1})
    with pytest.raises(BackupError, match=r"flow_act has \d+ rows of 1"):
        services.restore(other, empty)


def test_older_backup_says_which_migrations_are_to_come(made: Made, empty: Address, tmp_path: Path) -> None:
    older = forged(made, tmp_path / "older.tar", migrations=made.manifest.migrations[:-1])
    assert services.restore(older, empty).missing == [made.manifest.migrations[-1]]


def test_password_is_in_no_command_line(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []
    popen = subprocess.Popen

    def noted(argv: list[Any], **more: Any) -> subprocess.Popen[bytes]:
        if "env" in more:  # not where it is only asked for its version
            started.append(([str(word) for word in argv], more["env"]))
        return popen(argv, **more)

    monkeypatch.setattr(programs.subprocess, "Popen", noted)
    address = {**programs.address_of(connection), "password": "s3cret-word"}
    program = programs.find("pg_dump", server=made.manifest.server)
    with pytest.raises(BackupError, match="snapshot"):
        programs.dump(program, address, "no-such-snapshot", lambda _data: None)
    with pytest.raises(BackupError), BytesIO(b"nothing") as nothing:
        programs.restore(programs.find("pg_restore", server=made.manifest.server), address, nothing)
    assert [env["PGPASSWORD"] for _, env in started] == ["s3cret-word"] * 2
    assert "s3cret-word" not in str([argv for argv, _ in started])


def test_program_older_than_the_server_is_refused() -> None:
    with pytest.raises(BackupError, match="PostgreSQL 99 needs pg_dump of its own version") as error:
        programs.find("pg_dump", server=990000)
    assert error.value.code == "no_program"


def test_backup_that_fails_leaves_nothing(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(program: Any, address: Any, snapshot: str, take: Any) -> None:
        take(b"half a dump")
        raise BackupError("dump_failed", "the server went away")

    monkeypatch.setattr(programs, "dump", half)
    with pytest.raises(BackupError, match="went away"):
        services.make(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_server_that_goes_away_is_a_failure_that_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(snapshot: psycopg.Connection[Any]) -> dict[str, int]:
        snapshot.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return {}

    monkeypatch.setattr(reading, "rows_of", gone)
    with pytest.raises(BackupError) as error:
        services.make(tmp_path)
    assert error.value.code == "dump_failed"
    assert list(tmp_path.iterdir()) == []


def test_old_backups_go_by_their_names_and_the_newest_never(made: Made, tmp_path: Path, settings: Any) -> None:
    settings.BACKUP_DAYS = 3
    names = [
        "rapport-2026-11-20.tar",
        "rapport-2026-11-22T235959Z.tar",
        "rapport-2026-11-23.tar",
        "rapport-2026-11-26.tar",
    ]
    strange = ["rapport-2020-01-01.tar.age", "notes.txt"]
    for name in (*names, *strange):
        (tmp_path / name).touch()
    now = made.manifest.as_of.replace(year=2026, month=11, day=26)
    assert services.prune(tmp_path, now=now) == names[:2]
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([*names[2:], *strange])
    assert services.prune(tmp_path, now=now.replace(year=2036)) == names[2:3]
    settings.BACKUP_DAYS = 0
    assert services.prune(tmp_path, now=now.replace(year=2046)) == []


VERIFY = f"""
import sys; sys.path[1:1] = [{str(ROOT / "platform")!r}, {str(ROOT)!r}]
import django; django.setup()
from datetime import datetime
from django.conf import settings
settings.EXPERIMENT_PACKAGES = sys.argv[1].split(",")
from studies.models import Study
from verification.check import check
print(check(Study.objects.get(), late_after_seconds=3600, at=datetime.fromisoformat(sys.argv[2])).as_json())
"""


def test_restored_tables_are_true_to_each_other(made: Made, settings: Any, empty: Address) -> None:
    """As they stood: by the clock of today everything in them would be late."""
    services.restore(made.file, empty)
    argv = [sys.executable, "-c", VERIFY, ",".join(settings.EXPERIMENT_PACKAGES), made.manifest.as_of.isoformat()]
    environment = {**os.environ, "DATABASE_URL": url_of(empty)}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["differences"] == []
    assert said["checked"]["acts"] == made.manifest.rows["flow_act"]


def test_drafts_of_who_was_killed_go_after_a_day_and_others_stay(made: Made, tmp_path: Path) -> None:
    """Two containers that share the folder have the same process ids: none may take another's draft for its own."""
    old, new = (tmp_path / f".rapport-2026-11-26.tar.{name}.partial" for name in ("0123abcd", "17"))
    for file in (old, new, tmp_path / ".rapport-2026-11-26.tar.partial"):
        file.touch()
        os.utime(file, (0, 0) if file is not new else None)
    services.make(tmp_path)
    left = {file.name for file in tmp_path.iterdir() if file.name.startswith(".")}
    assert left == {new.name, ".rapport-2026-11-26.tar.partial"}


def test_two_who_write_the_same_backup_do_not_spoil_each_other_s(made: Made, tmp_path: Path) -> None:
    file = tmp_path / made.file.name

    def quickly(take: Any) -> None:
        take(b"the other")

    def slowly(take: Any) -> None:
        take(b"one ")
        archive.write(file, made.manifest, quickly)
        assert archive.checked(file).sha256 == hashlib.sha256(b"the other").hexdigest()
        take(b"whole")

    archive.write(file, made.manifest, slowly)
    assert archive.checked(file).sha256 == hashlib.sha256(b"one whole").hexdigest()
    assert list(tmp_path.iterdir()) == [file]


def test_old_backup_that_cannot_be_removed_is_told_of(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    (tmp_path / "rapport-2020-01-01.tar").touch()

    def refuses(_file: Path, **_options: Any) -> None:
        raise PermissionError(13, "not yours")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuses)
        assert services.prune(tmp_path, now=made.manifest.as_of) == []
        (tmp_path / "rapport-2026-11-26.tar").touch()
        assert services.prune(tmp_path, now=made.manifest.as_of) == []
    assert "old backup not removed" in caplog.text


def test_nobody_is_signed_in_by_a_backup(empty: Address, tmp_path: Path) -> None:
    with connect(programs.address_of(connection), autocommit=True) as ours:
        ours.execute("INSERT INTO django_session VALUES ('a key of ours', 'x', now())")
        try:
            file = services.make(tmp_path).file
        finally:
            ours.execute("DELETE FROM django_session")
    services.restore(file, empty)
    assert rows(empty, "SELECT * FROM django_session") == []


def test_folder_that_takes_nothing_is_named(made: Made, tmp_path: Path) -> None:
    place = tmp_path / "a file"
    shutil.copy(made.file, place)
    with pytest.raises(BackupError, match="RAPPORT_BACKUP_FOLDER") as error:
        services.make(place)
    assert error.value.code == "folder_refused"
