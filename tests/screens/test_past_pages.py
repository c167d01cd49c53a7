"""A talk after an earlier one is drawn, with what can be read of that; a factor that decides it is a declaration."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from config.supervisor.screens import Source, compared
from screens.differing import told
from screens.looking import LATER, PAST
from screens.screen import Drawn, Screen
from studies.check import check
from studies.problems import errors
from tests.screens.studies import drawn_folder
from tests.studies.conftest import Folder, forget_code, sharing_is_installed  # noqa: F401  fixtures are found by name
from tests.studies.test_study_memory import MODEL, folder  # noqa: F401

pytestmark = pytest.mark.django_db
FACTS = "    memory: {kind: facts}\n"
PAGES = {"talk_talker": "# Your conversation\n\nTalk about your week.", "answer_talker": "# A number\n\nPick one."}


@pytest.fixture(autouse=True)
def chatting_is_installed(sharing_is_installed: None, settings: LazySettings) -> Iterator[None]:  # noqa: F811
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.chat.games"]
    forget_code()
    yield
    forget_code()


def drawn(folder: Folder, visible: str) -> tuple[Drawn, Source]:  # noqa: F811
    """The study in which one person talks twice with a model, drawn."""
    folder.change(MODEL, f"{MODEL}{FACTS}    past_transcript_visible: {visible}\n")
    for name, text in PAGES.items():
        folder.write(text, f"pages/game/{name}.md")
    found = errors(check(folder.path))
    assert [str(one) for one in found] == []
    source, screens = drawn_folder(folder.path)
    return screens, source


def of_talks(screens: Drawn, condition: str) -> dict[tuple[str, str], Screen]:
    """The pages of both talks, by stage and state."""
    of = screens.under(f"label={condition}").items()
    return {(key.stage, key.state): screen for key, screen in of if key.step == "talk"}


def test_later_talk_is_drawn_with_what_was_said_before(folder: Folder) -> None:  # noqa: F811
    found = of_talks(drawn(folder, "true")[0], "hidden")
    first, later, past = found["game", "acts"], found["again", f"acts, {LATER}"], found["again", PAST]
    assert "Your earlier conversations" not in first.html
    assert "Your earlier conversations" in later.html
    assert "data-transcript" in past.html
    assert not any(stage == "game" and LATER in state for stage, state in found)


def test_factor_that_decides_it_is_all_that_differs(folder: Folder) -> None:  # noqa: F811
    screens, source = drawn(folder, "{by: label, values: {hidden: true, marked: false}}")
    found = of_talks(screens, "marked")
    assert "Your earlier conversations" not in found["again", f"acts, {LATER}"].html
    assert ("again", PAST) not in found
    differences = compared(screens, source.study, "hidden", "marked")
    assert [told(same) for same in differences if not same.reason] == []
    ours = [same for same in differences if same.reason == "past_transcript_visible by label"]
    assert {key.stage for same in ours for key in same.keys} == {"again"}
    assert any("Your earlier conversations" in words for same in ours for words in same.first)
