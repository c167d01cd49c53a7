"""A study of several visits is drawn visit by visit, with what stands between two, and compared visit by visit."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from config.supervisor.screens import Source, compared
from screens.differing import Same
from screens.document import caption, said_visits, sheets
from screens.reading import words
from screens.screen import BETWEEN, EXITS, Drawn, Key, Screen
from studies import registry
from tests.machinery.people import FOLDER, sharing_is_installed  # noqa: F401  fixtures are found by name
from tests.machinery.study_files import read_study, write_study
from tests.scheduling.test_visits_with_partners import with_partners
from tests.screens.studies import Said, drawn_folder

pytestmark = pytest.mark.django_db
ALONE = {"giver": {"humans": 1}, "taker": {"ai": 1}}
TOGETHER = {"giver": {"humans": 1}, "taker": {"humans": 1}}
VISITS = ["intake", "talk 1", "talk 2", "final"]
LEVELS = ("plain", "warm")


def weeks(home: Path, *, roles: Any = None, change: Callable[[Said], None] | None = None) -> Path:
    """Two talks on different days, each with a waiting room and a game, in two arms; in a folder of its own."""
    folder = home / "weeks"
    shutil.copytree(FOLDER, folder)
    of_file = with_partners()
    for path, text in of_file.pop("texts").items():
        (folder / path).write_text(text)
    del of_file["roles"]
    said = read_study(folder) | of_file
    said |= {
        "id": "weeks",
        "groups": {"pair": said["groups"]["pair"] | {"roles": roles or ALONE}},
        "factors": {"tone": {"levels": list(LEVELS)}},
        "conditions": {"cross": ["tone"]},
        "allocation": {"unit": "participant", "at": "entry", "block_sizes": [2]},
        "reminders": {"channels": ["email"]},
    }
    said["waves"][1]["reminders"] = [{"at": {"from": "opens", "plus": "0m"}, "if": "not_started"}]
    if change:
        change(said)
    write_study(folder, said)
    return folder


def one_more_question(said: Said) -> None:
    """A survey in each talk that is for one arm."""
    survey = {"id": "more", "kind": "survey", "items": "survey.yaml", "when": {"by": "tone", "levels": ["warm"]}}
    said["waves"][1]["stages"].append(survey)


@pytest.fixture(scope="module")
def installed() -> Iterator[None]:
    """The experiment of the test study, for as long as the module's pages are drawn."""
    with override_settings(EXPERIMENT_PACKAGES=[*settings.EXPERIMENT_PACKAGES, "tests.studies.experiments"]):
        registry.experiment.cache_clear()
        registry._module_of.cache_clear()
        yield
    registry.experiment.cache_clear()
    registry._module_of.cache_clear()


@pytest.fixture(scope="module")
def drawn(
    installed: None, tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> tuple[Source, Drawn]:
    """Every page of both arms, once for the tests of this file."""
    with django_db_blocker.unblock():
        return drawn_folder(weeks(tmp_path_factory.mktemp("weeks"), change=one_more_question))


def states(drawn: Drawn, stage: str, visit: str) -> set[str]:
    """The pages at one place of a visit in the first arm."""
    return {key.state for key in drawn.under("tone=plain") if (key.stage, key.visit) == (stage, visit)}


def stray(found: Sequence[Same]) -> list[Same]:
    """Those that nothing declares."""
    return [same for same in found if not same.reason]


def test_every_visit_of_each_arm_is_drawn_and_compared(drawn: tuple[Source, Drawn]) -> None:
    source, pages = drawn
    for condition in ("tone=plain", "tone=warm"):
        of_visits: dict[str, set[str]] = {}
        for key in pages.under(condition):
            of_visits.setdefault(key.visit, set()).add(key.stage)
        assert list(of_visits) == ["", *VISITS]
        more = {"more"} if condition == "tone=warm" else set()
        for visit in ("talk 1", "talk 2"):
            assert of_visits[visit] == {BETWEEN, "lobby", "game", "feel"} | more
        assert of_visits["final"] == {BETWEEN, "post", "debrief"}
    assert states(pages, "game", "talk 2") >= {"acts", "has answered"}
    assert "pause or leave" in states(pages, "lobby", "talk 1")
    assert "pause or leave" not in states(pages, "lobby", "talk 2"), "off the way there is nothing new"
    found = compared(pages, source.study, *LEVELS)
    assert stray(found) == []
    assert {same.reason for same in found} == {"more when tone"}
    assert {key.visit for same in found for key in same.keys} >= {"talk 1", "talk 2"}


def test_what_stands_between_two_visits_is_drawn(drawn: tuple[Source, Drawn]) -> None:
    _, pages = drawn
    assert states(pages, BETWEEN, "intake") == {
        "asked about their clock",
        "asked about their clock, after an empty form",
        "asked whether they want to be reminded",
    }
    first = {"before it opens", "open", "pause or leave", "what one agreed to", "a copy of one's data", "another clock"}
    first |= {"reminders"}
    assert states(pages, BETWEEN, "talk 1") == first | {"another clock, after an empty form"}
    assert states(pages, BETWEEN, "talk 2") == {
        "before it opens", "open", "after a visit that was missed", "after a visit that was not finished",
    }  # fmt: skip
    assert states(pages, "lobby", "talk 1") >= {"an answer came after the visit"}
    found = pages.under("tone=plain")
    opening = found[Key(BETWEEN, state="before it opens", visit="talk 2")]
    assert any(said.startswith("Your next visit opens on") for said in words(opening.html))
    assert "You can begin now." in words(found[Key(BETWEEN, state="open", visit="talk 2")].html)
    assert "done in part" in words(
        found[Key(BETWEEN, state="after a visit that was not finished", visit="talk 2")].html
    )
    exits = {(key.step, key.state) for key in found if key.stage == EXITS}
    assert {
        ("inactive", "after missing too many visits"), ("left", "left, from between_visits"),
        ("withdrawn", "left, data deleted, from between_visits"), ("completed", "at the end"),
        ("completed", "when the time of final was up"),
    } <= exits  # fmt: skip


def test_same_page_of_several_visits_stands_once(drawn: tuple[Source, Drawn]) -> None:
    feel = [sheet for sheet in sheets(drawn[1]) if (sheet.key.stage, sheet.key.state) == ("feel", "first")]
    assert [caption(sheet) for sheet in feel] == ["feel, giver: first (talk 1 to 2)"]
    again = Drawn.from_json(json.loads(json.dumps(drawn[1].as_json())))
    assert again == drawn[1]


def test_one_stray_word_in_one_visit_is_found(drawn: tuple[Source, Drawn]) -> None:
    source, pages = drawn
    place = Key(BETWEEN, state="open", visit="talk 2")

    def changed(screen: Screen) -> Screen:
        is_it = screen.key == place and screen.condition == "tone=warm"
        return replace(screen, html=screen.html.replace("You can begin now.", "You may begin.")) if is_it else screen

    planted = Drawn([changed(screen) for screen in pages.screens], pages.not_reached)
    found = stray(compared(planted, source.study, *LEVELS))
    assert [(same.keys, same.second[0].endswith("You may begin.")) for same in found] == [((place,), True)]
    declared = source.study.model_copy(deep=True)
    note = {"at": "between_visits", "note": "One arm is greeted otherwise."}
    declared.factors["tone"] = declared.factors["tone"].model_validate({"levels": list(LEVELS), "differs": [note]})
    assert stray(compared(planted, declared, *LEVELS)) == []


def test_people_who_meet_in_each_visit_come_along(tmp_path: Path) -> None:
    _, pages = drawn_folder(weeks(tmp_path, roles=TOGETHER))
    for visit in ("talk 1", "talk 2"):
        seen = {key.role for key in pages.under("tone=plain") if (key.stage, key.visit) == ("game", visit)}
        assert seen - {""} == {"giver", "taker"}
        assert "ready, others not yet" in states(pages, "lobby", visit)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["final"], "final"),
        (["talk 1", "talk 2", "talk 3", "talk 5"], "talk 1 to 3, talk 5"),
        (["intake", "talk 1", "other 2"], "intake, talk 1, other 2"),
    ],
)
def test_visits_are_named_in_few_words(names: list[str], said: str) -> None:
    assert said_visits(names) == said
