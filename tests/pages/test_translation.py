"""The German catalogue: proof that every word a participant reads can be in another language."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from config.places import ROOT

MARKING = {"_", "ngettext", "gettext", "gettext_noop", "later"}
FOLDERS = ["participant", "fields", "errors"]
FOLDER = Path(settings.LOCALE_PATHS[0]) / "de" / "LC_MESSAGES"
SLOT = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
# What a template says outside a translation: names, numbers and marks only.
SAID = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<[^>]*>|&\w+;", re.DOTALL)


@pytest.fixture(scope="module")
def german() -> dict[str, str]:
    """Every message of the compiled catalogue; of plurals, the singular."""
    with (FOLDER / "django.mo").open("rb") as file:
        catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {key[0] if isinstance(key, tuple) else key: said for key, said in catalogue.items() if key and key[-1] != 1}


def test_catalogue_has_no_empty_and_no_doubtful_message(german: dict[str, str]) -> None:
    source = (FOLDER / "django.po").read_text()
    assert "fuzzy" not in source
    assert len(german) >= 150
    assert all(said.strip() for said in german.values())


def test_compiled_catalogue_is_the_written_one(german: dict[str, str]) -> None:
    written = re.findall(r'^msgstr(?:\[0\])? "(.+)"$', (FOLDER / "django.po").read_text(), re.MULTILINE)
    assert len(written) == len(german)
    assert {one.replace('\\"', '"') for one in written} == set(german.values())


def test_translation_gives_nothing_away(german: dict[str, str]) -> None:
    telling = re.compile(r"\b(vertrau(en|t|st)?|misstrau\w*|\w*bots?|versteckt\w*|verborgen\w*|bedingung\w*)\b", re.I)
    assert [said for said in german.values() if telling.search(said)] == []


def test_translation_keeps_every_slot(german: dict[str, str]) -> None:
    for said, spoken in german.items():
        assert set(SLOT.findall(said)) == set(SLOT.findall(spoken)), said


def test_catalogue_has_every_message_that_a_participant_may_read(german: dict[str, str]) -> None:
    said = {text for file in _python_files() for text in _marked_in_python(file)}
    said |= {text for folder in FOLDERS for file in _templates(folder) for text in _marked_in_template(file)}
    assert len(said) >= 150
    assert said - set(german) == set()


def _python_files() -> list[Path]:
    mine = ("studies", "flow", "chat", "measures", "participants", "recruitment", "matching", "paradigm")
    copied = [ROOT / "platform" / "exports" / f"{name}.py" for name in ("own_copy", "own_questions")]
    return [*copied, *(file for app in mine for file in (ROOT / "platform" / app).rglob("*.py"))]


def _marked_in_python(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKING):
            continue
        said = node.args[0]
        if isinstance(said, ast.Constant) and isinstance(said.value, str):
            yield said.value


def _marked_in_template(file: Path) -> Iterator[str]:
    text = file.read_text()
    yield from (one[0] or one[1] for one in re.findall(r"""\{% translate (?:"([^"]*)"|'([^']*)')""", text))
    for block in re.findall(r"\{% blocktranslate[^%]*%\}(.*?)\{% (?:plural|endblocktranslate) %\}", text, re.DOTALL):
        yield re.sub(r"\{\{\s*(\w+)\s*\}\}", r"%(\1)s", block).strip()


def _templates(folder: str) -> list[Path]:
    return sorted((Path(settings.TEMPLATES[0]["DIRS"][0]) / folder).glob("*.html"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_templates_say_nothing_outside_a_translation(folder: str) -> None:
    for file in _templates(folder):
        text = file.read_text()
        text = re.sub(r"\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.DOTALL)
        text = re.sub(r"\{% blocktranslate.*?\{% endblocktranslate %\}", "", text, flags=re.DOTALL)
        left = SAID.sub("", SAID.sub("", text))
        assert not re.search(r"[A-Za-z]{2,}", left), (file.name, re.findall(r"[A-Za-z ]{2,}", left))
