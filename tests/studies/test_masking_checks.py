"""What the check says of stages by which a condition could be told while it is masked."""

import pytest

from tests.studies.conftest import Folder
from tests.studies.test_practice_checks import AT_ENTRY, GAME, LOBBY, practise, sometimes, two_factors

QUIZ = "kind: quiz, items: quiz.yaml,"
AFTER_QUIZ = AT_ENTRY.replace("at: entry", "at: quiz")
AFTER = "{id: after, kind: survey,"
HERE = "waves[main].stages"


def codes(folder: Folder) -> set[str]:
    return folder.codes() & {"W456", "W457"}


@pytest.mark.parametrize(("entry", "expected"), [(AT_ENTRY, set()), (AFTER_QUIZ, {"W456"})])
def test_practice_before_a_waiting_room_is_seen_where_the_quiz_leaves_a_trace(
    folder: Folder, entry: str, expected: set[str]
) -> None:
    two_factors(folder, entry)
    practise(folder, sometimes("[given]"), before=LOBBY)
    assert codes(folder) == expected
    if expected:
        found = folder.one("W456")
        assert (found.path, 'who is in "try_out"' in found.what) == (f"{HERE}[try_out].when", True)


def test_practice_between_a_waiting_room_and_its_game_is_seen(folder: Folder) -> None:
    two_factors(folder, "unit: group, at: formation")
    practise(folder, sometimes("[given]"), before=GAME)
    assert codes(folder) == set(), "it shares a name with the condition page before it"
    folder.change("      - id: briefing\n", "      - id: briefing\n        when: {by: tried, levels: [given]}\n")
    assert {one.path for one in folder.problems() if one.code == "W456"} == {
        f"{HERE}[briefing].when", f"{HERE}[try_out].when",
    }  # fmt: skip


def test_questions_between_a_game_and_the_debrief_are_seen(folder: Folder) -> None:
    folder.change(AFTER, f"{AFTER} when: {{by: label, levels: [hidden]}},")
    assert folder.one("W456").path == f"{HERE}[after].when"


def test_exit_that_only_some_can_take_tells_who_they_are(folder: Folder) -> None:
    two_factors(folder, AT_ENTRY)
    folder.change(QUIZ, f"{QUIZ} when: {{by: tried, levels: [given]}},")
    found = folder.one("W457")
    assert (found.path, '"failed_quiz"' in found.what) == (f"{HERE}[quiz].on_fail.exit", True)
    folder.change("on_fail: {exit: failed_quiz}", "on_fail: {exit: no_group}")
    assert codes(folder) == set(), "a waiting room leads there, too"
