"""What participants read in partner selection: plain, neutral, complete, and following the study's numbers."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from experiments.partner_selection.experiment import Settings, experiment
from paradigm.beliefs import belief_texts
from paradigm.program import leaves
from studies import grammar
from studies.check import check_folder
from studies.items import parse, resolve
from studies.markdown import render_page, slot_expressions
from studies.problems import errors
from studies.slots import study_slots
from tests.machinery.quick import quick_study

STUDIES = Path(__file__).parents[2] / "experiments" / "partner_selection" / "studies"
PAGES = sorted([*STUDIES.rglob("*.md")])
READ = [page for page in PAGES if "prompts" not in page.parts]
BLOCKS = {page for page in READ if page.stem in belief_texts()}  # they stand under the text of another page
ITEMS = sorted(STUDIES.glob("pages/*.yaml"))
HIGHEST_GRADE = 8.0
GIVING_AWAY = re.compile(
    r"\b((dis|mis|un|en)?trust\w*|(chat[- ]?|ro)?bots?|hidden|conditions?|rapport)\b", re.IGNORECASE
)
SHOWN_LATER = {
    "here": 5, "needed": 8, "usual_minutes": 3, "round": 2, "points": 24, "void_points": 10, "letter": "A",
    "picked": "A", "returned": 12, "code": "K7", "pay_total": "4.48", "pay_base": "4.00",
    "pay_bonus": "0.48", "pay_waiting": "0.30", "paid_rounds": "3", "calculator": "",
}  # fmt: skip


def name_of(file: Path) -> str:
    """The path inside the studies folder."""
    return file.relative_to(STUDIES).as_posix()


def slots_in(text: str) -> set[str]:
    """The names that a text's slots use."""
    return {name for _, each in slot_expressions(text) for name in grammar.parse(each).names}


def syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end."""
    word = re.sub(r"[^a-z]", "", word.lower())
    if not word:
        return 1  # a number
    count = len(re.findall(r"[aeiouy]+", word))
    if re.search(r"[^aeiouyl]e$|[^aeiouydt]ed$|[^aeiouscxzgh]es$", word) and count > 1:
        count -= 1
    return max(count, 1)


def grade(text: str) -> float:
    """The Flesch-Kincaid grade level: 0.39 words per sentence + 11.8 syllables per word - 15.59.

    Bits of fewer than four words (headings, cells of tables) are no sentences and would make a text look easier.
    """
    plain = re.sub(r"<[^>]+>", " ", re.sub(r"</(p|li|h\d|td|th)>", ". ", text))
    parts = [re.findall(r"[\w'%-]*\w[\w'%-]*", one) for one in re.split(r"[.!?]+(?=\s|$)", plain)]
    sentences = [words for words in parts if len(words) > 3] or parts
    words = [word for words in sentences for word in words]
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def slots_of(study: str) -> dict[str, Any]:
    """Everything a page of a study may name, with values for what is known only later."""
    found = check_folder(STUDIES / study)
    assert found.study is not None, found.problems
    return SHOWN_LATER | study_slots(found.study)


def test_grade_grows_with_long_words_and_long_sentences() -> None:
    easy = "You pick a card. Then you wait. The next card is blue."
    hard = "Subsequently, participants' individually determined allocations necessitate consideration of reciprocity."
    assert grade(easy) < 3
    assert grade(hard) > 12
    assert [syllables(word) for word in ("points", "table", "receive", "decided", "Responder", "12")] == [
        1,
        2,
        2,
        3,
        3,
        1,
    ]


@pytest.mark.parametrize("page", READ, ids=name_of)
def test_page_is_easy_to_read(page: Path) -> None:
    shown = render_page(page.read_text(), slots_of("main"))
    assert bool(shown.title) != (page in BLOCKS)
    assert grade(f"<h1>{shown.title}</h1>{shown.html}") <= HIGHEST_GRADE


@pytest.mark.parametrize("file", ITEMS, ids=name_of)
def test_questions_are_easy_to_read(file: Path) -> None:
    slots = slots_of("main")
    words = " ".join(
        f"{item.field.label} {item.explain}." for item in (resolve(s, slots) for s in parse(file.read_text()))
    )
    assert grade(words) <= HIGHEST_GRADE


@pytest.mark.parametrize("file", [*READ, *ITEMS, *STUDIES.glob("practice/*.yaml")], ids=name_of)
def test_text_gives_nothing_away(file: Path) -> None:
    text = re.sub(r"#.*" if file.suffix == ".yaml" else r"\{\{.*?\}\}", "", file.read_text())
    assert not GIVING_AWAY.findall(text)


@pytest.mark.parametrize("page", READ, ids=name_of)
def test_page_has_one_heading_and_no_number_that_a_slot_should_give(page: Path) -> None:
    text = page.read_text()
    assert len(re.findall(r"^# ", text, flags=re.MULTILINE)) == (0 if page in BLOCKS else 1)
    bare = re.sub(r"\{\{.*?\}\}", "", text)
    assert set(re.findall(r"\d+", re.sub(r"^\d\.", "", re.sub(r"\| \d\.", "|", bare), flags=re.MULTILINE))) <= {
        "0",
        "100",
    }


@pytest.mark.parametrize(("study", "codes"), [("demo", {"W411", "W436"}), ("main", {"W411", "W423", "W436"})])
def test_study_has_no_problem_but_the_placeholders_of_an_example(study: str, codes: set[str]) -> None:
    """And that Choosers are asked who is an AI before the funnel; in the main study, sensitivity analyses, too."""
    assert {problem.code for problem in check_folder(STUDIES / study).problems} == codes


def with_practice(said: dict[str, Any]) -> None:
    """The stage that studies may add, as the study file's reference shows it."""
    files = {"script": "../practice/answers.yaml", "page": "../practice/page.md"}
    said["waves"][0]["stages"].insert(3, {"id": "try_out", "kind": "practice", "game": "game", **files})


def test_every_page_is_used_by_a_study_or_by_practice(tmp_path: Path) -> None:
    homes = {STUDIES / "demo": STUDIES, STUDIES / "main": STUDIES}
    homes[quick_study(tmp_path, change=with_practice)] = tmp_path / "studies"
    checked = {home: check_folder(home) for home in homes}
    assert [problem for one in checked.values() for problem in errors(one.problems)] == []
    used = {
        STUDIES.resolve() / (home / file).resolve().relative_to(root.resolve())
        for home, root in homes.items()
        for file in checked[home].files
    }
    assert {file for file in [*READ, *ITEMS] if file.resolve() not in used} == set()


def test_game_has_a_page_for_each_step_and_role_and_for_what_the_platform_tells() -> None:
    names = {f"{step.name}_{role}" for step in leaves(experiment.steps) for role in experiment.roles}
    there = {file.stem for file in (STUDIES / "pages" / "game").glob("*.md")}
    assert there == names | set(experiment.texts) | {"void", "sit_out"}


@pytest.mark.parametrize(("endowment", "multiplier"), [(10, 3), (5, 3), (7, 4), (100, 2)])
def test_quiz_and_example_follow_the_parameters(endowment: int, multiplier: int) -> None:
    numbers = Settings(endowment=endowment, multiplier=multiplier)
    slots = slots_of("main") | numbers.slots()
    found = {
        item.id: item
        for item in (resolve(said, slots) for said in parse((STUDIES / "pages" / "quiz.yaml").read_text()))
    }
    back = numbers.pot - numbers.example_back  # the split of the example, turned round
    assert {name: item.correct for name, item in found.items()} == {
        "keep": endowment,
        "picked": numbers.pot - back,
        "not_picked": 0,
        "who_sees": "both_in",
        "next_round": "anyone",
    }
    for item in found.values():
        assert item.is_correct(item.field.clean(item.correct))
        assert item.explain
    example = render_page((STUDIES / "pages" / "instructions_3.md").read_text(), slots).html
    assert f"{numbers.pot} - {numbers.example_back} = {numbers.pot - numbers.example_back}" in example
    assert f"<td>{endowment}</td>" in example


def test_consent_says_what_it_must() -> None:
    text = (STUDIES / "pages" / "consent.md").read_text()
    for said in (
        "computer programs that use AI",
        "sent to an AI service",
        "stop at any time",
        "if you stay to the end of the game",
        "keep the pay for your points and for waiting, but not the {{ base }}",
        "We cannot explain every detail now; we will at the end.",
        "data deleted",
        "for as long as we have them",
        "give us the number on your last page",
        "research only",
        "The company that runs it: {{ ai_services }}.",
    ):
        assert said in text
    assert {"base", "point_rate", "bonus_max", "pay_per_minute", "minutes", "contact_email", "ethics_ref"} <= slots_in(
        text
    )


def test_debrief_says_what_the_ai_was_told_to_send_back_and_expects_no_more_of_it() -> None:
    prompts = (STUDIES / "prompts" / name for name in ("fair.md", "reciprocator.md"))
    assert [persona.read_text().count("plan to send back about") for persona in prompts] == [1, 1]
    for page in ("pages/debrief.md", "demo/debrief.md"):
        told, expected = (STUDIES / page).read_text().split("**What we expect.**")
        assert "send back about half" in told
        assert "we made them do so" in told
        assert "send" not in expected


@pytest.mark.parametrize("page", ["consent", "funnel", "exit_partners_left"])
def test_game_that_ends_early_promises_no_points_of_rounds_that_were_not_played(page: str) -> None:
    text = (STUDIES / "pages" / f"{page}.md").read_text()
    assert "the pay for the points that you have" in text
    assert "{{ base }}" in text
    assert not re.search(r"full pay|not cut", text)


def test_everybody_is_asked_not_to_say_who_or_what_they_are() -> None:
    rules = (STUDIES / "pages" / "instructions_4.md").read_text()
    for rule in (
        "Do not write your name",
        "could know you again in a later round",
        "whether you are a person or an AI",
    ):
        assert rule in rules
    for study in ("main", "demo"):
        assert "instructions_4.md" in (STUDIES / study / "study.yaml").read_text()
    for persona in STUDIES.glob("prompts/*.md"):
        assert "Never give yourself a name" in persona.read_text()
        assert "could know you from an earlier round" in persona.read_text()


def test_made_up_answers_of_practice_teach_nothing_about_words_and_deeds() -> None:
    said = yaml.safe_load((STUDIES / "practice" / "answers.yaml").read_text())
    assert said["A"]["decide"] == said["B"]["decide"]
    assert said["A"]["reply"]["message"][:-2] == said["B"]["reply"]["message"][:-2], "but for the letter"


def test_levels_differ_in_the_one_sentence_that_is_manipulated() -> None:
    hidden, disclosed = (
        (STUDIES / "pages" / f"briefing_{level}.md").read_text().split("\n\n") for level in ("hidden", "disclosed")
    )
    assert len(hidden) == len(disclosed)
    assert [number for number, pair in enumerate(zip(hidden, disclosed, strict=True)) if len(set(pair)) == 2] == [2]


def test_changed_endowment_reaches_every_page_that_names_it(tmp_path: Path) -> None:
    shutil.copytree(STUDIES, tmp_path / "studies")
    file = tmp_path / "studies" / "demo" / "study.yaml"
    file.write_text(file.read_text().replace("endowment: 10", "endowment: 5"))
    found = check_folder(file.parent)
    assert errors(found.problems) == []
    assert found.study is not None
    slots = SHOWN_LATER | study_slots(found.study)
    pages = {name: render_page(text, slots).html for name, text in found.files.items() if name.endswith(".md")}
    assert "keeps 5 points" in pages["../pages/instructions_2.md"]
    assert "you earn 5 points" in pages["../pages/game/decide_selector.md"]
    assert "you hold 15 points" in pages["../pages/game/decide_candidate.md"]


@pytest.mark.parametrize("page", sorted((STUDIES / "prompts").glob("*.md")), ids=name_of)
def test_persona_names_parameters_only_and_no_factor_of_the_study(page: Path) -> None:
    text = page.read_text()
    assert slots_in(text) <= set(Settings().slots())
    assert not re.search(r"\b(hidden|disclosed|AI|human|condition|study|experiment)\b", text)


def test_both_studies_say_whose_defaults_they_are() -> None:
    for study in ("demo", "main"):
        assert "our default, not the paper's" in (STUDIES / study / "study.yaml").read_text()
    main = yaml.safe_load((STUDIES / "main" / "study.yaml").read_text())
    assert main["groups"]["society"]["roles"] == {"selector": {"humans": 4}, "candidate": {"humans": 4, "ai": 4}}
    assert "fill" not in main["groups"]["society"]
