"""Settings: documented, strict in production, and private in local mode."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config.places import ROOT, kept_secret, origin_of_running, places_of

SETTINGS = ROOT / "platform" / "config" / "settings.py"
PRODUCTION = {
    "RAPPORT_MODE": "production",
    "RAPPORT_ORIGIN": "https://study.example.org",
    "RAPPORT_SECRET_KEY": "k3y-" + "abcdefghij0123456789" * 4,
    "DATABASE_URL": "postgresql://rapport@db.example.org/rapport",
    "REDIS_URL": "redis://redis.example.org:6379/0",
}


def _read_variables() -> set[str]:
    return set(re.findall(r"env(?:\.\w+)?\(\s*['\"]([A-Z_]+)", SETTINGS.read_text()))


def _manage(variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    argv = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(argv, env=kept | variables, capture_output=True, text=True, check=False)


def _setting(name: str, variables: dict[str, str]) -> str:
    code = f"from django.conf import settings; print(settings.{name})"
    done = _manage(variables, "shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_variable_is_in_the_documented_table() -> None:
    table = (ROOT / "docs" / "operations.md").read_text()
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE)) == _read_variables()


def test_environment_is_read_by_settings_only() -> None:
    readers = [
        str(file.relative_to(ROOT))
        for file in (ROOT / "platform").rglob("*.py")
        if file != SETTINGS and re.search(r"getenv|environ(\.get\b|\[[^]]+\](?!\s*=))", file.read_text())
    ]
    # The supervisor hands the environment on to its children.
    assert set(readers) <= {"platform/config/supervisor/up.py"}


def test_production_settings_pass_the_deployment_check(tmp_path: Path) -> None:
    done = _manage(PRODUCTION | {"RAPPORT_HOME": str(tmp_path)}, "check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, "no issues" in done.stdout + done.stderr) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("missing", "said"), [("RAPPORT_SECRET_KEY", "RAPPORT_SECRET_KEY"), ("RAPPORT_ORIGIN", "must begin with https")]
)
def test_production_refuses_to_start_without(missing: str, said: str, tmp_path: Path) -> None:
    variables = {name: value for name, value in PRODUCTION.items() if name != missing}
    done = _manage(variables | {"RAPPORT_HOME": str(tmp_path)}, "check")
    assert done.returncode != 0
    assert said in done.stderr
    assert not (tmp_path / "secret_key").exists()


def test_debug_is_off_in_every_mode(tmp_path: Path) -> None:
    home = {"RAPPORT_HOME": str(tmp_path)}
    assert _setting("DEBUG", home | {"DEBUG": "1", "DJANGO_DEBUG": "1"}) == "False"


def test_links_of_a_second_shell_lead_to_the_copy_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORT", raising=False)
    home, file = {"RAPPORT_HOME": str(tmp_path)}, places_of(tmp_path).origin
    file.write_text(f"{os.getpid()} http://localhost:8123\n")
    assert _setting("ORIGIN", home) == "http://localhost:8123"
    assert _setting("ORIGIN", home | {"PORT": "8200"}) == "http://localhost:8200"
    assert _setting("ORIGIN", home | {"RAPPORT_ORIGIN": "http://lab.example.org"}) == "http://lab.example.org"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for stale in (f"{ended.pid} http://localhost:8123", "garbage", ""):
        file.write_text(stale)
        assert _setting("ORIGIN", home) == "http://localhost:8000"
    file.write_text(f"{os.getpid()} http://localhost:8123")
    assert origin_of_running(file) == "", "a new copy under the number of a killed one"


def test_https_origin_hardens_cookies(tmp_path: Path) -> None:
    names = "SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_NAME, settings.SOCKET_ORIGIN"
    found = _setting(names, PRODUCTION | {"RAPPORT_HOME": str(tmp_path)})
    assert found == "__Host-researcher True __Host-csrf wss://study.example.org"


def test_secret_is_drawn_once_and_readable_by_us_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secret_key"
    first = kept_secret(file)
    assert len(first) >= 64
    assert kept_secret(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(file.parent) == ["secret_key"]


def test_socket_folder_of_a_deep_home_is_short(tmp_path: Path) -> None:
    places = places_of(tmp_path / ("deep" * 10) / ("deeper" * 10))
    assert len(os.fsencode(places.database_sockets / ".s.PGSQL.5432.lock")) < 107
    assert len(os.fsencode(places.queue_socket)) < 107
    assert places_of(places.home) == places


@pytest.mark.parametrize(
    "words", [["study", "list"], ["simulate", "some-study", "--participants", "2"], ["verify", "x"]]
)
def test_command_without_a_database_says_so_in_one_line(tmp_path: Path, words: list[str]) -> None:
    away = {"RAPPORT_HOME": str(tmp_path), "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere"}
    done = _manage(away, *words)
    assert done.returncode == 1
    assert done.stderr.startswith("no database answers; start this installation with `make up` or `make demo`")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("variables", "backend"),
    [
        ({}, "flow.mail_files.EmailBackend"),
        ({"RAPPORT_EMAIL_URL": "filemail://"}, "flow.mail_files.EmailBackend"),
        (
            {"RAPPORT_EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"},
            "flow.mail_files.EmailBackend",
        ),
        ({"RAPPORT_EMAIL_URL": "smtp://mail.example.org:25"}, "django.core.mail.backends.smtp.EmailBackend"),
    ],
)
def test_messages_that_become_files_are_private(variables: dict[str, str], backend: str) -> None:
    assert _setting("EMAIL_BACKEND", variables) == backend
