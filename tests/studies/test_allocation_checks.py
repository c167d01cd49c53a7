"""What the check says of an allocation: each code where it belongs, and nothing of a sound one."""

import pytest

from tests.studies.conftest import Folder

SINGLE = "{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}"
FIRST = "\n  - {factors: [label], unit: group, block_sizes: [2], at: formation}"


def factors(folder: Folder, *more: str) -> None:
    """Other factors beside the label."""
    said = "".join(f"\n  {name}: {{levels: [one, two]}}" for name in more)
    folder.change("label: {levels: [hidden, marked]}", "label: {levels: [hidden, marked]}" + said)
    folder.change("cross: [label]", f"cross: [{', '.join(['label', *more])}]")


def several(folder: Folder, *entries: str) -> None:
    """The label by group, and other entries."""
    folder.change(SINGLE, FIRST + "".join(f"\n  - {entry}" for entry in entries))


def said(folder: Folder, code: str) -> tuple[str, str]:
    """Path, and words, of the only problem with a code; there is no other."""
    found = folder.problems()
    assert [problem.code for problem in found] == [code], [str(problem) for problem in found]
    return found[0].path, f"{found[0].what} {found[0].remedy}"


@pytest.mark.parametrize(
    "entry",
    [
        "{factors: [more], unit: round, method: latin_square, at: formation}",
        "{factors: [more], unit: round, block_sizes: [2], at: {round: 2}}",
        "{factors: [more], unit: pair, block_sizes: [4], at: formation}",
        "{factors: [more], unit: session, block_sizes: [2], at: entry}",
        "{factors: [more], unit: study, method: simple, at: entry}",
        "{factors: [more], unit: item, method: latin_square, at: after}",
        "{factors: [more], unit: participant, method: simple, weights: {one: 3, two: 1}, meets: anybody, at: entry}",
        "{factors: [more], unit: participant, method: minimisation, covariates: [letters], at: quiz}",
        "{factors: [more], unit: participant, block_sizes: [2], strata: [letters], at: quiz}",
        "{factors: [more], unit: group, method: quota, targets: {one: 12, two: 12}, at: formation}",
        "{factors: [more], unit: group, method: minimisation, imbalance: variance, at: {round: 3}}",
    ],
)
def test_sound_entry_is_accepted(folder: Folder, entry: str) -> None:
    factors(folder, "more")
    several(folder, entry)
    if "latin" in entry and "round" in entry:
        folder.change("parameters: {rounds: 3", "parameters: {rounds: 4")
    assert folder.problems() == []


def test_factor_may_be_given_anew_at_a_round(folder: Folder) -> None:
    several(folder, "{factors: [label], unit: group, block_sizes: [2], at: {round: 2}}")
    folder.change("        by: label\n        pages: {hidden: pages/briefing_hidden.md, marked", "        pages: {all")
    folder.change("correct: {hidden: told_no, marked: told_yes}", "correct: {all: told_yes}")
    folder.change("/briefing_marked.md}", "/briefing_marked.md}\n        note: what changes is told in the game")
    assert folder.problems() == []


@pytest.mark.parametrize(
    ("entry", "path", "words"),
    [
        ("{factors: [label], unit: group, block_sizes: [2], at: formation}", "[1].factors", "given by two entries"),
        ("{unit: group, block_sizes: [2], at: formation}", "[1].factors", "which factors it gives is missing"),
        (
            "{factors: [label], unit: round, block_sizes: [2], at: {round: 2}}",
            "[1].unit",
            "was given by group and is given anew by round",
        ),
        ("{factors: [lable], unit: group, block_sizes: [2], at: formation}", "[1].factors[0]", "Did you mean label?"),
    ],
)
def test_factor_is_given_once(folder: Folder, entry: str, path: str, words: str) -> None:
    several(folder, entry)
    found = [problem for problem in folder.problems() if problem.code == "E207"]
    assert [problem.path for problem in found] == [f"allocation{path}"]
    assert words in str(found[0])


def test_factor_that_no_entry_gives_is_named(folder: Folder) -> None:
    factors(folder, "more")
    several(folder)
    path, words = said(folder, "E207")
    assert (path, 'no entry gives the factor "more"' in words) == ("allocation", True)


def test_empty_list_is_refused(folder: Folder) -> None:
    folder.change(SINGLE, "[]")
    assert "the list is empty" in str(next(one for one in folder.problems() if one.code == "E207"))


@pytest.mark.parametrize(
    ("single", "path", "words"),
    [
        ("{unit: group, at: formation}", "block_sizes", "is missing. Write block_sizes: [2, 4]"),
        (
            "{unit: group, block_sizes: [4], weights: {hidden: 2, marked: 1}, at: formation}",
            "block_sizes[0]",
            "4 is not a multiple of the weights' sum, 3",
        ),
    ],
)
def test_blocks_that_do_not_fit_are_refused(folder: Folder, single: str, path: str, words: str) -> None:
    folder.change(SINGLE, single)
    found = said(folder, "E203")
    assert found[0] == f"allocation.{path}"
    assert words in found[1]


@pytest.mark.parametrize(
    ("single", "path", "words"),
    [
        (
            "{unit: group, method: simple, block_sizes: [2], at: formation}",
            "block_sizes",
            "permuted_block, not to simple",
        ),
        ("{unit: group, method: quota, at: formation}", "targets", "Say how many of each: targets: {hidden: 20, …}"),
        (
            "{unit: group, method: quota, targets: {hidden: 40}, at: formation}",
            "targets",
            'no number for "marked"',
        ),
        (
            "{unit: group, method: simple, weights: {hidden: 1, marked: 1, marcked: 1}, at: formation}",
            "weights.marcked",
            "Did you mean marked?",
        ),
        (
            '{unit: group, method: simple, weights: {hidden: 1, marked: 1, "label=marked": 1}, at: formation}',
            "weights.marked",
            "Keep one",
        ),
        ("{unit: group, block_sizes: [2], meets: anybody, at: formation}", "meets", "not to unit group"),
    ],
)
def test_numbers_and_keys_that_do_not_belong_are_refused(folder: Folder, single: str, path: str, words: str) -> None:
    folder.change(SINGLE, single)
    found = said(folder, "E208")
    assert found[0] == f"allocation.{path}"
    assert words in found[1]


def test_square_of_too_many_conditions_is_refused(folder: Folder) -> None:
    """Its rows would fill the memory of whoever draws the first."""
    levels = ", ".join(f"l{number}" for number in range(12))
    folder.change("factors:\n", "".join(["factors:\n", *(f"  more{n}: {{levels: [{levels}]}}\n" for n in range(2))]))
    folder.change("cross: [label]", "cross: [label, more0, more1]")
    folder.change(SINGLE, "{unit: round, method: latin_square, at: formation}")
    found = folder.one("E209")
    assert found.path == "allocation.method"
    assert "there are 288 conditions; 48" in found.what


def test_square_needs_an_order(folder: Folder) -> None:
    folder.change(SINGLE, "{unit: group, method: latin_square, at: formation}")
    path, words = said(folder, "E209")
    assert (path, "has no order" in words) == ("allocation.unit", True)


@pytest.mark.parametrize(
    ("entry", "path", "words"),
    [
        ("{factors: [more], unit: round, block_sizes: [2], at: lobby}", "at", 'not at "lobby". Write at: formation'),
        ("{factors: [more], unit: session, block_sizes: [2], at: {round: 2}}", "at", "not allocated at a round"),
        ("{factors: [more], unit: group, block_sizes: [2], at: {}}", "at", "names no moment, or two"),
        ("{factors: [more], unit: item, block_sizes: [2], at: quiz}", "at", '"quiz" is no survey'),
        ("{factors: [more], unit: study, block_sizes: [2], at: formation}", "at", "study is allocated at entry"),
    ],
)
def test_moment_that_does_not_fit_is_refused(folder: Folder, entry: str, path: str, words: str) -> None:
    factors(folder, "more")
    several(folder, entry)
    found = said(folder, "E204")
    assert found[0] == f"allocation[1].{path}"
    assert words in found[1]


def test_level_of_a_round_is_shown_on_no_page_before(folder: Folder) -> None:
    folder.change(SINGLE, "{unit: round, block_sizes: [2], at: formation}")
    path, words = said(folder, "E204")
    assert path == "waves[main].stages[briefing].by"
    assert '"label" is given by round, which no page before can show' in words


def test_rounds_need_a_group(folder: Folder) -> None:
    folder.change(SINGLE, "{unit: round, block_sizes: [2], at: formation}")
    text = folder.text()
    start, end = text.index("      - id: lobby"), text.index("      - {id: after")
    folder.write(text[:start] + text[end:])
    found = [problem for problem in folder.problems() if problem.code == "E204"]
    assert "no waiting_room forms a group" in str(found[0])


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{factors: [more], unit: round, block_sizes: [2], strata: [letters], at: formation}", "unit round has none"),
        (
            "{factors: [more], unit: participant, method: minimisation, covariates: [letters], at: entry}",
            "asked before allocation happens (at: entry)",
        ),
    ],
)
def test_covariates_and_strata_are_known_in_time(folder: Folder, entry: str, words: str) -> None:
    factors(folder, "more")
    several(folder, entry)
    path, found = said(folder, "E205")
    assert path in ("allocation[1].strata[0]", "allocation[1].covariates[0]")
    assert words in found


@pytest.mark.parametrize(
    ("code", "entry", "words"),
    [
        (
            "W204",
            "{factors: [more], unit: group, block_sizes: [2], at: {round: 9}}",
            "round 9 never comes: the game has 3",
        ),
        (
            "W204",
            "{factors: [more], unit: session, block_sizes: [2], at: {session: 2}}",
            "session 2 never comes: the study has 1",
        ),
        (
            "W208",
            "{factors: [more], unit: group, method: quota, targets: {one: 4, two: 4}, at: formation}",
            "add up to 8, but sample.target is 24",
        ),
        (
            "W209",
            "{factors: [more], unit: round, method: latin_square, at: formation}",
            "3 rounds are no multiple of 2 conditions",
        ),
    ],
)
def test_plan_that_will_not_come_out_is_warned_of(folder: Folder, code: str, entry: str, words: str) -> None:
    factors(folder, "more")
    several(folder, entry)
    _path, found = said(folder, code)
    assert words in found


def worded(folder: Folder, by: str, wordings: dict[str, str]) -> None:
    """The survey's first item, worded by level."""
    said = ", ".join(f'{level}: "{words}"' for level, words in wordings.items())
    folder.change("{id: age,", f"{{id: age, by: {by}, wordings: {{{said}}},", "survey.yaml")


@pytest.mark.parametrize(
    ("by", "wordings", "code", "words"),
    [
        ("more", {"one": "Old?", "two": "Aged?"}, "", ""),
        ("mode", {"one": "Old?", "two": "Aged?"}, "E201", 'factor "mode" does not exist'),
        ("more", {"one": "Old?"}, "E202", 'no wording for level "two"'),
        ("label", {"hidden": "Old?", "marked": "Aged?"}, "E204", 'not given to the items of "after"'),
    ],
)
def test_item_is_worded_by_a_factor_that_it_is_given(
    folder: Folder, by: str, wordings: dict[str, str], code: str, words: str
) -> None:
    factors(folder, "more")
    several(folder, "{factors: [more], unit: item, block_sizes: [2], at: after}")
    worded(folder, by, wordings)
    found = folder.problems()
    assert [problem.code for problem in found] == ([code] if code else [])
    assert words in "".join(map(str, found))


PLAIN = (
    ("factors:\n  label: {levels: [hidden, marked]}\nconditions: {cross: [label]}\n", ""),
    (f"allocation: {SINGLE}\n", ""),
    ('{by: label, values: {hidden: "", marked: Person}}', "{all: Person}"),
    ('{by: label, values: {hidden: "", marked: Program}}', "{all: Program}"),
    ("        by: label\n        pages: {hidden: pages/briefing_hidden.md, marked", "        pages: {all"),
    ("correct: {hidden: told_no, marked: told_yes}", "correct: {all: told_yes}"),
)
"""What makes the study one that manipulates nothing."""


def plain(folder: Folder) -> None:
    for old, new in PLAIN:
        folder.change(old, new)


def test_study_that_manipulates_nothing_needs_no_allocation(folder: Folder) -> None:
    plain(folder)
    assert folder.problems() == []


def test_rules_are_known_before_treatment_also_where_nothing_is_allocated(folder: Folder) -> None:
    plain(folder)
    text = folder.text()
    rule = "exclusions:\n  - {id: slow, rule: quiz_attempts > 3, when: pre_treatment}\n"
    folder.write(text + rule)
    assert folder.problems() == []
    folder.write(text + rule.replace("quiz_attempts > 3", "rounds_completed < 2"))
    assert said(folder, "E422")[0].startswith("exclusions[")


@pytest.mark.parametrize(
    ("allocation", "words"),
    [("", "is missing, and there are factors. Add an entry"), ("allocation: []\n", "the list is empty. Add an entry")],
)
def test_factors_need_an_allocation(folder: Folder, allocation: str, words: str) -> None:
    folder.change(f"allocation: {SINGLE}\n", allocation)
    path, found = said(folder, "E207")
    assert (path, words in found) == ("allocation", True)


def test_empty_list_of_a_study_without_factors_is_left_out(folder: Folder) -> None:
    plain(folder)
    folder.write(folder.text() + "allocation: []\n")
    assert "Leave it out" in said(folder, "E207")[1]


def test_entry_that_says_too_little_is_named_as_before(folder: Folder) -> None:
    plain(folder)
    folder.write(folder.text() + "allocation: {unit: group}\n")
    assert "E105" in {problem.code for problem in folder.problems()}
