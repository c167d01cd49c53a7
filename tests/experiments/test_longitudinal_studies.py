"""The studies of conversations over weeks: sound, whole, easy to read; arms differ in what is declared alone."""

import re
from pathlib import Path
from typing import Any

import pytest

from config.places import ROOT
from studies.check import check_folder
from studies.items import parse, resolve
from studies.markdown import render_page
from studies.slots import study_slots
from tests.experiments.test_partner_selection_texts import GIVING_AWAY, HIGHEST_GRADE, SHOWN_LATER, grade
from tests.machinery.study_files import read_study

STUDIES = ROOT / "experiments" / "longitudinal_chat" / "studies"
NAMES = [
    "active_control", "daily_28", "demo", "fast_friends", "novelty_return", "open_end", "seven_chats",
    "seven_chats_people",
]  # fmt: skip
SEVERAL = [name for name in NAMES if name not in ("demo", "fast_friends")]
"""The studies that go over weeks."""
PAGES = sorted(page for page in STUDIES.rglob("*.md") if "prompts" not in page.parts)
SLOT = re.compile(r"\{\{ \w+ \}\}")
BLOCKS = {"counted", "one_left", "last", "farewell"}  # they stand under the text of another page
TOLD_LATER = SHOWN_LATER | {
    "partner_name": "Sam", "label": "AI", "conversation": 6, "conversations": 7, "topic": "whatever you like",
    "prompt": "What do you like?", "number": 3, "prompts": 15, "set": 1, "void_points": 0,
}  # fmt: skip


def name_of(file: Path) -> str:
    return file.relative_to(STUDIES).as_posix()


def slots_of(study: str) -> dict[str, Any]:
    found = check_folder(STUDIES / study)
    assert found.study is not None, [str(one) for one in found.problems]
    return TOLD_LATER | study_slots(found.study)


def study_of(page: Path) -> str:
    """A study that shows a page."""
    own = page.relative_to(STUDIES).parts[0]
    if own in NAMES:
        return own
    return next(name for name in NAMES if f"../{name_of(page)}" in check_folder(STUDIES / name).files)


@pytest.mark.parametrize("study", NAMES)
def test_study_has_no_problem_but_the_placeholders_of_an_example(study: str) -> None:
    """And that nobody has called the helplines of its card, so that it cannot be opened before somebody has."""
    assert {problem.code for problem in check_folder(STUDIES / study).problems} == {"W411", "W832"}


def test_every_text_is_used_by_a_study() -> None:
    used = {(STUDIES / name / file).resolve() for name in NAMES for file in check_folder(STUDIES / name).files}
    there = {file for ending in ("md", "yaml") for file in STUDIES.rglob(f"*.{ending}") if file.name != "study.yaml"}
    assert {name_of(file) for file in there if file.resolve() not in used} == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_page_is_easy_to_read_and_has_one_heading(page: Path) -> None:
    shown = render_page(page.read_text(), slots_of(study_of(page)))
    assert bool(shown.title) != (page.stem in BLOCKS)
    assert grade(f"<h1>{shown.title}</h1>{shown.html}") <= HIGHEST_GRADE


@pytest.mark.parametrize("page", [page for page in PAGES if "debrief" not in page.stem], ids=name_of)
def test_page_gives_nothing_away_and_names_numbers_by_slots(page: Path) -> None:
    text = re.sub(r"\{\{.*?\}\}", "", page.read_text())
    assert not GIVING_AWAY.findall(text)
    assert not re.findall(r"\d", text)


@pytest.mark.parametrize("file", sorted(STUDIES.glob("pages/*.yaml")), ids=name_of)
def test_questions_are_easy_to_read(file: Path) -> None:
    slots = slots_of(study_of(file))
    words = " ".join(
        f"{one.field.label} {one.explain}." for one in (resolve(s, slots) for s in parse(file.read_text()))
    )
    assert grade(words) <= HIGHEST_GRADE


def test_partners_of_seven_chats_differ_in_memory_alone() -> None:
    """What a level decides in the file: one rule, and the answer that is expected to the check."""
    said = read_study(STUDIES / "seven_chats")
    assert _decided_by("memory", said) == ["partners.companion.memory"]
    partner = said["partners"]["companion"]
    assert set(partner["memory"]["values"]) == {"kept", "wiped"}
    assert partner["delay"]["min_s"] == partner["delay"]["max_s"]
    assert (partner["told_about_memory"], partner["past_transcript_visible"]) == ("nothing", False)
    assert not any(isinstance(stage.get("when"), dict) for wave in said["waves"] for stage in wave["stages"])


@pytest.mark.parametrize(
    ("study", "factor", "places"),
    [
        (
            "active_control",
            "activity",
            ["groups.pair.partners.ai", "waves.0.stages.4", "waves.1.stages.1.parameters.activity"],
        ),
        ("novelty_return", "change", ["groups.pair_on.partners.ai", "waves.2.stages.2.when", "waves.2.stages.3.when"]),
        ("daily_28", "task", ["waves.1.stages.1.parameters.topic"]),
        ("fast_friends", "style", ["waves.0.stages.5.parameters.style"]),
        ("open_end", "horizon", ["horizon.tells", "waves.0.stages.4.when", "waves.0.stages.5.when"]),
        ("demo", "memory", ["partners.companion.memory"]),
    ],
)
def test_factor_decides_what_its_study_says_and_nothing_else(study: str, factor: str, places: list[str]) -> None:
    assert sorted(_decided_by(factor, read_study(STUDIES / study))) == sorted(places)


def _decided_by(factor: str, said: Any, path: str = "") -> list[str]:
    """Every place of a study file that a factor decides."""
    if isinstance(said, dict):
        here = [path] if said.get("by") == factor else []
        return here + [
            one for key, each in said.items() for one in _decided_by(factor, each, f"{path}.{key}".strip("."))
        ]
    if isinstance(said, list):
        return [one for at, each in enumerate(said) for one in _decided_by(factor, each, f"{path}.{at}")]
    return []


@pytest.mark.parametrize("study", [name for name in NAMES if name != "demo"])
def test_study_says_what_is_from_papers_and_what_is_ours(study: str) -> None:
    note = read_study(STUDIES / study)["note"]
    assert re.search(r"\b(ours|Ours)\b", note)
    assert re.search(r"\d{4}", note), "it names a paper"
    assert "No power analysis" in read_study(STUDIES / study)["preregistration"]["power"]


@pytest.mark.parametrize("file", sorted(STUDIES.glob("scales/*.yaml")), ids=name_of)
def test_scale_is_called_ours_and_not_validated(file: Path) -> None:
    text = file.read_text()
    assert "licence: {status: own}" in text
    assert "is_validated: false" in text
    assert "Not validated" in text
    assert "Written for this platform" in text


@pytest.mark.parametrize("page", sorted(STUDIES.glob("pages/consent*.md")), ids=name_of)
def test_consent_says_what_it_must(page: Path) -> None:
    text = page.read_text()
    for said in (
        "not a help line", "None of us reads along", "stop at any time", "data deleted", "{{ kept_codes }}",
        "findahelpline.com", "{{ contact_email }}", "{{ ethics_ref }}", "{{ failed_quiz_amount }}",
    ):  # fmt: skip
        assert said in text
    assert ("sent to no AI service" if page.stem == "consent_people" else "{{ ai_services }}") in text
    assert "{{ minutes }}" in text or {"{{ minutes_least }}", "{{ minutes_most }}"} <= set(SLOT.findall(text))
    assert "is a computer program" in text or "is a person" in text
    if page.stem != "consent_fast":
        for said in ("If you miss a", "{{ most_missed }}", "How it ends", "keep the pay"):
            assert said in text


@pytest.mark.parametrize("study", [*SEVERAL, "demo"])
def test_study_over_weeks_says_whether_people_know_how_many_visits_there_are(study: str) -> None:
    """And where they know it, the page of consent names the number of conversations."""
    said = read_study(STUDIES / study)
    consent = (STUDIES / study / said["waves"][0]["stages"][0]["document"]).read_text()
    assert said["horizon"] == "told" or study == "open_end"
    assert ("{{ game_visits }}" in consent) == (study != "open_end")


@pytest.mark.parametrize("study", SEVERAL)
def test_study_over_weeks_reminds_and_consent_says_so(study: str) -> None:
    """Each of its waves but the first, in our words, by e-mail to those who want it; the choice is called ours."""
    said = read_study(STUDIES / study)
    assert said["reminders"]["channels"] == ["email"]
    assert said["reminders"]["quiet_hours"] == ["21:00", "08:00"]
    assert [bool(wave.get("reminders")) for wave in said["waves"]] == [False] + [True] * (len(said["waves"]) - 1)
    consent = (STUDIES / study / said["waves"][0]["stages"][0]["document"]).read_text()
    assert "**If you want to be reminded.**" in consent
    assert "You need not give one." in consent
    assert re.search(r"reminders: +# ours", (STUDIES / study / "study.yaml").read_text())


@pytest.mark.parametrize("study", SEVERAL)
def test_whoever_runs_out_of_time_at_the_quiz_is_paid_for_the_first_visit(study: str) -> None:
    said = read_study(STUDIES / study)
    assert said["exits"]["failed_quiz"]["amount"] == said["payments"]["per_wave"]["intake"]


def test_new_questions_come_before_the_closeness_that_they_are_to_change() -> None:
    """Otherwise nobody had met them when the sixth closeness is asked, and the arm could do nothing."""
    chat, later = read_study(STUDIES / "novelty_return")["waves"][1:3]
    orders = [[stage["id"] for stage in wave["stages"] if stage["kind"] == "survey"] for wave in (chat, later)]
    assert orders == [["after", "near"], ["after_on", "after_new", "near_on"]]


@pytest.mark.parametrize("study", NAMES)
def test_whoever_leaves_while_waiting_reads_that_they_left_and_is_paid_as_if_we_had_failed(study: str) -> None:
    said = read_study(STUDIES / study)
    rooms = [stage for wave in said["waves"] for stage in wave["stages"] if stage["kind"] == "waiting_room"]
    assert rooms
    for room in rooms:
        in_vain, leaving = (said["exits"][room[way]["exit"]] for way in ("on_timeout", "on_leave"))
        assert leaving["pay"] == in_vain["pay"]
        text = (STUDIES / study / leaving["page"]).read_text()
        assert "You have left" in text or study == "demo"
        for untrue in ("We could not", "nobody else", "partner"):
            assert untrue not in text


def test_who_found_no_partner_reads_both_ways_in_which_that_comes_about() -> None:
    text = (STUDIES / "pages" / "exit_no_partner.md").read_text()
    assert "Nobody else was there" in text
    assert "did not answer when we asked if you were ready" in text


@pytest.mark.parametrize("page", sorted(STUDIES.glob("pages/exit_stopped*.md")), ids=name_of)
def test_whose_part_we_end_reads_that_we_did_and_not_why(page: Path) -> None:
    """Be it that a game failed, that nobody sat down with them, or that the study team ended it for their safety."""
    text = page.read_text()
    assert "We could not let this go on" in text
    assert "no fault of yours" in text
    assert "wrong" not in text


def test_two_who_meet_no_more_are_not_told_why() -> None:
    """Be it that one has left, that they share no hours, that one wished it, or that the study team parted them."""
    text = (STUDIES / "pages" / "exit_partner_gone.md").read_text()
    assert "do not meet any more" in text
    assert "not in the study" not in text
    assert "fault" not in text


def test_somebody_looks_while_two_people_write() -> None:
    """From before an evening opens until its conversations are over, on each day on which one may be."""
    said = read_study(STUDIES / "seven_chats_people")
    chat = next(wave for wave in said["waves"] if wave["id"] == "chat")
    (hours,) = said["safety"]["staffed"]["hours"]
    assert (chat["opens"]["at"], chat["closes"]["after"], chat["grace"]) == ("18:00", "1h", "90m")
    assert hours["begin"] < "18:00"
    assert hours["end"] > "20:30"
    assert len(hours["days"]) == 7
    assert said["safety"]["staffed"]["zone"] == said["timezone"]["zone"]


def test_persona_may_not_make_up_a_life_and_knows_where_help_is() -> None:
    for persona in STUDIES.glob("prompts/*.md"):
        text = persona.read_text()
        assert re.search(r"Never make (any|up)", text)
        assert "help line" in text
        assert "{{ partner_name }}" in text
