"""A talk that may not be ended at once is drawn: as it opens, as it goes on, and with the button that ends it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from paradigm import Chat, Talk
from screens.looking import MAY_END
from screens.mishaps import UNANSWERED, UNBEGUN
from studies import registry
from tests.screens.studies import drawn_folder
from tests.studies.conftest import Folder, folder, sharing_is_installed  # noqa: F401  fixtures are found by name

TALK = Talk("chat", Chat(max_chars=200), seconds=900, min_active_seconds=50, min_turns=1, ends="any")


@contextmanager
def with_talk(talk: Talk) -> Iterator[None]:
    """The experiment of the test study with a talk at its beginning."""
    sharing = registry.experiment("sharing")
    usual = sharing.steps
    object.__setattr__(sharing, "steps", [talk, *usual])
    try:
        yield
    finally:
        object.__setattr__(sharing, "steps", usual)


@pytest.mark.django_db
def test_talk_is_drawn_before_and_after_it_may_be_ended(folder: Folder) -> None:  # noqa: F811
    for role in ("giver", "taker"):
        folder.write("# Your conversation\n\nTalk about your week.", f"pages/game/chat_{role}.md")
    folder.change("{rounds: 3, endowment: 12}", "{rounds: 1, endowment: 12}")
    with with_talk(TALK):
        drawn = drawn_folder(folder.path)[1]
    of_talk = {screen.key.state: screen.html for screen in drawn.screens if screen.key.step == "chat"}
    assert {"acts", MAY_END} <= set(of_talk)
    assert "data-finish" not in of_talk["acts"]
    assert "data-finish" in of_talk[MAY_END]
    assert {UNBEGUN, UNANSWERED} <= set(of_talk)
    assert "Nobody has written for a while." in of_talk[UNBEGUN]
    assert "No answer has come for a while." in of_talk[UNANSWERED]
    assert "for a while" not in of_talk["acts"]
    for html in of_talk.values():
        assert "Rules of this conversation" in html
        assert "Report this conversation" in html
