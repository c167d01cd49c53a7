"""The pages name what there is: links and files lead somewhere, commands and options exist, and none is left unsaid."""

import argparse
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import BaseCommand, get_commands, load_command_class

ROOT = Path(__file__).resolve().parents[1]
START = ROOT / "README.md"
PAGES = [START, *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
# `manage.py study check …` anywhere in a line of code; `study check …` at its beginning.
COMMAND = re.compile(r"(?:(?:manage\.py|\bmanage|\bowner) |^(?=study ))([a-z]+)\b(.*)", re.DOTALL)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
FOLDERS = ("platform", "experiments", "tests", "bench", "docs", "deploy", "locale", "templates", "static")
FILE = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/[\w./-]*[\w/]")
MADE = {"deploy/.env", "deploy/backups", "deploy/userlist.txt"}  # by whoever follows the page
OURS = "config"
# Called by other commands and by tests, and by nobody's hand.
INTERNAL = {"clock", "demo", "draw", "play"}
Named = tuple[str, str]
"""A command and its verb; "" where it has none."""


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def fragments(text: str) -> Iterator[str]:
    """Every line of code and every span of code of a page, comments aside."""
    for block in FENCE.findall(text):
        yield from (line.partition("#")[0].strip() for line in block.splitlines()[1:-1])
    yield from re.findall(r"`([^`]+)`", FENCE.sub("", text))


@cache
def parser_of(command: str) -> argparse.ArgumentParser:
    app = get_commands()[command]
    found = app if isinstance(app, BaseCommand) else load_command_class(app, command)
    return found.create_parser("manage.py", command)


@cache
def verbs_of(command: str) -> dict[str, argparse.ArgumentParser]:
    """Its verbs; the one verb "" where it has none."""
    parser = parser_of(command)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {"": parser}


def options_of(command: str, verb: str) -> set[str]:
    return {option for action in verbs_of(command)[verb]._actions for option in action.option_strings}


def mentions(text: str) -> Iterator[tuple[str, str, str]]:
    """Command, what follows it, and the whole fragment."""
    for fragment in fragments(text):
        found = COMMAND.search(fragment)
        if found:
            yield found[1], found[2], fragment


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_every_page_can_be_reached_from_the_first() -> None:
    seen, to_read = set(), [START]
    while to_read:
        page = to_read.pop()
        if page in seen or not page.exists():
            continue
        seen.add(page)
        targets = LINK.findall(page.read_text(encoding="utf-8")) if page.suffix == ".md" else []
        files = [(page.parent / target.partition("#")[0]).resolve() for target in targets if "://" not in target]
        to_read += [each for file in files for each in (sorted(file.glob("*.md")) if file.is_dir() else [file])]
    assert [named(page) for page in PAGES if page not in seen] == []


def test_files_that_are_named_exist() -> None:
    """On pages, and in what our sources say of pages."""
    sources = [file for folder in ("platform", "experiments", "deploy") for file in (ROOT / folder).rglob("*")]
    texts = {page: page.read_text(encoding="utf-8") for page in PAGES}
    about = re.compile(r"docs/[\w./-]*\w")
    lost = []
    for page, text in texts.items():
        paths = {path for fragment in fragments(text) for path in FILE.findall(fragment)} - MADE
        lost += [f"{named(page)}: {path}" for path in sorted(paths) if not list(ROOT.glob(f"{path.rstrip('/')}*"))]
    for file in sources:
        if file.suffix in {".py", ".yaml", ".md", ".sql", ".ini"} or file.name in {"Caddyfile", "Dockerfile"}:
            paths = set(about.findall(file.read_text(encoding="utf-8")))
            lost += [f"{named(file)}: {path}" for path in sorted(paths) if not list(ROOT.glob(f"{path}*"))]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_on_a_page_can_be_given(page: Path) -> None:
    known = get_commands()
    wrong = []
    for command, rest, fragment in mentions(page.read_text(encoding="utf-8")):
        words = rest.split()
        if command not in known:
            wrong.append(fragment)
            continue
        has_verbs = "" not in verbs_of(command)
        verb = words[0].strip("`,;") if has_verbs and words else ""
        if has_verbs and re.fullmatch(r"[a-z]+", verb) and verb not in verbs_of(command):
            wrong.append(fragment)
        options = options_of(command, verb) if verb in verbs_of(command) else set()
        if options:
            wrong += [f"{fragment}: {option}" for option in OPTION.findall(rest) if option not in options]
    assert wrong == []


def test_every_command_verb_and_option_is_on_a_page() -> None:
    pages = [page.read_text(encoding="utf-8") for page in PAGES]
    code = [fragment for text in pages for fragment in fragments(text)]
    said: dict[str, set[str]] = {}
    for text in pages:
        options = {option for fragment in fragments(text) for option in OPTION.findall(fragment)}
        for command, _rest, _fragment in mentions(text):
            said.setdefault(command, set()).update(options)
    unsaid = []
    for command, app in get_commands().items():
        if app != OURS or command in INTERNAL:
            continue
        general = {
            option for action in BaseCommand().create_parser("", "")._actions for option in action.option_strings
        }
        for verb in verbs_of(command):
            is_named = (
                any(re.search(rf"(?:^|{command} |, )`?{verb}\b", fragment) for fragment in code) if verb else True
            )
            if command not in said or not is_named:
                unsaid.append(f"{command} {verb}".strip())
            wanted = {one for one in options_of(command, verb) if one.startswith("--")} - general
            unsaid += [f"{command} {verb} {one}" for one in sorted(wanted - said.get(command, set()))]
    assert unsaid == []


def test_what_can_be_made_is_on_a_page_and_the_other_way_round() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*##", makefile, re.MULTILINE))
    code = " ".join(fragment for page in PAGES for fragment in fragments(page.read_text(encoding="utf-8")))
    told = set(re.findall(r"\bmake ([a-z]+)\b", code))
    assert told - targets == set()
    assert targets - told == set()
