"""Words that would tell a participant what a study is about: found wherever they would be read, or stand in a page."""

from dataclasses import replace
from functools import cache

import pytest

from paradigm import Choice, Decision, Option, Role
from studies import registry
from tests.studies.conftest import Folder


@pytest.mark.parametrize(
    ("file", "old", "new", "where"),
    [
        ("study.yaml", "I agree to take part for", "I trust you for", "waves[main].stages[consent].ticks"),
        (
            "study.yaml",
            "Will you be told who",
            "Will you be told the condition of who",
            "waves[main].stages[briefing].check",
        ),
        ("study.yaml", "marked: Program}", "marked: Bot}", "partners.computer.label"),
        ("quiz.yaml", "Is A the same player", "Is the bot the same player", "quiz.yaml: "),
        ("quiz.yaml", "No, letters are mixed anew.", "No, that stays hidden.", "quiz.yaml: "),
        ("quiz.yaml", "- id: keep", "- id: in_trust", "quiz.yaml: in_trust"),
        ("quiz.yaml", "value: same,", "value: same_bot,", "quiz.yaml: letters"),
        ("study.yaml", "{id: take_part,", "{id: my_trust,", "waves[main].stages[consent].ticks"),
        ("study.yaml", "value: told_yes,", "value: is_hidden,", "waves[main].stages[briefing].check"),
        ("study.yaml", "name: The test lab", "name: The Trust Lab", "contact.name"),
        ("study.yaml", "completed: {pay: full,", "completed: {pay: full, code: BOT_DONE,", "exits.completed.code"),
        ("study.yaml", "A decision task", "Sharing-Test, a decision task", "public_title"),
        ("pages/exit.md", "The end", "The end of a chatbot's work", "pages/exit.md"),
        ("pages/exit.md", "The end", "Mistrust ends", "pages/exit.md"),
    ],
)
def test_word_that_gives_away_is_found_wherever_it_is_read(
    folder: Folder, file: str, old: str, new: str, where: str
) -> None:
    folder.change(old, new, file)
    assert folder.one("W701").path.startswith(where)


def test_german_pages_are_read_in_german(folder: Folder) -> None:
    for said in ("Vertrauen Sie ihm?", "Das bleibt verborgen.", "In dieser Bedingung nicht.", "Trauen Sie sich?"):
        folder.write(f"# Das Ende\n\n{said} Ihr Code ist {{{{ code }}}}.", "pages/exit.md")
        assert "W701" not in folder.codes()
        folder.change("language: en", "language: de")
        assert folder.one("W701").path == "pages/exit.md"
        folder.change("language: de", "language: en")
    folder.change("language: en", "language: de")
    folder.write("# Das Ende\n\nAlles bleibt vertraulich. Ihr Code ist {{ code }}.", "pages/exit.md")
    assert folder.problems() == []


def test_words_of_an_experiment_are_read_too(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    sharing = registry.experiment("sharing")
    trusting = replace(sharing, roles={**sharing.roles, "taker": Role(title="Trustee")})
    monkeypatch.setattr(registry, "experiment", cache(lambda _: trusting))
    found = folder.one("W701")
    assert found.path == "waves[main].stages[game].experiment"
    assert "Trustee" in found.what
    assert "in the experiment sharing" in found.remedy
    field = Choice("choice", "Your choice", options=[Option("yes", "I have hidden it")])
    asking = replace(sharing, steps=[Decision("give", "giver", [field], "give_seconds"), *sharing.steps[1:]])
    monkeypatch.setattr(registry, "experiment", cache(lambda _: asking))
    assert '"hidden"' in folder.one("W701").what


def test_name_of_a_level_that_is_no_word_is_internal(folder: Folder) -> None:
    folder.write(folder.text().replace("marked", "with_marks").replace("briefing_with_marks", "briefing_marked"))
    assert folder.problems() == []
    folder.change("# How it works", "# How it works with_marks", "pages/instructions.md")
    assert '"with_marks"' in folder.one("W701").what


def test_scale_after_the_game_may_name_what_it_measures(folder: Folder) -> None:
    folder.change("How fair was it?", "How much do you trust A?", "survey.yaml")
    assert folder.problems() == []
