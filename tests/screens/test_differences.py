"""What differs between two conditions: only what the study file declares, and a single stray word is found."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from django.conf import LazySettings

from config.supervisor.screens import Source, compared
from screens.differing import NO_SCREEN, Same, compare, pairs
from screens.errors import ScreensError
from screens.screen import Drawn, Screen
from studies import registry
from tests.machinery.quick import stage
from tests.screens.studies import Said, drawn_folder, short_copy

PAGES = "../pages"
LEVELS = ("hidden", "disclosed")


def stray(found: Sequence[Same]) -> list[Same]:
    """Those that nothing declares."""
    return [same for same in found if not same.reason]


@pytest.mark.sized
def test_shipped_study_differs_as_declared_and_in_nothing_else(main: Source, drawn_main: Drawn) -> None:
    found = compared(drawn_main, main.study, *LEVELS)
    assert stray(found) == []
    assert {same.reason for same in found} == {"briefing.pages by label", "labels of partners by label"}
    page = [
        same for same in found if same.reason == "briefing.pages by label" and "you will not be told" in same.first[0]
    ]
    assert [same.second[0].startswith("**During the rounds each Responder is marked") for same in page] == [True]
    assert {key.stage for same in found for key in same.keys} == {"briefing", "game", "debrief", "exits"}


@pytest.mark.long
def test_drawn_labels_are_declared_and_shown_to_those_who_know(tmp_path: Path, db: None) -> None:
    def drawn(said: Said) -> None:
        for partner in said["partners"].values():
            values = {"hidden": "", "disclosed": {"draw": {"Person": 1, "AI": 1}}}
            partner["label"] = {"by": "label", "values": values}
        said["deception"].append({**said["deception"][0], "what": "false_label"})
        said["told"]["who_knows"] = {"selector": "others", "candidate": "none"}

    source, pages = drawn_folder(short_copy(tmp_path, change=drawn))
    found = compared(pages, source.study, *LEVELS)
    assert stray(found) == []
    assert "labels of partners by label" in {same.reason for same in found}
    marked = {key.role for key, one in pages.under("label=disclosed").items() if 'class="label"' in one.html}
    assert marked == {"Chooser"}
    debriefs = [one.html for key, one in pages.under("label=hidden").items() if key.stage == "debrief"]
    assert any("what players were shown was not always true" in html for html in debriefs)


@pytest.mark.parametrize(
    "old", ["Your group is complete", pytest.param("You will see your role", marks=pytest.mark.long)]
)
def test_one_stray_word_on_one_condition_page_is_found(tmp_path: Path, db: None, old: str) -> None:
    folder = short_copy(tmp_path)
    page = folder.parent / "pages" / "briefing_disclosed.md"
    assert page.read_text().count(old) == 1
    page.write_text(page.read_text().replace(old, old.replace("players", "other players").replace("our", "our own")))
    source, drawn = drawn_folder(folder)
    found = stray(compared(drawn, source.study, *LEVELS))
    assert any("own" in same.second[0] or "other players" in same.second[0] for same in found)
    assert {key.stage for same in found for key in same.keys} == {"briefing"}


@pytest.mark.long
def test_one_stray_word_of_the_experiment_in_one_condition_is_found(
    tmp_path: Path, db: None, settings: LazySettings
) -> None:
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.screens.experiments"]
    registry.experiment.cache_clear()
    registry._module_of.cache_clear()

    def leaking(said: Said) -> None:
        stage(said, "game")["experiment"] = "leaking"

    folder = short_copy(tmp_path, change=leaking)
    pages = folder.parent / "pages" / "game"
    honest = (pages / "decide_selector.md").read_text()
    (pages / "decide_leaking.md").write_text(honest.replace("They do not know", "They do not yet know"))
    source, drawn = drawn_folder(folder)
    found = stray(compared(drawn, source.study, *LEVELS))
    texts = {(same.first, same.second) for same in found if NO_SCREEN not in same.first + same.second}
    assert texts == {
        (
            ("A and B decide at the same moment. They do not know your choice.",),
            ("A and B decide at the same moment. They do not yet know your choice.",),
        )
    }
    assert {key.place for same in found for key in same.keys} == {"game/decide"}


def test_stray_word_is_named_with_both_wordings(main: Source, drawn_main: Drawn) -> None:
    planted = Drawn([_with_stray_word(screen) for screen in drawn_main.screens])
    found = stray(compared(planted, main.study, *LEVELS))
    assert found
    assert {same.first[0] for same in found} == {"A and B decide at the same moment. They do not know your choice."}
    assert {same.second[0] for same in found} == {
        "A and B decide at the same moment. They do not yet know your choice."
    }
    assert {key.place for same in found for key in same.keys} == {"game/decide"}


def _with_stray_word(screen: Screen) -> Screen:
    if screen.condition != "label=disclosed" or screen.key.step != "decide":
        return screen
    return Screen(screen.key, screen.condition, screen.html.replace("They do not know", "They do not yet know"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('value="keep"', 'value="KEEP"'),  # what a field sends
        ('class="cards"', 'class="cards many"'),  # how the page is built
        ('aria-label="', 'aria-label="All that was written; '),  # what is only heard
        ("<title>A decision", "<title>Another decision"),  # the tab
        ("Pause or leave", "Leave"),  # around the page
    ],
)
def test_what_is_not_read_as_text_is_compared_too(main: Source, drawn_main: Drawn, old: str, new: str) -> None:
    changed = [
        Screen(s.key, s.condition, s.html.replace(old, new) if s.condition == "label=disclosed" else s.html)
        for s in drawn_main.screens
    ]
    assert any(old in screen.html for screen in drawn_main.screens)
    assert stray(compared(Drawn(changed), main.study, *LEVELS))


def test_page_that_one_condition_lacks_is_a_difference(main: Source, drawn_main: Drawn) -> None:
    kept = [s for s in drawn_main.screens if s.condition == "label=hidden" or s.key.step != "void"]
    found = stray(compared(Drawn(kept), main.study, *LEVELS))
    assert {same.second for same in found} == {(NO_SCREEN,)}
    assert {key.step for same in found for key in same.keys} == {"void"}


def test_wrong_label_is_not_the_declared_one(main: Source, drawn_main: Drawn) -> None:
    said = [
        Screen(
            s.key, s.condition, s.html.replace('<span class="label">Person</span>', '<span class="label">Human</span>')
        )
        for s in drawn_main.screens
    ]
    found = stray(compared(Drawn(said), main.study, *LEVELS))
    assert any("Human" in piece for same in found for piece in same.second)


@pytest.mark.long
def test_named_place_may_differ_and_others_still_not(tmp_path: Path, db: None) -> None:
    def planned(said: Said) -> None:
        said["factors"]["label"]["differs"] = [{"at": "briefing", "note": "the title names the marks"}]

    folder = short_copy(tmp_path, change=planned)
    page = folder.parent / "pages" / "briefing_disclosed.md"
    page.write_text(page.read_text().replace("Your group is complete", "Your group and its marks"))
    source, drawn = drawn_folder(folder)
    found = compared(drawn, source.study, *LEVELS)
    assert stray(found) == []
    assert "factors.label.differs at briefing: the title names the marks" in {same.reason for same in found}


def test_conditions_are_named_by_level_or_in_full_and_nothing_else(main: Source) -> None:
    both = [("label=hidden", "label=disclosed")]
    assert pairs(main.study, "hidden", "disclosed") == both
    assert pairs(main.study, "label=hidden", "label=disclosed") == both
    with pytest.raises(ScreensError, match=r"factors are: label: hidden, disclosed"):
        pairs(main.study, "hidden", "marked")
    with pytest.raises(ScreensError, match="cannot be compared with itself"):
        pairs(main.study, "hidden", "hidden")


def test_differences_come_in_the_order_of_the_screens(main: Source, drawn_main: Drawn) -> None:
    found = compare(drawn_main, main.study, "label=hidden", "label=disclosed")
    order = list(drawn_main.under("label=hidden"))
    places = [order.index(each.key) for each in found]
    assert places == sorted(places)


@pytest.mark.long
def test_step_that_only_one_level_has_by_its_parameters_is_declared(tmp_path: Path, db: None) -> None:
    def ask(said: Said) -> None:
        by = {"by": "label", "values": {"hidden": "none", "disclosed": "every_round"}}
        stage(said, "game")["parameters"] |= {"beliefs_ask": by, "beliefs_position": "before", "history": "none"}

    source, drawn = drawn_folder(short_copy(tmp_path, change=ask))
    found = compared(drawn, source.study, *LEVELS)
    assert stray(found) == []
    by_parameters = [same for same in found if same.reason == "parameters by label"]
    assert {key.place for same in by_parameters for key in same.keys} == {"game/forecast", "game/types"}
    assert all(NO_SCREEN in same.first + same.second for same in by_parameters)


@pytest.mark.long
def test_step_that_asks_something_else_by_its_parameters_is_declared(tmp_path: Path, db: None) -> None:
    def ask(said: Said) -> None:
        about = {"by": "label", "values": {"hidden": "type", "disclosed": "both"}}
        stage(said, "game")["parameters"] |= {"beliefs_ask": "every_round", "beliefs_about": about}

    source, drawn = drawn_folder(short_copy(tmp_path, change=ask))
    found = compared(drawn, source.study, *LEVELS)
    assert stray(found) == []
    places = {key.place for same in found if same.reason == "parameters by label" for key in same.keys}
    assert places == {"game/expect"}
