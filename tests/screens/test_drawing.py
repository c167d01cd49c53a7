"""Which pages are drawn, and what drawing them leaves behind."""

from pathlib import Path

import pytest

from config.supervisor.screens import Source, source_of
from events.models import Event
from paradigm.program import leaves, may_show
from participants.models import Participant
from screens.errors import ScreensError
from screens.reading import pieces, words
from screens.screen import DOOR, EXITS, REFUSALS, Drawn, Key
from studies.definition import parameters_by_level
from studies.models import Slot, Study
from studies.registry import experiment
from studies.schema_stages import GameStage
from tests.screens.studies import Said, drawn_folder, drawn_here, short_copy

CONDITIONS = ["label=disclosed", "label=hidden"]


def states(drawn: Drawn, stage: str, step: str = "", role: str = "") -> set[str]:
    """The pages at one place under the first condition."""
    found = drawn.under(CONDITIONS[0])
    return {key.state for key in found if (key.stage, key.step) == (stage, step) and role in ("", key.role)}


def test_every_stage_and_every_declared_exit_is_drawn(main: Source, drawn_main: Drawn) -> None:
    for condition in CONDITIONS:
        keys = drawn_main.under(condition)
        assert {key.stage for key in keys} == {DOOR, EXITS, REFUSALS, *(stage.id for stage in main.study.stages)}
        assert {key.step for key in keys if key.stage == EXITS} == set(main.study.exits)


def test_every_step_is_drawn_for_every_role_and_every_text_of_the_game_is_met(main: Source, drawn_main: Drawn) -> None:
    assert drawn_main.not_reached == []
    played = experiment("partner_selection")
    game = next(stage for stage in main.study.stages if isinstance(stage, GameStage))
    ((_, numbers),) = parameters_by_level(main.study, game)
    shown = may_show(played, numbers, played.roles)
    for step in leaves(played.steps):
        for name, role in played.roles.items():
            is_drawn = bool(states(drawn_main, "game", step.name, role.title))
            assert is_drawn == (f"{step.name}_{name}" in shown), (step.name, role.title)
    said = {state for key in drawn_main.under(CONDITIONS[1]) if key.stage == "game" for state in key.state.split(", ")}
    assert set(played.texts) & shown <= said
    assert {"beliefs_return", "beliefs_type", "beliefs_unpaid"} <= said


def test_branches_of_each_stage_are_drawn(drawn_main: Drawn) -> None:
    assert states(drawn_main, "consent") >= {"first", "after an empty form", "pause or leave"}
    assert states(drawn_main, "instructions") >= {"first", "page 2", "page 3", "page 4"}
    assert states(drawn_main, "quiz") >= {"first", "after an empty form", "after wrong answers"}
    assert states(drawn_main, "briefing") >= {"first", "after an empty form", "after wrong answers"}
    assert states(drawn_main, "lobby") >= {"alone", "asked", "asked a second time", "ready, others not yet"}
    assert states(drawn_main, "game", "void", "Chooser") >= {"reads"}
    assert states(drawn_main, "game", "sit_out", "Responder") == {"rests"}
    assert states(drawn_main, "game", "decide", "Chooser") >= {"has answered", "after an empty form"}
    assert "an answer came too late" in states(drawn_main, "game", "ask", "Chooser") | states(
        drawn_main, "game", "reply", "Responder"
    )
    assert states(drawn_main, EXITS, "no_group") >= {
        "left by the button, at lobby",
        "when the time was up, at lobby",
        "asked twice without an answer, at lobby",
    }
    assert states(drawn_main, EXITS, "inactive", "Chooser") == {"2 turns missed in a row"}


def test_pages_are_those_that_the_server_sends(drawn_main: Drawn) -> None:
    found = drawn_main.under("label=hidden")
    quiz = found[Key("quiz", state="after wrong answers")]
    assert "5 answers are not right yet. Please try them again." in words(quiz.html)
    assert "A Chooser who keeps earns 10 points. A and B then earn 0." in words(quiz.html)
    debrief = next(found[key].html for key in found if (key.stage, key.role) == ("debrief", "Chooser"))
    assert {"Whom you met", "A person", "An AI"} <= set(words(debrief))
    assert all("SIMULATED" not in "".join(words(screen.html)) for screen in drawn_main.screens)


@pytest.mark.long
@pytest.mark.django_db
def test_drawing_leaves_nothing_behind_and_the_same_seed_draws_the_same(tmp_path: Path) -> None:
    source, first = drawn_folder(short_copy(tmp_path))
    assert not any(row.objects.exists() for row in (Study, Slot, Participant, Event))
    second = drawn_here(source.plan)
    alike = [(one.key, one.condition, pieces(one.html)) for one in first.screens]
    assert alike == [(one.key, one.condition, pieces(one.html)) for one in second.screens]


@pytest.mark.django_db
def test_unknown_condition_is_refused_by_name(tmp_path: Path) -> None:
    plan = source_of(str(short_copy(tmp_path)), seed="1").plan.model_copy(update={"conditions": ["label=other"]})
    with pytest.raises(ScreensError, match="label=other: no such condition; there are: label=hidden; label=disclosed"):
        drawn_here(plan)


@pytest.mark.django_db
def test_condition_is_put_together_from_all_entries_of_an_allocation(tmp_path: Path) -> None:
    def several(said: Said) -> None:
        said["factors"] |= {"tone": {"levels": ["plain", "warm"]}, "topic": {"levels": ["home", "work", "play"]}}
        said["conditions"] = {"cross": ["label", "tone", "topic"]}
        said["allocation"] = [
            said["allocation"] | {"factors": ["label"]},
            {"factors": ["tone"], "unit": "participant", "method": "simple", "meets": "anybody", "at": "quiz"},
            {"factors": ["topic"], "unit": "round", "method": "latin_square", "at": "formation"},
        ]

    wanted = "label=hidden,tone=warm,topic=play"
    source = source_of(str(short_copy(tmp_path, change=several)), seed="1")
    drawn = drawn_here(source.plan.model_copy(update={"conditions": [wanted]}))
    assert {key.stage for key in drawn.under(wanted)} >= {stage.id for stage in source.study.stages}
