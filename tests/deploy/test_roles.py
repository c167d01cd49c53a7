"""`deploy/roles.sql` on a real PostgreSQL: the whole platform works as its roles, and none may do what it need not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from django.conf import settings
from django.db import connection
from django.test import override_settings

from config.backups import programs, services
from config.backups.listed import LIST
from config.backups.programs import Address, connect
from config.places import ROOT, places_of
from config.supervisor import database
from events import runner
from flow.services import games
from recruitment.queries import owed_to
from studies import definition, registry
from studies.services import amend
from tests.backups.databases import empty_database, url_of
from tests.bots import sentinel_answers
from tests.bots.test_drift import read, watched
from tests.consent.trading import group_of_three, participant_of, trading
from tests.machinery.people import fresh as now
from tests.machinery.people import page
from tests.verification.conftest import PACKAGES
from tests.verification.played import play_everything
from verification.check import check

DEPLOY = ROOT / "deploy"
ROLES = ("rapport_owner", "rapport_app", "rapport_bots", "rapport_read", "rapport_pooled")
SECRETS = ["auth_user", "django_session", "console_demoentry", "participants_contact", "participants_entrylink"]
pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def roles_in(address: Address) -> Iterator[None]:
    """A database with the roles of the two files, gone at the end. Roles are the server's: one test at a time."""
    with connect({**address, "dbname": "postgres"}, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(hashtext('roles'))")
        try:
            apply(address)
            apply(address, "pooled.sql")
            yield
        finally:
            take_away(address)


def take_away(address: Address) -> None:
    """The roles, whose tables go back to whoever made the database."""
    with connect(address, autocommit=True) as there:
        there.execute(f'ALTER DATABASE "{address["dbname"]}" OWNER TO CURRENT_USER')
        there.execute("REASSIGN OWNED BY rapport_owner TO CURRENT_USER")
        for role in reversed(ROLES):
            there.execute(f"DROP OWNED BY {role}")
            there.execute(f"DROP ROLE {role}")


def apply(address: Address, file: str = "roles.sql") -> None:
    with connect(address, autocommit=True) as there:
        there.execute((DEPLOY / file).read_text())


@pytest.fixture
def fresh() -> Iterator[Address]:
    """An empty database with the roles, and all tables made by their owner."""
    with empty_database() as address, roles_in(address):
        manage(address, "rapport_owner", "migrate", "--no-input", "--verbosity", "0")
        apply(address)
        yield address


def manage(address: Address, role: str, *arguments: str) -> str:
    """Run a command on a database as a role."""
    argv = [sys.executable, str(ROOT / "manage.py"), *arguments]
    environment = {**os.environ, "DATABASE_URL": url_of(address, user=role)}
    done = subprocess.run(argv, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def denied(address: Address, role: str, statement: str) -> bool:
    """Whether a role may not do something."""
    with connect({**address, "user": role}) as there:
        try:
            there.execute(statement)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction):
            return True
        finally:
            there.rollback()
    return False


def tables_of(address: Address) -> list[str]:
    with connect(address) as there:
        query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        return [name for (name,) in there.execute(query).fetchall()]


def test_rights_of_each_role(fresh: Address, tmp_path: Path) -> None:
    tables = tables_of(fresh)
    assert len(tables) > 30
    for table in tables:
        assert not denied(fresh, "rapport_app", f"SELECT * FROM {table}"), table
        for role in ("rapport_app", "rapport_bots", "rapport_read"):
            assert denied(fresh, role, f"TRUNCATE {table} CASCADE"), (role, table)
            assert denied(fresh, role, f"ALTER TABLE {table} DISABLE TRIGGER ALL"), (role, table)
            assert role == "rapport_app" or denied(fresh, role, f"DELETE FROM {table}"), (role, table)
        assert denied(fresh, "rapport_read", f"UPDATE {table} SET {first_column(fresh, table)} = NULL"), table
    hidden = {table for table in tables if denied(fresh, "rapport_bots", f"SELECT * FROM {table}")}
    others = {"auth_", "django_", "console_", "simulation_", "exports_"}
    expected = {table for table in tables if any(table.startswith(prefix) for prefix in others)}
    expected |= {"participants_entrylink", "participants_consent", "participants_contact", "flow_debriefing"}
    expected |= {"studies_membership", "studies_deviation", "chat_report", "participants_erasurerequest"}
    expected |= {"chat_typingshown", "chat_earliershown"}  # what browsers were told, and what people opened
    expected |= {"chat_wordstrigger", "chat_wordsstep"}  # of answers and reports, which no program reads
    assert hidden == expected - {"django_migrations"}
    for table in SECRETS:
        assert denied(fresh, "rapport_read", f"SELECT * FROM {table}"), table
    _columns_that_are_secret(fresh)
    forgetting = "UPDATE participants_contact SET sealed_address = '', agreed_at = NULL, stopped_at = rapport_now()"
    assert not denied(fresh, "rapport_bots", f"{forgetting} WHERE participant_id = 1")
    assert not denied(fresh, "rapport_read", "SELECT code, exit FROM participants_participant")
    for role in ("rapport_app", "rapport_bots", "rapport_read"):
        assert denied(fresh, role, "CREATE TABLE mine (word text)"), role
        assert denied(fresh, role, "CREATE TEMP TABLE mine (word text)"), role
    # a backup is made as the sweeper's role, and a restore as the owner
    with connect(fresh) as there:
        there.execute("INSERT INTO events_beat (name, facts) VALUES ('a test', '{}')")
    manage(fresh, "rapport_app", "backup", "--to", str(tmp_path))
    (file,) = (one for one in tmp_path.iterdir() if one.name != LIST)
    with empty_database() as second:
        apply(second)
        done = services.restore(file, {**second, "user": "rapport_owner"})
        assert done.manifest.rows["events_beat"] == 1
        apply(second)
        assert not denied(second, "rapport_bots", "SELECT * FROM flow_act")
        with connect(second, autocommit=True) as there:
            there.execute(f'ALTER DATABASE "{second["dbname"]}" OWNER TO CURRENT_USER')
            for role in ROLES:
                there.execute(f"DROP OWNED BY {role} CASCADE")


def _columns_that_are_secret(fresh: Address) -> None:
    """Of tables that a role may read or change, what it may not."""
    secret = (
        "token_sha256 FROM participants_participant",
        "seed FROM studies_version",
        "condition FROM studies_slot",  # the slots of a block stand there before anybody takes them
    )
    for column in secret:
        assert denied(fresh, "rapport_read", f"SELECT {column}"), column
    assert not denied(fresh, "rapport_read", "SELECT number, holder_id FROM studies_slot")
    assert not denied(fresh, "rapport_bots", "SELECT agreed, version_id FROM participants_consent")
    assert denied(fresh, "rapport_bots", "SELECT ticks FROM participants_consent")
    assert not denied(fresh, "rapport_bots", "UPDATE participants_participant SET strikes = 1, exit = 'left'")
    for change in (
        "UPDATE participants_participant SET token_sha256 = ''",
        "INSERT INTO participants_participant DEFAULT VALUES",
    ):
        assert denied(fresh, "rapport_bots", change), change


def first_column(address: Address, table: str) -> str:
    with connect(address) as there:
        query = "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1"
        return str(there.execute(query, [table]).fetchall()[0][0])


def test_pooled_role_brings_what_pages_say_at_their_start(fresh: Address) -> None:
    """PgBouncer drops start-up options: nothing of them may be missing from the role."""
    code = "from django.conf import settings; print(settings.DATABASES['default']['OPTIONS']['options'])"
    argv = [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", code]
    environment = {**os.environ, "RAPPORT_DB_POOL": "persistent"}
    said = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True).stdout
    options = dict(pair.split("=") for pair in re.findall(r"-c (\S+)", said))
    assert {"enable_seqscan", "plan_cache_mode", "lock_timeout"} <= set(options)
    with connect(fresh) as there:
        (found,) = there.execute("SELECT rolconfig FROM pg_roles WHERE rolname = 'rapport_pooled'").fetchall()[0]
    assert dict(pair.split("=") for pair in found) == options
    assert not denied(fresh, "rapport_pooled", "SELECT * FROM participants_entrylink")


def test_service_sets_every_password_and_shows_none(fresh: Address, tmp_path: Path) -> None:
    """The very arguments of the compose file, twice, by the psql of the installed package."""
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["roles"]
    argv = [word.replace("/roles.sql", str(DEPLOY / "roles.sql")) for word in service["entrypoint"]]
    argv = [word.replace("/passwords.sql", str(DEPLOY / "passwords.sql")) for word in argv]
    drawn = {name: f"drawn-for-{name}" for name in service["environment"] if name.startswith("RAPPORT_")}
    where = {"PGHOST": fresh["host"], "PGUSER": fresh["user"], "PGDATABASE": fresh["dbname"]}
    argv[0] = str(database.programs_for(None) / "psql")
    for _ in range(2):
        done = subprocess.run(argv, env={**os.environ, **drawn, **where}, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")
    with connect(fresh) as there:
        found = dict(
            there.execute("SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL").fetchall()
        )
    assert set(found) == {"rapport_owner", "rapport_app", "rapport_bots", "rapport_read"}
    assert all(said.startswith("SCRAM-SHA-256$") for said in found.values())
    log = places_of(Path(os.environ["RAPPORT_HOME"])).logs / "postgres.log"
    assert "drawn-for" not in log.read_text()


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """What this connection does, it does as a role."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        (before,) = cursor.fetchone()
        cursor.execute(f"SET ROLE {role}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {before}")


@pytest.fixture
def roles_act(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Bots act as their role, all the rest as the pages' role."""
    address = programs.address_of(connection)
    drain: Callable[..., int] = runner.drain

    def drained(*queues: Any, **more: Any) -> int:
        if queues == ("bots",):
            with acting_as("rapport_bots"):
                return drain("bots", **more)
        count = 0
        while found := drained("bots", **more) + drain("jobs", **more):
            count += found
        return count

    monkeypatch.setattr(runner, "drain", drained)
    definition._version.cache_clear()
    registry.experiment.cache_clear()
    registry._module_of.cache_clear()
    with roles_in(address), override_settings(EXPERIMENT_PACKAGES=PACKAGES), acting_as("rapport_app"):
        yield
    definition._version.cache_clear()


def test_game_that_a_program_ends_leads_people_to_a_changed_text(roles_act: None, tmp_path: Path) -> None:
    played = trading(tmp_path)
    trio, group = group_of_three(played)
    folder = tmp_path / played.study.slug
    (folder / "pages/consent.md").write_text("# Taking part\n\nOther words. Ask {{ contact_name }}.")
    amend(played.study, folder, reason="the board asked for it")
    with acting_as("rapport_bots"):
        games.end_group(group.pk, "technical")
    assert all("has changed since you agreed" in page(now(person.session)).html for person in trio)
    assert trio[0].send(decline="1") == "stored"
    with acting_as("rapport_bots"):
        assert owed_to(participant_of(trio[0])).earned.has_played


def test_bots_ask_sentinels_and_keep_what_they_find(roles_act: None, tmp_path: Path) -> None:
    """The first reading, and one that differs: neither locks a row that the role may not change."""
    with override_settings(LLM_PROVIDERS=settings.LLM_PROVIDERS | {"told": "tests.bots.sentinel_answers.ask"}):
        sentinel_answers.Model.begin()
        watched(tmp_path)
        runner.drain("bots")
        sentinel_answers.Model.served = "told/2"
        reading = read()
    assert (reading.outcome, reading.verdict) == ("answered", "changed")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM events_due WHERE outcome = 'failed' OR error_code <> ''")
        assert cursor.fetchone()[0] == 0


def test_whole_platform_works_as_its_roles(roles_act: None, tmp_path: Path) -> None:
    """A study with nearly everything in it that can happen."""
    played = play_everything(tmp_path)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bots_botturn WHERE outcome = 'delivered'")
        assert cursor.fetchone()[0] > 5
        cursor.execute("SELECT count(*) FROM events_due WHERE outcome = 'failed' OR error_code <> ''")
        assert cursor.fetchone()[0] == 0
    report = check(played.study, played.ledger, late_after_seconds=3600)
    assert [str(each) for each in report.differences] == []
