"""What the check says of practice, and of stages that are for some only."""

import pytest

from paradigm import Talk
from studies import registry
from tests.practice.practising import SCRIPT
from tests.studies.conftest import Folder

PRACTICE = "      - {id: try_out, kind: practice, game: game, script: pages/script.yaml}\n"
LOBBY = "      - id: lobby\n"
GAME = "      - id: game\n"
BY_GROUP = "{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}"


def practise(folder: Folder, stage: str = PRACTICE, *, before: str = LOBBY, script: str = SCRIPT) -> None:
    folder.change(before, stage + before)
    folder.write(script, "pages/script.yaml")


def two_factors(folder: Folder, entry: str) -> None:
    """A second factor, `tried`, given by an entry of its own."""
    folder.change("levels: [hidden, marked]}", "levels: [hidden, marked]}\n  tried: {levels: [none, given, twice]}")
    folder.change("cross: [label]", "cross: [label, tried]")
    label = "{factors: [label], unit: group, block_sizes: [2, 4], at: formation}"
    folder.change(BY_GROUP, f"[{label}, {{factors: [tried], block_sizes: [3], {entry}}}]")


AT_ENTRY = "unit: participant, meets: anybody, at: entry"


def sometimes(levels: str, by: str = "tried") -> str:
    return PRACTICE.replace("}\n", f", when: {{by: {by}, levels: {levels}}}}}\n")


@pytest.mark.parametrize("before", [LOBBY, "      - id: briefing\n", GAME])
def test_sound_practice_is_accepted_before_and_behind_the_waiting_room(folder: Folder, before: str) -> None:
    practise(folder, before=before)
    assert folder.problems() == []


def test_own_role_is_accepted_behind_the_waiting_room(folder: Folder) -> None:
    practise(folder, PRACTICE.replace("game: game", "game: game, roles: own"), before=GAME)
    assert folder.problems() == []


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "words"),
    [
        ("game: game", "game: gme", "E442", "game", "Did you mean game?"),
        ("game: game", "game: lobby", "E442", "game", "no game that comes later"),
        ("game: game", "game: game, roles: own", "E443", "roles", "where nobody has a role"),
        ("pages/script.yaml", "pages/scrpt.yaml", "E103", "script", "not found"),
    ],
)
def test_practice_that_does_not_fit_gets_its_code(
    folder: Folder, old: str, new: str, code: str, path: str, words: str
) -> None:
    practise(folder, PRACTICE.replace(old, new))
    found = folder.one(code)
    assert found.path == f"waves[main].stages[try_out].{path}"
    assert words in str(found)


def test_practice_behind_its_game_is_refused(folder: Folder) -> None:
    practise(folder, before="      - {id: after,")
    assert folder.one("E442").path == "waves[main].stages[try_out].game"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("A: {take: {given: 3}}", 'sharing has no decision "take". There are: give.'),
        ("A: {give: {gvien: 3}}", "Did you mean given?"),
        ("C: {give: {given: 3}}", 'nobody is called "C"'),
        ("A: {give: {note: hello}}", "the answer of A, give, given is missing"),
        ("A: {give: {given: three}}", "the answer of A, give, given is refused"),
        ('A: {give: {given: "{{ endowmnt }}"}}', 'nothing is called "endowmnt"'),
        ("A: [give]", "a script says who"),
        ("A: 3", "a script says who"),
        ("A: {give: {given: 3, given: 4}}", "twice"),
    ],
)
def test_script_that_does_not_answer_is_refused(folder: Folder, script: str, words: str) -> None:
    practise(folder, script=script)
    found = [problem for problem in folder.problems() if problem.code == "E444"]
    assert found
    assert found[0].path == "waves[main].stages[try_out].script"
    assert words in " ".join(map(str, found))


def test_number_beyond_its_bound_is_the_nearest_that_fits(folder: Folder) -> None:
    practise(folder, script="giver: {give: {given: 1000}}")
    assert folder.problems() == []


def test_word_that_gives_away_is_found_in_a_script(folder: Folder) -> None:
    practise(folder, script=SCRIPT.replace("A made-up word", "I trust you"))
    assert folder.one("W701").path == "pages/script.yaml"


def test_rules_that_cannot_do_without_levels_are_refused(folder: Folder) -> None:
    practise(folder)
    sharing = registry.experiment("sharing")
    usual = sharing.view
    object.__setattr__(sharing, "view", lambda _, state: state.levels["label"])
    try:
        found = folder.one("E445")
    finally:
        object.__setattr__(sharing, "view", usual)
    assert found.path == "waves[main].stages[try_out].game"
    assert "KeyError" in found.what


def test_talk_cannot_be_practised(folder: Folder) -> None:
    practise(folder)
    sharing = registry.experiment("sharing")
    usual = sharing.steps
    object.__setattr__(sharing, "steps", [*usual, Talk("chat")])
    try:
        found = folder.one("E445")
    finally:
        object.__setattr__(sharing, "steps", usual)
    assert '"chat"' in found.what


def test_levels_may_decide_about_a_stage(folder: Folder) -> None:
    two_factors(folder, AT_ENTRY)
    practise(folder, sometimes("[given, twice]"))
    assert folder.problems() == []


@pytest.mark.parametrize(
    ("by", "levels", "code", "path", "words"),
    [
        ("tryed", "[given]", "E201", "by", "Did you mean tried?"),
        ("tried", "[gievn]", "E202", "levels[0]", "Did you mean given?"),
        ("tried", "[given, given]", "E202", "levels[1]", "stands twice"),
        ("tried", "[none, given, twice]", "E202", "levels", "for everybody"),
    ],
)
def test_factor_and_levels_must_exist(folder: Folder, by: str, levels: str, code: str, path: str, words: str) -> None:
    two_factors(folder, AT_ENTRY)
    practise(folder, sometimes(levels, by))
    found = folder.one(code)
    assert found.path == f"waves[main].stages[try_out].when.{path}"
    assert words in str(found)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("unit: participant, meets: anybody, at: briefing", 'is given after "briefing"'),
        ("unit: participant, meets: anybody, at: try_out", 'is given after "try_out"'),
        ("unit: group, at: formation", "when the group is formed"),
        ("unit: round, at: formation", "no level of a whole visit"),
        ("unit: participant, meets: anybody, at: {round: 2}", "no level of a whole visit"),
    ],
)
def test_level_that_is_given_too_late_is_refused(folder: Folder, entry: str, words: str) -> None:
    two_factors(folder, entry)
    practise(folder, sometimes("[given]"))
    found = folder.one("E204")
    assert found.path == "waves[main].stages[try_out].when.by"
    assert words in found.what


def test_group_factor_may_decide_behind_the_waiting_room(folder: Folder) -> None:
    two_factors(folder, "unit: group, at: formation")
    practise(folder, sometimes("[given]"), before=GAME)
    assert folder.problems() == []


def test_consent_waiting_and_games_are_for_everybody(folder: Folder) -> None:
    folder.change("        forms: pair\n", "        forms: pair\n        when: {by: label, levels: [hidden]}\n")
    assert folder.one("E101").path == "waves[main].stages[lobby].when"


def test_sentence_on_a_page_for_some_is_not_read_by_everybody(folder: Folder) -> None:
    two_factors(folder, AT_ENTRY)
    folder.change(
        "pages: [pages/instructions.md]}", "pages: [pages/instructions.md], when: {by: tried, levels: [given]}}"
    )
    assert folder.one("E416")


def test_stratum_that_only_some_are_asked_is_refused(folder: Folder) -> None:
    factors = "levels: [hidden, marked]}\n  tried: {levels: [none, given]}\n  more: {levels: [one, two]}"
    folder.change("levels: [hidden, marked]}", factors)
    folder.change("cross: [label]", "cross: [label, tried, more]")
    label = "{factors: [label], unit: group, block_sizes: [2, 4], at: formation}"
    tried = f"{{factors: [tried], block_sizes: [2], {AT_ENTRY}}}"
    more = "{factors: [more], unit: participant, block_sizes: [2], meets: anybody, strata: [letters], at: quiz}"
    folder.change(BY_GROUP, f"[{label}, {tried}, {more}]")
    assert folder.problems() == []
    folder.change("kind: quiz, items: quiz.yaml,", "kind: quiz, when: {by: tried, levels: [given]}, items: quiz.yaml,")
    assert folder.one("E205").path == "allocation[2].strata[0]"
