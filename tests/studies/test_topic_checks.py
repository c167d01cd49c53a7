"""What the check says of topics."""

import pytest

from tests.screens.test_talk_pages import TALK, with_talk
from tests.studies.conftest import Folder
from tests.studies.test_talk_checks import with_talk as with_settings

ALONE = (
    "      giver: {humans: 2}\n      taker: {humans: 1, ai: 1}\n",
    "      giver: {humans: 1}\n      taker: {ai: 1}\n",
)
SQUARE = "{pool: [home, work], order: latin_square}"
AT = "waves[main].stages[game].topic"


@pytest.fixture
def folder(folder: Folder) -> Folder:
    folder.change(*ALONE)
    folder.change("    fill: {after_seconds: 30, label_as: computer, policies: [half]}\n", "")
    return folder


def codes(folder: Folder, topic: str) -> list[tuple[str, str]]:
    """What is said of the study with these topics; its experiment has a parameter `style` and, here, `topic`."""
    folder.change("        parameters: {rounds: 3, endowment: 12}\n",
                  f"        parameters: {{rounds: 3, endowment: 12}}\n        topic: {topic}\n")  # fmt: skip
    return sorted({(one.code, one.path) for one in folder.problems() if one.code[1:] in ("465", "466", "467", "100")})


def test_experiment_that_takes_no_topic_is_refused(folder: Folder) -> None:
    with with_talk(TALK):
        assert codes(folder, SQUARE) == [("E466", AT), ("W466", AT)]


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("{pool: [home], order: constant}", []),
        ("{pool: [home, work], order: constant}", [("E466", f"{AT}.order")]),
        ("{pool: [home], order: drawn}", [("E466", f"{AT}.pool")]),
        ("{pool: [home, home], order: drawn}", [("E466", f"{AT}.pool")]),
        ("{pool: [home, work], order: drawn}", []),
        ("{pool: [home, work], order: scripted}", [("W465", f"{AT}.order")]),
        ("{pool: [home, work], order: latin_square}", [("W466", AT)]),
        ("{pool: [home, worktimeandplay], order: drawn}", [("E466", f"{AT}.pool")]),
        ("{pool: [], order: drawn}", [("E100", f"{AT}.pool")]),
    ],
)
def test_topics_and_their_order_fit(folder: Folder, topic: str, expected: list[tuple[str, str]]) -> None:
    folder.write(folder.text("pages/game/give_giver.md") + "\nAbout {{ topic }}.\n", "pages/game/give_giver.md")
    with with_settings(TALK):
        assert codes(folder, topic) == expected


def test_somebody_must_be_told(folder: Folder) -> None:
    with with_settings(TALK):
        assert codes(folder, "{pool: [home, work], order: drawn}") == [("W467", AT)]


def test_order_is_of_one_person(folder: Folder) -> None:
    folder.change(*ALONE[::-1])
    folder.write(folder.text("pages/game/give_giver.md") + "\nAbout {{ topic }}.\n", "pages/game/give_giver.md")
    with with_settings(TALK):
        assert ("E467", f"{AT}.order") in codes(folder, SQUARE)
