"""The study in which half of the people do not know how many conversations there are: what each half can read of it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from config.supervisor.screens import Source, compared
from screens.screen import BETWEEN, DOOR, EXITS, REFUSALS, Drawn, Screen
from studies.markdown import visible
from tests.experiments.weeks import STUDIES
from tests.machinery.study_files import read_study, write_study
from tests.screens.studies import drawn_folder

pytestmark = pytest.mark.django_db
TALKS = 3  # and so four visits after the first, and five in all
TOLD, UNTOLD = "horizon=counted", "horizon=uncounted"
NUMBERS = "3|4|5|three|four|five"
COUNTED = re.compile(
    rf"\b(?:of|von) (?:{NUMBERS})\b|\b(?:{NUMBERS}) (?:visits(?! so far| at £)|conversations|times)\b"
    rf"|\bon (?:{NUMBERS}) days"
    r"|last (?:one|conversation with)|only one more|one visit remains|That was the last|is the last",
    re.IGNORECASE,
)
EXPLAINED = "What this study was about"
NOT_OF_VISITS = re.compile(r"(?:Step|Page|Question) \d+ of \d+")
OF_IT_ALL = ("£14.00", "100 minutes")
"""What all visits pay and take together: whoever reads it reckons how many there are."""


def short_open_end(home: Path) -> Path:
    """The study with three conversations instead of seven."""
    shutil.copytree(STUDIES, home / "studies")
    folder = home / "studies" / "open_end"
    said = read_study(folder)
    next(wave for wave in said["waves"] if wave["id"] == "chat")["repeat"] = TALKS
    said["horizon"]["between"] = {"chat": {"least": 2, "most": 8}}
    said["estimated_minutes"] = 100
    write_study(folder, said)
    return folder


@pytest.fixture(scope="module")
def drawn(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[Source, Drawn]]:
    """Every page of both halves, once for the tests of this file."""
    providers: dict[str, Any] = {**settings.LLM_PROVIDERS, "*": settings.LLM_PROVIDERS["scripted"]}
    with django_db_blocker.unblock(), override_settings(LLM_PROVIDERS=providers):
        yield drawn_folder(short_open_end(tmp_path_factory.mktemp("open")))


def read_by(pages: Drawn, condition: str) -> list[Screen]:
    """The pages that somebody may come to before they have been told at the end; whoever leaves late is told, too."""
    found = [one for key, one in pages.under(condition).items() if key.stage != "debrief" and key.step != "completed"]
    found = [one for one in found if EXPLAINED not in one.html]
    assert len(found) > 40
    return found


def words_of(screen: Screen) -> str:
    return NOT_OF_VISITS.sub("", visible(screen.html))


def test_no_page_tells_how_many_visits_there_are_to_whoever_is_not_told(drawn: tuple[Source, Drawn]) -> None:
    telling = {
        str(one.key): COUNTED.search(words_of(one))
        for one in read_by(drawn[1], UNTOLD)
        if COUNTED.search(words_of(one))
    }
    assert telling == {}
    summed = [str(one.key) for one in read_by(drawn[1], UNTOLD) if any(said in words_of(one) for said in OF_IT_ALL)]
    assert summed == []


def test_pattern_finds_what_the_others_read(drawn: tuple[Source, Drawn]) -> None:
    """So that the test above can fail."""
    stages = {one.key.place for one in read_by(drawn[1], TOLD) if COUNTED.search(words_of(one))}
    assert {BETWEEN, "how_counted", "talk/before", "talk/talk", "talk/goodbye"} <= stages
    assert any(OF_IT_ALL[0] in words_of(one) for one in read_by(drawn[1], TOLD) if one.key.stage == BETWEEN)


def test_page_between_visits_shows_no_visit_behind_the_next(drawn: tuple[Source, Drawn]) -> None:
    names = ["chat 1", "chat 2", "chat 3", "final"]
    seen = set()
    for one in read_by(drawn[1], UNTOLD):
        marks = re.search(r'<ol class="way">(.*?)</ol>', one.html, re.DOTALL)
        if one.key.stage == BETWEEN and marks and one.key.visit in names:
            seen.add(one.key.visit)
            assert marks[1].count("<li") <= 2 + names.index(one.key.visit), one.key
            assert "there are between 4 and 10 visits in all" in words_of(one)
    assert seen == set(names)


def test_everybody_knows_between_what_it_lies_before_they_agree(drawn: tuple[Source, Drawn]) -> None:
    for condition in (TOLD, UNTOLD):
        pages = drawn[1].under(condition)
        consent = next(words_of(one) for key, one in pages.items() if key.stage == "consent")
        assert "You write on 2 to 8 days" in consent
        assert "4 to 10 visits" in consent
        assert "80 to 200 minutes" in consent
        assert "£11.00 to £29.00" in consent
        door = next(words_of(one) for key, one in pages.items() if (key.stage, key.state) == (DOOR, "first"))
        assert "There are between 4 and 10 visits on different days." in door


def test_whoever_is_told_reads_it_at_the_start_and_before_the_last_but_one(drawn: tuple[Source, Drawn]) -> None:
    pages = drawn[1].under(TOLD)
    assert "on 3 days" in next(words_of(one) for key, one in pages.items() if key.stage == "how_counted")
    before = {
        key.visit: words_of(one)
        for key, one in pages.items()
        if key.place == "talk/before" and "has answered" not in key.state
    }
    assert "This is conversation 2 of 3. After this one there is only one more." in before["chat 2"]
    assert "It is the last one." in before["chat 3"]


def test_end_tells_both_halves(drawn: tuple[Source, Drawn]) -> None:
    for condition in (TOLD, UNTOLD):
        late = [one for one in drawn[1].under(condition).values() if EXPLAINED in one.html]
        assert {(one.key.stage, one.key.step) for one in late} == {(EXITS, "completed")}
        (page,) = {words_of(one) for one in late}
        assert "There were 3 conversations for everybody." in page


def test_halves_differ_in_what_the_file_declares_alone(drawn: tuple[Source, Drawn]) -> None:
    source, pages = drawn
    found = compared(pages, source.study, "counted", "uncounted")
    assert [(same.keys, same.first) for same in found if not same.reason] == []
    assert {key.stage for same in found for key in same.keys} <= {
        BETWEEN, "how_counted", "how_open", "door", "talk", EXITS, REFUSALS,
    }  # fmt: skip
