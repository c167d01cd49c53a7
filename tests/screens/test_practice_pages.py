"""Practice in the tour of screens: every page of it, and as a factor a declared difference and no other."""

from pathlib import Path

import pytest

from screens.differing import compare, pairs, summed_up
from tests.machinery.quick import stage
from tests.screens.studies import Said, drawn_folder, short_copy

LABEL = {"factors": ["label"], "unit": "group", "block_sizes": [2, 4], "at": "formation"}
TRIED = {"factors": ["tried"], "unit": "participant", "block_sizes": [2], "meets": "anybody", "at": "quiz"}
PRACTICE = {
    "id": "try_out", "kind": "practice", "game": "game", "script": "../practice/answers.yaml",
    "page": "../practice/page.md", "when": {"by": "tried", "levels": ["given"]},
}  # fmt: skip


def as_a_factor(said: Said) -> None:
    said["factors"]["tried"] = {"levels": ["none", "given"]}
    said["conditions"]["cross"] = ["label", "tried"]
    said["allocation"] = [LABEL, TRIED]
    stages = said["waves"][0]["stages"]
    stages.insert(stages.index(stage(said, "lobby")), PRACTICE)


def test_practice_is_drawn_page_by_page_and_differs_as_declared(tmp_path: Path, db: None) -> None:
    source, drawn = drawn_folder(short_copy(tmp_path, change=as_a_factor))
    given = drawn.under("label=hidden,tried=given")
    states = {key.state for key in given if key.stage == "try_out"}
    assert {"first", *(f"page {number}" for number in range(2, 10))} <= states
    assert not any(key.stage == "try_out" for key in drawn.under("label=hidden,tried=none"))
    pages = [screen.html for key, screen in given.items() if key.stage == "try_out" and "made up" in screen.html]
    assert len(pages) >= 9
    found = [
        same for pair in pairs(source.study, "none", "given") for same in summed_up(compare(drawn, source.study, *pair))
    ]
    assert [same for same in found if not same.reason] == []
    assert "try_out when tried" in {same.reason for same in found}


@pytest.mark.long
def test_practice_shows_the_same_under_every_label(tmp_path: Path, db: None) -> None:
    source, drawn = drawn_folder(short_copy(tmp_path, change=as_a_factor))
    found = compare(drawn, source.study, "label=hidden,tried=given", "label=disclosed,tried=given")
    assert [one for one in found if one.key.stage == "try_out"] == []
