"""What can be said of `deploy/` without Docker: it parses, and names nothing that does not exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from config.places import ROOT
from config.supervisor.children import NAMES

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: said for name, said in SERVICES.items() if said["image"].startswith("rapport:")}
EXAMPLE = dict(
    line.split("=", 1)
    for line in (DEPLOY / "env.example").read_text().splitlines()
    if line and not line.startswith("#")
)
SETTINGS = (ROOT / "platform" / "config" / "settings.py").read_text()
READ = set(re.findall(r"env(?:\.\w+)?\(\s*['\"]([A-Z_]+)", SETTINGS))
MAIL = {"RAPPORT_EMAIL_URL": "smtp+tls://user:password@mail.example.org:587", "RAPPORT_EMAIL_FROM": "lab@example.org"}
MODELS = {"RAPPORT_LLM_BASES": "https://llm.example.org", "RAPPORT_LLM_BASE": "https://llm.example.org/v1"}
MODELS |= {"RAPPORT_LLM_DAILY_USD": "25.00"}
VALUES = {name: value or f"drawn{'x' * 60}" for name, value in EXAMPLE.items()} | MAIL | MODELS
PRODUCTION = (ROOT / "docs" / "production.md").read_text()


def filled_in(text: str) -> str:
    """A value of the compose file as Compose reads it, with a filled-in env file."""
    text = re.sub(r"\$\{(\w+)(?::?[-?][^}]*)?\}", lambda found: VALUES[found[1]], text)
    return text.replace("$$", "$")


def must_parse(words: list[str]) -> None:
    """Whether a management command takes these words; nothing is run."""
    command = load_command_class(get_commands()[words[0]], words[0])
    command.create_parser("manage.py", words[0]).parse_args(words[1:])


def test_there_is_more_than_one_of_what_can_be_more_than_one() -> None:
    commands = [said["command"] for said in OURS.values()]
    served = [command[1] for command in commands if command[0] == "serve"]
    assert {name: served.count(name) for name in NAMES} == {
        "pages": 2,
        "sockets": 2,
        "bots": 1,
        "jobs": 1,
        "sweeper": 2,
    }
    assert {"postgres", "redis", "pgbouncer", "proxy"} <= set(SERVICES)


@pytest.mark.parametrize("name", sorted(OURS))
def test_service_runs_a_command_that_exists(name: str) -> None:
    must_parse([filled_in(str(word)) for word in OURS[name]["command"]])


@pytest.mark.parametrize("name", sorted(OURS))
def test_service_sets_variables_that_settings_read(name: str) -> None:
    assert set(OURS[name]["environment"]) <= READ


@pytest.mark.parametrize("name", ["web-1", "bots", "sweeper-1", "owner"])
def test_environment_of_a_service_passes_the_deployment_check(name: str, tmp_path: Path) -> None:
    kept = {key: value for key, value in os.environ.items() if key not in READ}
    said = {key: filled_in(str(value)) for key, value in OURS[name]["environment"].items()}
    argv = [sys.executable, str(ROOT / "manage.py"), "check", "--deploy", "--fail-level", "WARNING"]
    environment = kept | said | {"RAPPORT_HOME": str(tmp_path)}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_variables_are_those_of_the_example_and_secrets_are_empty() -> None:
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    assert used == set(EXAMPLE)
    assert {name for name in EXAMPLE if re.search("PASSWORD|KEY", name) and EXAMPLE[name]} == set()


def test_every_sweeper_has_the_same_folder_and_hour() -> None:
    said = [
        (service["environment"], service["volumes"]) for service in OURS.values() if "sweeper" in service["command"]
    ]
    assert len(said) == 2
    assert said[0] == said[1]
    environment, volumes = said[0]
    assert volumes[0].endswith(f":{environment['RAPPORT_BACKUP_FOLDER']}")


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, said in SERVICES.items() if "ports" in said] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    outside = {name for name, said in SERVICES.items() if "outside" in said["networks"]}
    assert outside == {"proxy", "bots", "jobs", "sweeper-1", "sweeper-2", "manage"}


def test_proxy_knows_every_web_and_socket_host() -> None:
    caddy = (DEPLOY / "Caddyfile").read_text()
    upstreams = set(re.findall(r"(\S+):(800[01])\b", re.sub(r"#.*", "", caddy)))
    pages = {(name, "8000") for name, said in OURS.items() if said["command"] == ["serve", "pages"]}
    sockets = {(name, "8001") for name, said in OURS.items() if said["command"] == ["serve", "sockets"]}
    assert upstreams == pages | sockets
    assert caddy.count("{") == caddy.count("}")


def test_passwords_stand_in_no_command_line() -> None:
    for name, said in SERVICES.items():
        words = f"{said.get('command', '')} {said.get('entrypoint', '')}"
        assert not re.search(r"(?<!\$)\$\{\w*(PASSWORD|KEY)", words), name


def test_image_takes_files_that_exist_and_leaves_secrets_out() -> None:
    said = (DEPLOY / "Dockerfile").read_text()
    for source in re.findall(r"^COPY (\S+) ", said, re.MULTILINE):
        assert (ROOT / source).exists(), source
    assert "--require-hashes" in said
    assert re.search(r"^USER rapport$", said, re.MULTILINE)
    left_out = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert {"deploy/.env", "var", ".venv", ".git"} <= set(left_out)
    ours = {f"deploy/{name.rstrip('/')}" for name in (DEPLOY / ".gitignore").read_text().split()}
    assert ours <= set(left_out), "what is a secret to git is one to whoever gets the image"


def test_role_of_each_service_is_made_and_gets_a_password() -> None:
    roles, passwords = (DEPLOY / "roles.sql").read_text(), (DEPLOY / "passwords.sql").read_text()
    used = {re.findall(r"//(\w+):", said["environment"]["DATABASE_URL"])[0] for said in OURS.values()}
    assert used == {"rapport_app", "rapport_bots", "rapport_owner"}
    for role in (*used, "rapport_read"):
        assert f"'{role}'" in roles
        assert f"ALTER ROLE {role} PASSWORD :" in passwords
    read = set(re.findall(r"\\getenv \w+ (\w+)", passwords))
    assert read == {name for name in SERVICES["roles"]["environment"] if name.startswith("RAPPORT_")}


def test_commands_of_the_production_page_exist() -> None:
    """Lines such as `$ run manage study list`; what is in capitals is the reader's."""
    found = re.findall(
        r"^(?:dc )?run --rm (?:manage|owner) (.+?)(?:\s+#.*)?$", PRODUCTION.replace("dc ", ""), re.MULTILINE
    )
    assert len(found) >= 8
    for line in found:
        must_parse(shlex.split(line))
    services = re.findall(r"^dc (?:run --rm|up -d|stop|logs|restart|exec) ((?:[\w-]+ ?)+)", PRODUCTION, re.MULTILINE)
    assert {words.split()[0] for words in services} <= set(SERVICES)


def test_variables_of_the_production_page_exist() -> None:
    named = set(re.findall(r"`((?:RAPPORT|DATABASE|REDIS|POSTGRES)_[A-Z_]+)[`=]", PRODUCTION))
    assert named
    assert named <= READ | set(EXAMPLE)
