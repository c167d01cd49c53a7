"""The German catalogue: proof that every word a participant reads can be in another language."""

import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings

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


def test_translation_keeps_every_slot(german: dict[str, str]) -> None:
    for said, spoken in german.items():
        assert set(SLOT.findall(said)) == set(SLOT.findall(spoken)), said


@pytest.mark.parametrize("folder", ["participant", "fields", "errors"])
def test_templates_say_nothing_outside_a_translation(folder: str) -> None:
    for file in sorted((Path(settings.TEMPLATES[0]["DIRS"][0]) / folder).glob("*.html")):
        text = file.read_text()
        text = re.sub(r"\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.DOTALL)
        text = re.sub(r"\{% blocktranslate.*?\{% endblocktranslate %\}", "", text, flags=re.DOTALL)
        left = SAID.sub("", SAID.sub("", text))
        assert not re.search(r"[A-Za-z]{2,}", left), (file.name, re.findall(r"[A-Za-z ]{2,}", left))
