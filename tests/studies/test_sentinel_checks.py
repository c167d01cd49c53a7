"""What a study file may say of sentinel prompts."""

import pytest

from studies.check import check, check_folder
from tests.studies.conftest import Folder
from tests.studies.test_study_memory import MODEL, POLICY

SENTINELS = "sentinels: {prompts: prompts/sentinels.md, per_day: 2}\n"


@pytest.fixture
def folder(folder: Folder) -> Folder:
    (folder.path / "prompts").mkdir()
    folder.write("You share.", "prompts/one.md")
    folder.write("One?\n---\nTwo?\n", "prompts/sentinels.md")
    folder.change(POLICY, MODEL)
    folder.write(folder.text() + SENTINELS)
    return folder


def said(folder: Folder) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in check(folder.path) if one.code in ("E880", "E881", "E100", "E103")]


def test_prompts_are_frozen_with_the_study(folder: Folder) -> None:
    assert said(folder) == []
    assert check_folder(folder.path).files["prompts/sentinels.md"] == "One?\n---\nTwo?\n"


def test_without_a_model_there_is_nobody_to_ask(folder: Folder) -> None:
    folder.change(MODEL, POLICY)
    assert said(folder) == [("E880", "sentinels")]


@pytest.mark.parametrize("text", ["\n---\n", "\n---\n".join(["More?"] * 11), "x" * 2001])
def test_file_has_a_few_short_prompts(folder: Folder, text: str) -> None:
    folder.write(text, "prompts/sentinels.md")
    assert said(folder) == [("E881", "sentinels.prompts")]


def test_file_that_is_not_there_and_too_many_a_day_are_refused(folder: Folder) -> None:
    folder.change("per_day: 2", "per_day: 99")
    assert said(folder) == [("E100", "sentinels.per_day")]
    folder.change("per_day: 99", "per_day: 1")
    folder.change("sentinels.md,", "sentinel.md,")
    assert said(folder) == [("E103", "sentinels.prompts")]
