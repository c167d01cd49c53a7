"""Changing a number: page, quiz, example and codebook follow, and nothing is changed without a reason."""

import shutil
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from console.services import Demo, prepare_demo
from exports.queries import codebook_rows
from studies import definition
from tests.console.conftest import DEMO_FOLDER, SignIn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(demo: Demo, sign_in: SignIn) -> Client:
    return sign_in(demo.study, "editor")


def filled(demo: Demo, **other: object) -> dict[str, object]:
    """The form as it is shown, with some other values."""
    now = definition.parameters(demo.study.versions.latest("number"), "game")
    values = {name: getattr(now, name) for name in type(now).model_fields}
    shown = {name: value for name, value in values.items() if value is not False}
    return {name: "on" if value is True else value for name, value in shown.items()} | other


def test_study_without_a_game_has_nothing_to_set(demo: Demo, browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.views.parameters.games", lambda _version: [])
    answer = browser.get(reverse("parameters", args=[demo.study.slug]))
    assert answer.status_code == 200
    assert "This study has no game, so there are no parameters to set." in answer.content.decode()


def test_form_shows_each_parameter_with_unit_bounds_and_source(demo: Demo, browser: Client) -> None:
    page = browser.get(reverse("parameters", args=[demo.study.slug])).content.decode()
    for said in (
        "What a Chooser may keep or give",
        "points",
        "at least 2, at most 1000",
        "our default, not the paper&#x27;s",
    ):
        assert said in page


def test_preview_shows_page_quiz_example_and_codebook_and_changes_nothing(demo: Demo, browser: Client) -> None:
    answer = browser.post(reverse("parameters", args=[demo.study.slug]), filled(demo, endowment=5, preview="1"))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "10 → 5" in page  # the endowment
    assert "30 → 15" in page  # the pot follows
    assert "keeps 5 points" in page  # instructions
    assert "15 - 6 = 9" in page  # the worked example
    assert "A Chooser who keeps earns 5 points." in page  # the quiz
    assert "0 to 15" in page  # the codebook's range of what is sent back
    assert demo.study.versions.count() == 1


def test_saving_makes_a_version_that_pages_and_codebook_follow(demo: Demo, browser: Client) -> None:
    form = filled(demo, endowment=5, save="1", reason="smaller stakes")
    answer = browser.post(reverse("parameters", args=[demo.study.slug]), form, follow=True)
    assert "Kept as version 2." in answer.content.decode()
    newest = demo.study.versions.latest("number")
    assert (newest.number, newest.reason) == (2, "smaller stakes")
    assert definition.parameters(newest, "game").named("endowment") == 5
    returned = [row for row in codebook_rows(demo.study) if row["name"] == "returned" and row["entry"] == "field"]
    assert [(row["version"], row["allowed_values"]) for row in returned] == [(1, "0 to 30"), (2, "0 to 15")]
    assert "smaller stakes" in browser.get(reverse("study", args=[demo.study.slug])).content.decode()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"endowment": 1, "reason": "x"}, "greater than or equal to 2"),
        ({"endowment": "many", "reason": "x"}, "whole number"),
        ({"history": "everything", "reason": "x"}, "not one of the available choices"),
        ({"endowment": 5}, "Say why"),
        ({"reason": "for nothing"}, "nothing differs"),
    ],
)
def test_refusal_says_why_and_leaves_no_version(
    demo: Demo, browser: Client, other: dict[str, object], said: str
) -> None:
    answer = browser.post(reverse("parameters", args=[demo.study.slug]), filled(demo, **other, save="1"))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert demo.study.versions.count() == 1


def test_numbers_that_a_text_cannot_reckon_with_are_refused_in_words(tmp_path: Path, sign_in: SignIn) -> None:
    shutil.copytree(DEMO_FOLDER.parent, tmp_path / "studies")
    quiz = tmp_path / "studies" / "pages" / "quiz.yaml"
    quiz.write_text(quiz.read_text().replace('correct: "{{ endowment }}"', 'correct: "{{ endowment / 10 }}"'))
    demo = prepare_demo(tmp_path / "studies" / "demo")
    address, browser = reverse("parameters", args=[demo.study.slug]), sign_in(demo.study, "editor")
    assert browser.post(address, filled(demo, endowment=20, preview="1")).status_code == 200
    answer = browser.post(address, filled(demo, endowment=7, preview="1"))
    assert answer.status_code == 422
    assert "a whole number is needed here" in answer.content.decode()
