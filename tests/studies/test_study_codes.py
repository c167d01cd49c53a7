"""Each code of a problem: one way to cause it, where it is said to be, and the remedy. All others stay silent."""

from pathlib import Path

import pytest

from studies.check import check, check_data, check_folder
from studies.problems import errors
from studies.sources import FrozenSource
from tests.studies.conftest import Folder

SPOILED = {
    # code: (old, new, path, part of the text)
    "E001": ("factors:", "factors: [", "study.yaml", "this is not YAML"),
    "E004": ("estimated_minutes: 20", "estimated_minutes: 20\nlanguage: de", "language", "stands twice"),
    "E005": ("language: en", "language: &en en", "study.yaml", "anchors"),
    "E100": ("unit: group, method", "unit: dyad, method", "allocation.unit", "Choose 'study', 'group', 'participant'"),
    "E101": (
        "forms: pair",
        "forms: pair\n        max_wait_second: 5",
        "waves[main].stages[lobby].max_wait_second",
        "Did you mean max_wait_seconds?",
    ),
    "E102": ('base: "4.00"', "base: 4.00", "payments.base", "Put it in quotes"),
    "E103": ("pages/waiting.md", "pages/wating.md", "waves[main].stages[lobby].page", "pages/wating.md not found"),
    "E104": (
        "asked_if_ai: deflect",
        "asked_if_ai: deflect\n    api_key: abc",
        "partners.computer.api_key",
        "RAPPORT_LLM_KEY",
    ),
    "E105": ("    asked_if_ai: deflect\n", "", "partners.computer.asked_if_ai", "is missing"),
    "E201": ("by: label\n", "by: lable\n", "waves[main].stages[briefing].by", 'factor "lable" does not exist'),
    "E202": (", marked: Program}", "}", "partners.computer.label.values", 'no entry for level "marked"'),
    "E203": ("[2, 4]", "[2, 3]", "allocation.block_sizes[1]", "3 is not a multiple of 2 conditions"),
    "E204": (
        "{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}",
        "{unit: participant, block_sizes: [2, 4], at: entry}",
        "allocation.unit",
        '"label" is used inside a group stage',
    ),
    "E205": ("at: formation", "at: formation, strata: [fair]", "allocation.strata[0]", "answer of one person"),
    "E206": ("cross: [label]", "cross: []", "factors.label", "in no condition"),
    "E210": (
        "levels: [hidden, marked]",
        "levels: [hidden, marked], differs: [{at: game/gives, note: another question}]",
        "factors.label.differs[0].at",
        "Did you mean game/give?",
    ),
    "E402": (
        "on_fail: {exit: failed_quiz}",
        "on_fail: {exit: quiz_fail}",
        "waves[main].stages[quiz].on_fail.exit",
        '"quiz_fail" is not in exits',
    ),
    "E404": (
        "giver: 1, taker: 1}",
        "giver: 0, taker: 1}",
        "waves[main].stages[game].min_active",
        "cannot pair 2 taker",
    ),
    "E405": (
        "      - id: game\n",
        "      - {id: early, kind: survey, items: survey.yaml}\n      - id: game\n",
        "waves[main].stages[early]",
        "holds up the others",
    ),
    "E406": ("what: omission", "what: wizard", "partners.computer.label", "{what: omission"),
    "E408": ("id: instructions, kind", "id: quiz, kind", "waves[main].stages[quiz].id", "used by an earlier stage"),
    "E409": (
        "exit: inactive}",
        "exit: inactive, impute: {give: {gave: 0}}}",
        "waves[main].stages[game].on_timeout.impute.give.gave",
        "no such field",
    ),
    "E450": (
        "withdrawn: {pay: earned,",
        "withdrawn: {pay: none,",
        "exits.withdrawn",
        "pays none, but left pays earned",
    ),
    "E501": ("ai: computer}", "ai: robot}", "groups.pair.partners.ai", '"robot" is not in partners'),
    "E505": (
        "    policies: [half]\n    label",
        "    policies: [whole]\n    label",
        "partners.computer.policies[0]",
        'sharing has no policy "whole"',
    ),
    "E506": ("giver: {humans: 2}", "giver: {humans: 2, ai: 1}", "groups.pair.roles.giver.ai", "only people"),
    "E507": (
        "experiment: sharing",
        "experiment: sharin",
        "waves[main].stages[game].experiment",
        "Did you mean sharing?",
    ),
    "E601": ('base: "4.00"', 'base: "1.50"', "payments.base", "pays 4.50/h; minimum_hourly is 6.00"),
    "E602": (', max: "6.00"', "", "payments.points.max", "Unbounded bonuses are refused"),
    "E603": (
        "for {{ minutes }}",
        "for {{ minuts }}",
        "waves[main].stages[consent].ticks[take_part].label",
        "Did you mean minutes?",
    ),
    "E604": ('amount: "0.50"', 'amount: "4.00"', "exits.failed_quiz.amount", "not below base 4.00"),
    "E605": (
        'pay_per_minute: "0.10"',
        'pay_per_minute: "0.105"',
        "waves[main].stages[lobby].pay_per_minute",
        "2 decimals",
    ),
    "E803": ("- {id: after,", "- {id: After-1,", "waves[main].stages[After-1].id", "at most 24 characters"),
    "W402": (
        "  declined: {",
        "  bored: {pay: none, page: pages/exit.md}\n  declined: {",
        "exits.bored",
        "nothing leads",
    ),
    "W407": (
        'pay_per_minute: "0.10"',
        'pay_per_minute: "0.00"',
        "waves[main].stages[lobby].pay_per_minute",
        "must be paid",
    ),
    "W408": (
        "      - {id: after,",
        "      - {id: early, kind: debrief, page: pages/debrief.md}\n      - {id: after,",
        "waves[main].stages[after]",
        "comes after the debrief",
    ),
    "W410": (
        "exit: inactive}",
        "exit: inactive, impute: {give: {given: 0}}}",
        "waves[main].stages[game].on_timeout.impute.give",
        "like a decision",
    ),
    "W450": (
        "  partners_left: {pay: full,",
        "  partners_left: {pay: none,",
        "waves[main].stages[game].on_too_few",
        "points and time given are lost",
    ),
    "W605": ('{pay: fixed, amount: "0.50", ', "{pay: none, ", "waves[main].stages[quiz].on_fail", "pays none"),
    "W701": ("A decision task", "A trust task", "public_title", '"trust"'),
}


def test_sound_study_has_no_problems(folder: Folder) -> None:
    assert folder.problems() == []


@pytest.mark.parametrize("code", SPOILED)
def test_spoiled_study_gets_its_code(folder: Folder, code: str) -> None:
    old, new, path, words = SPOILED[code]
    folder.change(old, new)
    found = folder.one(code)
    assert found.path == path
    assert words in str(found)
    assert found.remedy
    assert found.line is not None
    assert found.severity == ("error" if code.startswith("E") else "warning")


IN_FILES = {
    # code, file, old, new, path, part of the text
    ("E104", "pages/exit.md"): ("Your code", "sk-abcdefghijklmnop1234 Your code", "pages/exit.md", "secrets must not"),
    ("E603", "pages/consent.md"): ("{{ base }}", "{{ bse }}", "pages/consent.md", "Did you mean base?"),
    ("E603", "pages/exit.md"): ("{{ code }}", "{{ code }", "pages/exit.md", "braces make no slot"),
    ("E603", "pages/game/result_giver.md"): (
        "{{ given }}",
        "{{ givn }}",
        "pages/game/result_giver.md",
        "Did you mean given?",
    ),
    ("E603", "pages/instructions.md"): (
        "{{ rounds }}",
        "{{ rounds / (rounds - 3) }}",
        "pages/instructions.md",
        "divides by zero",
    ),
    ("E603", "quiz.yaml"): ('high: "{{ endowment }}"', 'high: "{{ endowmnt }}"', "quiz.yaml: [keep]", "endowmnt"),
    ("E606", "pages/exit.md"): (
        "Your code",
        "![x](https://elsewhere.example/x.png) Your code",
        "pages/exit.md",
        "/static/",
    ),
    ("E408", "quiz.yaml"): ("- id: letters", "- id: keep", "quiz.yaml: [keep].id", "stands twice"),
    ("E414", "quiz.yaml"): ("  correct: anew\n", "", "quiz.yaml: [letters]", "needs a right answer"),
    ("E414", "survey.yaml"): (
        "id: words,",
        "id: words, correct: yess,",
        "survey.yaml: [words].correct",
        "no right answer",
    ),
    ("E414", "survey.yaml "): (
        "id: words, type: text,",
        "id: words, type: text, attention: true,",
        "survey.yaml: [words].attention",
        "must be answered, and has a right answer",
    ),
    ("E415", "quiz.yaml"): ("correct: anew", "correct: other", "quiz.yaml: [letters].correct", "There are: anew, same"),
    ("E101", "survey.yaml"): ("low_label:", "lo_label:", "survey.yaml: [fair].lo_label", "Did you mean low_label?"),
    ("E100", "survey.yaml"): ("type: rating", "type: ratin", "survey.yaml: [fair]", "Did you mean rating?"),
    ("W701", "pages/waiting.md"): ("players are", "bots are", "pages/waiting.md", '"bots"'),
    ("W701", "pages/exit.md"): ("The end", "Sharing with hidden", "pages/exit.md", '"hidden"'),
    ("W701", "pages/instructions.md"): (
        "How it works",
        "Sharing with Hidden or Marked Partners",
        "pages/instructions.md",
        '"Hidden"',
    ),
}


@pytest.mark.parametrize(("code", "file"), IN_FILES)
def test_spoiled_file_gets_its_code(folder: Folder, code: str, file: str) -> None:
    old, new, path, words = IN_FILES[code, file]
    folder.change(old, new, file.strip())
    found = folder.one(code)
    assert found.path == path
    assert words in str(found)
    assert found.line is not None


def test_consent_must_be_first(folder: Folder) -> None:
    folder.change("      - {id: instructions, kind: instructions, pages: [pages/instructions.md]}\n", "")
    folder.change(
        "      - id: consent\n",
        "      - {id: early, kind: instructions, pages: [pages/instructions.md]}\n      - id: consent\n",
    )
    found = [problem for problem in folder.problems() if problem.code == "E401"]
    assert [problem.path for problem in found] == ["waves[main].stages[early]", "waves[main].stages[consent]"]
    assert "Consent must be first." in found[0].remedy


def test_consent_without_required_tick_is_refused(folder: Folder) -> None:
    folder.change("{id: take_part, label", "{id: take_part, required: false, label")
    assert folder.one("E401").path == "waves[main].stages[consent].ticks"


def test_game_needs_a_waiting_room_before_it(folder: Folder) -> None:
    text = folder.text()
    lobby, rest = text.index("      - id: lobby\n"), text.index("      - id: briefing\n")
    folder.write(text[:lobby] + text[rest:])
    found = [problem.path for problem in folder.problems() if problem.code == "E403"]
    assert found == ["waves[main].stages[briefing]", "waves[main].stages[game]"]


def test_unknown_group_is_refused(folder: Folder) -> None:
    folder.change("forms: pair", "forms: pear")
    assert "Did you mean pair?" in folder.one("E403").remedy


def test_required_exits_must_be_there(folder: Folder) -> None:
    folder.change("  withdrawn: {pay: earned, page: pages/exit.md}\n", "")
    assert '"withdrawn" is missing' in folder.one("E402").what


@pytest.mark.parametrize("page", ["give_taker", "result_giver", "void", "sit_out"])
def test_every_game_page_must_be_there(folder: Folder, page: str) -> None:
    (folder.path / f"pages/game/{page}.md").unlink()
    found = folder.one("E103")
    assert found.path == "waves[main].stages[game].pages"
    assert f"pages/game/{page}.md not found" in found.what


def test_unused_game_page_is_warned_about(folder: Folder) -> None:
    folder.write("Nobody sees this.", "pages/game/give_everybody.md")
    assert folder.one("W104").path == "pages/game/give_everybody.md"


@pytest.mark.parametrize(
    ("parameters", "code", "words"),
    [
        ("{rounds: 0}", "E100", "got 0. Write a number of at least 1."),
        ("{round: 3}", "E101", "Did you mean rounds?"),
        ("{rounds: 12:30}", "E102", 'Quote clock times: "12:30"'),
    ],
)
def test_parameters_are_those_of_the_experiment(folder: Folder, parameters: str, code: str, words: str) -> None:
    folder.change("{rounds: 3, endowment: 12}", parameters)
    found = folder.one(code)
    assert found.path.startswith("waves[main].stages[game].parameters.round")
    assert words in str(found)


def test_role_without_seats_is_refused(folder: Folder) -> None:
    folder.change("      taker: {humans: 1, ai: 1}\n", "      tacker: {humans: 1, ai: 1}\n")
    words = " ".join(map(str, folder.problems()))
    assert "Did you mean taker?" in words
    assert 'role "taker" of sharing has no seats' in words


def test_too_many_blind_seats_in_a_match_are_refused(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studies.checks.pairing.MOST_BLIND", 1)
    assert "2 seats act blind" in folder.one("E413").what


def by_participant(folder: Folder, allocation: str) -> None:
    """The study with one factor that no group stage uses, allocated person by person."""
    folder.change("{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}", allocation)
    folder.change("deception:\n", "deception: []\nnote: |\n")
    folder.change("asked_if_ai: deflect", "asked_if_ai: deflect\n    delay: {min_s: 3, max_s: 3}")
    folder.change('label: {by: label, values: {hidden: "", marked: Person}}', "label: {all: Person}")
    folder.change('label: {by: label, values: {hidden: "", marked: Program}}', "label: {all: Program}")
    folder.change("        by: label\n        pages: {hidden: pages/briefing_hidden.md, marked", "        pages: {all")
    folder.change("correct: {hidden: told_no, marked: told_yes}", "correct: {all: told_yes}")
    folder.change("/briefing_marked.md}", "/briefing_marked.md}\n        note: the same for all")


def test_stratum_asked_before_allocation_is_accepted(folder: Folder) -> None:
    by_participant(folder, "{unit: participant, block_sizes: [2], strata: [letters], at: quiz}")
    assert folder.problems() == []


@pytest.mark.parametrize(
    ("strata", "at"), [("letters", "entry"), ("letters", "instructions"), ("keep", "quiz"), ("x", "after")]
)
def test_stratum_that_is_not_known_in_time_is_refused(folder: Folder, strata: str, at: str) -> None:
    by_participant(folder, f"{{unit: participant, block_sizes: [2], strata: [{strata}], at: {at}}}")
    assert folder.one("E205").path == "allocation.strata[0]"


def test_allocation_at_an_unknown_stage_is_refused(folder: Folder) -> None:
    by_participant(folder, "{unit: participant, block_sizes: [2], at: quizz}")
    assert "Did you mean quiz?" in folder.one("E204").remedy


SHIPPED = sorted(Path(__file__).parents[2].glob("experiments/*/studies/*/study.yaml"))


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: f"{file.parts[-4]}-{file.parts[-2]}")
def test_shipped_study_is_sound(file: Path) -> None:
    found = {problem.code for problem in check(file)}
    assert found <= {"W411", "W423", "W436", "W832"}, "but for what an example may have"


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: f"{file.parts[-4]}-{file.parts[-2]}")
def test_shipped_study_is_sound_when_it_is_read_back(file: Path) -> None:
    checked = check_folder(file)
    assert checked.study is not None
    said = checked.study.model_dump(mode="json", by_alias=True)  # as a version holds it: with every default
    assert not errors(check_data(said, FrozenSource(checked.files)).problems)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("team@lab.test", "team@mail.example.org", "contact.email"),
        ("name: The test lab", "name: The study team", "contact.name"),
        ('ethics_ref: "IRB-1"', 'ethics_ref: "IRB-0000"', "contact.ethics_ref"),
        (
            "omission, approved_by: ethics board",
            "omission, approved_by: example only",
            "deception[0].approved_by",
        ),
        (
            'omission, approved_by: ethics board, reference: "IRB-1"',
            'omission, approved_by: ethics board, reference: "000"',
            "deception[0].reference",
        ),
    ],
)
def test_placeholder_of_an_example_is_warned_of(folder: Folder, old: str, new: str, path: str) -> None:
    folder.change(old, new)
    found = folder.one("W411")
    assert (found.path, found.severity) == (path, "warning")


def test_placeholder_on_a_page_is_warned_of(folder: Folder) -> None:
    folder.write(folder.text("pages/consent.md") + "\nWe pay within [[DAYS]] days.\n", "pages/consent.md")
    found = folder.one("W411")
    assert (found.path, found.severity, found.what) == ("pages/consent.md", "warning", "[[DAYS]] is a placeholder.")
