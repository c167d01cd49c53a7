"""Whether people are told how many visits there are: ranges are true, no page tells, and the debrief explains."""

import pytest

from studies.check import check_folder
from studies.horizon import end_slots, ends, is_told_at
from studies.reminders import SHIPPED, shipped_text
from tests.studies.conftest import Folder
from tests.studies.test_wave_checks import DEBRIEF, LATER

OURS = ("E201", "E202", "E406", "E603", "E870", "E871")
HIDDEN = "horizon: {tells: untold, between: {chat: {least: 4, most: 10}}}\n"
BY_FACTOR = HIDDEN.replace("tells: untold", "tells: {by: end, values: {counted: told, open: untold}}")
RANGE = "{{ visits_least }} {{ visits_most }} {{ minutes_least }} {{ minutes_most }} {{ pay_least }} {{ pay_most }}"
TICK = 'label: "I agree to take part for {{ minutes }} minutes."'
AT_ONCE = "unit: participant, block_sizes: [2], at: instructions"
EXPLAINED = "\n\nThere were {{ chat_visits }} of them.\n"


@pytest.fixture
def waves(folder: Folder) -> Folder:
    """The study with seven visits of which nobody is told how many there are."""
    folder.change(DEBRIEF, LATER)
    folder.change("  - id: main\n", "  - id: main\n    minutes: 20\n")
    folder.change("    repeat: 7\n", "    repeat: 7\n    minutes: 5\n")
    folder.change("  - id: final\n", "  - id: final\n    minutes: 10\n")
    folder.change("factors:\n", f"{HIDDEN}factors:\n")
    folder.change(TICK, 'label: "I agree."')
    folder.change("This takes {{ minutes }} minutes", f"This comes to {RANGE}", "pages/consent.md")
    folder.write(folder.text("pages/debrief.md") + EXPLAINED, "pages/debrief.md")
    return folder


def by_factor(waves: Folder) -> None:
    """The same with a factor that decides, given to people one by one after the instructions."""
    waves.change(HIDDEN, BY_FACTOR)
    waves.change("  label: {levels: [hidden, marked]}\n",
                 "  label: {levels: [hidden, marked]}\n  end: {levels: [counted, open]}\n")  # fmt: skip
    waves.change("cross: [label]", "cross: [label, end]")
    group = "{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation"
    own = f"{{{AT_ONCE}, factors: [end]}}"
    waves.change(f"allocation: {group}}}", f"allocation: [{group}, factors: [label]}}, {own}]")
    stage = "{id: how_many, kind: instructions, when: {by: end, levels: [counted]}, pages: [pages/how_many.md]}"
    waves.change("      - {id: quiz,", f"      - {stage}\n      - {{id: quiz,")
    waves.write("# How often\n\nYou come {{ chat_visits }} times, and nine visits in all.\n", "pages/how_many.md")


def said(waves: Folder) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in waves.problems() if one.code in OURS]


def test_hidden_number_of_visits_passes_where_all_is_said(waves: Folder) -> None:
    assert said(waves) == []
    assert "W451" not in waves.codes(), "the range stands in the place of the minutes"


def test_factor_may_decide_and_those_who_are_told_have_a_page(waves: Folder) -> None:
    by_factor(waves)
    assert said(waves) == []
    study = check_folder(waves.path).study
    assert study is not None
    assert [is_told_at(study, {"end": level}) for level in ("counted", "open")] == [True, False]
    assert not is_told_at(study, {}), "whoever has no level yet could come to be one who is not told"


def test_range_is_reckoned_from_the_waves(waves: Folder) -> None:
    study = check_folder(waves.path).study
    assert study is not None
    least, most = ends(study)
    assert (least.visits, most.visits) == (6, 12)
    assert (least.minutes, most.minutes) == (20 + 4 * 5 + 10, 20 + 10 * 5 + 10)
    slots = end_slots(study)
    assert (slots["chat_visits_least"], slots["chat_visits_most"], slots["pay_most"]) == (4, 10, "£4.00")


SPOILED = {
    # what: (old, new, file, code, path, part of the text)
    "not so many": ("most: 10", "most: 6", "", "E870", "horizon.between.chat", "does not hold the 7 visits"),
    "not so few": ("least: 4", "least: 8", "", "E870", "horizon.between.chat", "does not hold the 7 visits"),
    "one number": ("least: 4, most: 10", "least: 7, most: 7", "", "E870", "horizon.between.chat", "among several"),
    "no range": (", between: {chat: {least: 4, most: 10}}", "", "", "E870", "horizon", 'how many visits "chat" has'),
    "no such wave": ("{chat: {", "{final: {least: 1, most: 2}, chat: {", "", "E870", "horizon.between.final",
                     "There are: chat."),
    "no minutes": ("    minutes: 5\n", "", "", "E870", "waves[chat]", "minutes is missing"),
    "a range for nobody": ("tells: untold", "tells: told", "", "E870", "horizon.between", "is read by nobody"),
    "in letters": ("# ", "# Nine visits! ", "pages/exit.md", "E871", "pages/exit.md", '"Nine visits"'),
    "in numbers": ("# ", "# 1 of 7. ", "pages/exit.md", "E871", "pages/exit.md", '"of 7"'),
    "in a tick": ('label: "I agree."', 'label: "I come {{ chat_visits }} times."', "", "E871",
                  "waves[main].stages[consent].ticks[take_part].label", "chat_visits tells"),
    "consent without": ("{{ pay_most }}", "", "pages/consent.md", "E871", "waves[main].stages[consent].document",
                        "pay_most"),
    "debrief without": ("{{ chat_visits }}", "some", "pages/debrief.md", "E871", "horizon", "no debrief"),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILED)
def test_spoiled_horizon_is_refused_with_place_and_remedy(waves: Folder, what: str) -> None:
    old, new, file, code, path, words = SPOILED[what]
    waves.change(old, new, file or "study.yaml")
    found = [one for one in waves.problems() if (one.code, one.path) == (code, path)]
    assert found, [str(one) for one in waves.problems()]
    assert words in str(found[0])
    assert found[0].remedy


@pytest.mark.parametrize("slot", ["visits", "chat_visits", "game_visits", "minutes", "minutes * 2"])
@pytest.mark.parametrize("page", ["pages/waiting.md", "pages/game/give_giver.md", "pages/exit.md"])
def test_page_with_a_slot_that_counts_is_refused(waves: Folder, slot: str, page: str) -> None:
    waves.write(f"{waves.text(page)}\nNow {{{{ {slot} }}}}.\n", page)
    assert ("E871", page) in said(waves)


def test_page_for_those_who_are_told_is_not_for_the_others(waves: Folder) -> None:
    by_factor(waves)
    waves.change("pages/instructions.md]", "pages/instructions.md, pages/how_many.md]")
    assert set(said(waves)) == {("E871", "pages/how_many.md")}, "it is read by all now"


def test_those_who_are_told_must_read_it(waves: Folder) -> None:
    by_factor(waves)
    waves.write("# How often\n\nOften.\n", "pages/how_many.md")
    assert said(waves) == [("E871", "horizon.tells.values.counted")]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("unit: participant, block_sizes: [2], at: after", []),
        ("unit: participant, block_sizes: [2], at: {session: 2}", ["horizon.tells.by"]),
        ("unit: session, method: latin_square, at: {session: 1}", ["horizon.tells.by"]),
    ],
)
def test_level_is_given_before_anybody_reads_of_visits(waves: Folder, given: str, path: list[str]) -> None:
    by_factor(waves)
    waves.change(AT_ONCE, given)
    assert [one.path for one in waves.problems() if one.code == "E870"] == path


def test_every_level_says_whether_it_is_told(waves: Folder) -> None:
    by_factor(waves)
    waves.change("open: untold", "opne: untold")
    assert {code for code, _path in said(waves)} == {"E202"}
    waves.change("by: end, values", "by: ends, values")
    assert ("E201", "horizon.tells.by") in said(waves)


def test_levels_that_are_alike_manipulate_nothing(waves: Folder) -> None:
    by_factor(waves)
    waves.change("counted: told", "counted: untold")
    assert ("E870", "horizon.tells.values") in said(waves)


def test_hiding_it_is_an_omission(waves: Folder) -> None:
    waves.change("  - {what: omission, approved_by: ethics board", "  - {what: wizard, approved_by: ethics board")
    assert ("E406", "horizon") in said(waves)


def test_told_is_said_on_the_page_of_consent(waves: Folder) -> None:
    waves.change(HIDDEN, "horizon: told\n")
    waves.change(RANGE, "{{ minutes }}", "pages/consent.md")
    assert said(waves) == [("E871", "waves[main].stages[consent].document")]
    waves.change("{{ minutes }}", "{{ minutes }} {{ visits }}", "pages/consent.md")
    assert said(waves) == []


def test_word_alone_hides_nothing_that_could_be_told(waves: Folder) -> None:
    waves.change(HIDDEN, "horizon: untold\n")
    assert ("E870", "horizon") in said(waves)


def test_one_visit_has_no_horizon(folder: Folder) -> None:
    folder.change("factors:\n", f"{HIDDEN}factors:\n")
    assert "nothing to hide" in str(folder.one("E870"))


@pytest.mark.parametrize("language", ["en", "de"])
def test_our_own_reminder_counts_no_visits_then(waves: Folder, language: str) -> None:
    rule = '    reminders:\n      - {at: {from: opens, plus: "1h"}, if: not_started}\n  - id: final\n'
    waves.change("  - id: final\n", rule)
    waves.change("exits:\n", "reminders: {channels: [email]}\nexits:\n")
    waves.change("language: en", f"language: {language}")
    checked = check_folder(waves.path)
    assert checked.files[SHIPPED] == shipped_text(language, counts=False)
    assert "{{ visits }}" not in checked.files[SHIPPED]
    assert [one for one in checked.problems if one.path == SHIPPED] == []
