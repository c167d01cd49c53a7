"""What a study file may say of a model that gives nothing usable, and of words that it may not say."""

import pytest

from tests.studies.conftest import Folder
from tests.studies.test_safety_checks import chatting_is_installed, companion  # noqa: F401  fixtures are found by name

AT = "partners.computer"
HIDDEN = 'label: {by: label, values: {hidden: "", marked: Program}}'


def write(folder: Folder, **said: str) -> None:
    """Lines of the partner."""
    lines = "".join(f"    {key}: {value}\n" for key, value in said.items())
    folder.change("    asked_if_ai: deflect\n", f"    asked_if_ai: deflect\n{lines}")


def ours(folder: Folder) -> list[str]:
    return [str(one) for one in folder.problems() if one.code[1:3] == "86" or one.code.startswith("E1")]


@pytest.mark.parametrize(
    "on_failure",
    [
        "{}", "{then: end, decisions: end}", '{then: line, line: {en: "One moment."}, decisions: deadline}',
        '{then: line, line: {en-GB: "x", en: "One moment."}, decisions: end}', "{retry: {times: 2, after_s: 5}}",
        "{then: pause, pause: {times: 3, after_s: 10, then: silence}, decisions: deadline}",
    ],
)  # fmt: skip
def test_sound_policy_has_nothing_to_mend(companion: Folder, on_failure: str) -> None:  # noqa: F811  a fixture
    companion.change(HIDDEN, "label: {all: Program}")
    write(companion, on_failure=on_failure)
    assert ours(companion) == []


@pytest.mark.parametrize(
    ("on_failure", "seen"),
    [
        ("{then: end}", "then: end"), ("{then: pause, decisions: deadline}", "then: pause"),
        ("{decisions: end}", "decisions: end"), ("{then: end, decisions: end}", "then: end and decisions: end"),
    ],
)  # fmt: skip
def test_what_happens_beside_programs_alone_is_warned_of_where_they_pass_for_people(
    companion: Folder,  # noqa: F811  a fixture
    on_failure: str,
    seen: str,
) -> None:
    write(companion, on_failure=on_failure)
    found = companion.one("W863")
    assert found.path == f"{AT}.on_failure"
    assert f"says {seen}:" in found.what
    companion.change(HIDDEN, "label: {all: Program}")
    assert "W863" not in companion.codes()


@pytest.mark.parametrize(
    ("on_failure", "code", "path", "words"),
    [
        ("{then: line, decisions: end}", "E860", f"{AT}.on_failure.then", 'none in "en"'),
        ("{then: line, line: {de: Moment.}, decisions: end}", "E860", f"{AT}.on_failure.then", 'none in "en"'),
        ("{pause: {times: 3}}", "E861", f"{AT}.on_failure.pause", "`then` is silence"),
        (
            '{fallback: {model: {name: scripted/one, daily_cost_usd: "0.00"}}}', "E861",
            f"{AT}.on_failure.fallback.model.name", "has just failed",
        ),
        (f'{{line: {{en: "{"x" * 41}"}}}}', "E862", f"{AT}.on_failure.line.en", "has 41 characters; game/talk takes"),
        ("{then: pause}", "W860", f"{AT}.on_failure.then", "at game/answer a number or a choice is wanted"),
        (
            '{fallback: {model: {name: scripted/two, daily_cost_usd: "0.00"}}}', "W861", f"{AT}.on_failure.fallback",
            "another treatment",
        ),
    ],
)  # fmt: skip
def test_what_cannot_happen_is_refused_and_what_it_means_is_said(
    companion: Folder,  # noqa: F811  a fixture
    on_failure: str,
    code: str,
    path: str,
    words: str,
) -> None:
    write(companion, on_failure=on_failure)
    found = companion.one(code)
    assert found.path == path
    assert words in found.what
    assert found.remedy


def test_lines_may_stand_in_a_file_of_their_own(companion: Folder) -> None:  # noqa: F811  a fixture
    write(companion, on_failure="{then: line, lines: {en: away.txt}, decisions: end}")
    companion.write("\n\n", "away.txt")
    assert companion.one("E860").path == "away.txt"
    companion.write(f"One moment.\n{'y' * 50}\n", "away.txt")
    assert (companion.one("E862").path, companion.one("E862").line) == ("away.txt", 2)
    companion.write("One moment.\nSorry.\n", "away.txt")
    companion.change("decisions: end", "decisions: deadline")
    companion.change("    on_failure:", "    asked_if_ai_line: {en: And you?}\n    on_failure:")
    assert ours(companion) == []


def test_two_places_for_the_same_line_are_one_too_many(companion: Folder) -> None:  # noqa: F811  a fixture
    companion.write("Sorry.", "away.txt")
    write(companion, on_failure="{line: {en: One moment.}, lines: {en: away.txt}}")
    assert companion.one("E861").path == f"{AT}.on_failure.lines"


def test_nobody_is_told_the_words_that_are_forbidden(companion: Folder) -> None:  # noqa: F811  a fixture
    companion.write(companion.text() + "forbidden_words: [closeness, one moment]\n")
    companion.change(HIDDEN, "label: {all: Program}")
    assert ours(companion) == []
    write(companion, asked_if_ai_line='{en: "One moment, please."}')
    assert companion.one("E863").path == f"{AT}.asked_if_ai_line.en"
    companion.change('{en: "One moment, please."}', "{}")
    companion.write("You like to talk.\nYou want closeness.", "prompts/one.md")
    found = companion.one("E863")
    assert (found.path, found.line) == ("prompts/one.md", 2)


def test_words_of_ours_are_warned_of_where_a_program_may_be_taken_for_a_person(companion: Folder) -> None:  # noqa: F811
    found = [one for one in companion.problems() if one.code == "W864"]
    assert [one.path for one in found] == [f"{AT}.asked_if_ai", AT]
    assert all("public and the same in every study" in one.what for one in found)
    write(companion, asked_if_ai_line="{en: [I would rather talk about you., What about you?]}")
    assert [one.path for one in companion.problems() if one.code == "W864"] == [AT]
    companion.change("    asked_if_ai_line:", "    on_failure: {line: {en: One moment.}}\n    asked_if_ai_line:")
    assert "W864" not in companion.codes()


@pytest.mark.parametrize("change", [(HIDDEN, "label: {all: Program}"), ("language: en", "language: fr")])
def test_words_of_ours_tell_nothing_where_it_is_known_or_there_are_none(
    companion: Folder,  # noqa: F811  a fixture
    change: tuple[str, str],
) -> None:
    companion.change(*change)
    assert "W864" not in companion.codes()


def test_whoever_admits_what_it_is_may_do_so_in_our_words(companion: Folder) -> None:  # noqa: F811  a fixture
    companion.change("asked_if_ai: deflect", "asked_if_ai: admit")
    assert [one.path for one in companion.problems() if one.code == "W864"] == [AT]


def test_each_of_several_lines_fits_and_is_no_forbidden_word(companion: Folder) -> None:  # noqa: F811  a fixture
    companion.write(companion.text() + "forbidden_words: [closeness]\n")
    write(companion, asked_if_ai_line=f'{{en: [Fine., "{"x" * 41}", Some closeness.]}}')
    assert companion.one("E862").path == f"{AT}.asked_if_ai_line.en[1]"
    assert companion.one("E863").path == f"{AT}.asked_if_ai_line.en[2]"


@pytest.mark.parametrize("said", ["{en: []}", "{en: 3}", "{en: [Fine., 3]}", '{en: ""}'])
def test_lines_are_words(companion: Folder, said: str) -> None:  # noqa: F811  a fixture
    write(companion, asked_if_ai_line=said)
    (found,) = [one for one in companion.problems() if one.code.startswith("E1")]
    assert found.path.startswith(f"{AT}.asked_if_ai_line.en")
    assert "several" not in found.path
    assert "one" not in found.path


def test_language_without_words_for_it_is_warned_of(companion: Folder) -> None:  # noqa: F811  a fixture
    companion.change("language: en", "language: fr")
    assert companion.one("W862").path == "language"
