"""What models would be told in a study without people: a group of programs plays it, under each condition."""

from collections import defaultdict
from pathlib import Path

import pytest

from screens.asked import Asked
from tests.experiments.private_studies import MODES, copied
from tests.screens.test_prompts_shown import asked_in, user_of

pytestmark = pytest.mark.django_db


def test_each_mode_of_private_information_is_shown_with_what_it_tells(tmp_path: Path) -> None:
    found: dict[str, list[Asked]] = defaultdict(list)
    for one in asked_in(copied(tmp_path, "modes").path, [f"mode={mode}" for mode in MODES]):
        found[one.condition.removeprefix("mode=")].append(one)
    assert [(one.step, one.role, one.persona) for one in found["script"]] == [
        ("script", "first", "../prompts/author.md"),
    ]  # fmt: skip
    for mode, tables in (("private", 1), ("omniscient", 2)):
        assert {(one.step, one.role) for one in found[mode]} >= {
            ("opens", "first"),
            ("after", "first"),
            ("after", "second"),
        }
        assert {user_of(one).count("alone\nWhat | Words") for one in found[mode]} == {tables}
        assert {one.persona for one in found[mode]} == {"../prompts/side.md"}
    assert user_of(found["script"][0]).count("alone\nWhat | Words") == 2
