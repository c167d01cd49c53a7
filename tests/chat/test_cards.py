"""The card as a page of its own: kept as a file that is never out of date, and nothing else can be had there."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils.translation import trans_real

from chat.safety import cards, policy
from chat.safety.pages import support_of
from chat.safety.policy import CardText
from studies.models import SourceFile
from tests.chat.safe_rooms import ALONE, EXIT, room

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: LazySettings) -> Iterator[Path]:
    """An installation that has kept no card yet."""
    settings.PLACES = replace(settings.PLACES, home=tmp_path)
    yield settings.PLACES.cards
    cards._drawn.cache_clear()


def card() -> CardText:
    found = policy.card_of(room(*ALONE).group.version)
    assert found is not None
    return found


def test_page_of_a_participant_keeps_the_card(home: Path) -> None:
    match = room(*ALONE)
    support = support_of(match.group.version)
    assert support is not None
    (file,) = home.iterdir()
    assert "Call the example line" in file.read_text()
    assert Client().get(support.address).content.decode() == file.read_text()


@pytest.mark.parametrize("before", [None, "as an earlier release drew it"], ids=["taken away", "out of date"])
def test_file_that_is_gone_or_old_is_made_anew_by_the_same_process(home: Path, before: str | None) -> None:
    here = card()
    cards.kept(here)
    (file,) = home.iterdir()
    said = file.read_text()
    file.unlink() if before is None else file.write_text(before)
    cards.kept(here)
    assert [one.read_text() for one in home.iterdir()] == [said]


def test_file_that_is_right_is_not_written_again(home: Path) -> None:
    here = card()
    cards.kept(here)
    (file,) = home.iterdir()
    before = file.stat().st_ino
    cards.kept(here)
    assert file.stat().st_ino == before


def test_asking_keeps_nothing_in_whatever_language(home: Path) -> None:
    """Anybody may ask, as often as they like."""
    here = card()
    assert "Call the example line" in (cards.page_at("en", here.sha256) or "")
    for language in ("de", "xx", "qq-QQ"):
        assert cards.page_at(language, here.sha256) is None, "a page of the study leads to its own language alone"
    assert not home.exists()
    assert not {"xx", "qq-QQ"} & vars(trans_real)["_translations"].keys()


def test_other_texts_of_a_study_have_no_address() -> None:
    card()
    page = SourceFile.objects.get(text=EXIT)
    prompt = SourceFile.objects.filter(text__startswith="You like to talk").first()
    assert prompt is not None
    for one in (page, prompt):
        assert cards.page_at("en", one.sha256) is None


def test_page_comes_where_no_file_can_be_written(home: Path) -> None:
    home.write_text("this is no folder")
    here = card()
    address = cards.kept(here)
    assert Client().get(address).status_code == 200
