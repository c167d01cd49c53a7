"""docs/decisions/language.md is true: each of its declarations builds, and is played."""

import re
from pathlib import Path
from typing import Any

import pytest

from paradigm import Experiment, Seat
from paradigm.fields import Each, Field
from paradigm.program import leaves
from paradigm.steps import Decision
from tests.language.rehearsal import Group

PAGE = Path(__file__).parents[2] / "docs" / "decisions" / "language.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), flags=re.DOTALL | re.MULTILINE)
ROWS = re.findall(r"^## \d+\. (.+)$", PAGE.read_text(), flags=re.MULTILINE)

SEATS = {
    "partner_selection": {"selector": 2, "candidate": 4},
    "network_coordination": {"node": 8},
    "society_feed": {"member": 20},
    "repeated_dilemma": {"player": 6},
    "artefact_or_chat": {"member": 3},
    "ideation": {"leader": 1, "member": 2},
    "scaling": {"player": 12},
}
LEVELS: dict[str, list[dict[str, str]]] = {
    "peer_context": [{"peer": "absent"}, {"peer": "present"}],
    "artefact_or_chat": [{"channel": "document"}, {"channel": "chat"}],
    "grounding": [{"scene": "shared", "feedback": "on"}, {"scene": "own"}],
    "private_information": [{"mode": mode} for mode in ("script", "omniscient", "private")],
}


def built() -> list[Experiment]:
    """Every experiment that a block of the page leaves behind."""
    found = []
    for number, block in enumerate(BLOCKS, start=1):
        names: dict[str, Any] = {"__name__": f"language_block_{number}"}
        exec(compile(block, f"language.md block {number}", "exec"), names)
        found += [value for value in names.values() if isinstance(value, Experiment)]
    return found


def group_of(experiment: Experiment, levels: dict[str, str]) -> Group:
    """One group of it, a seat per role unless the page's row needs more."""
    counts = SEATS.get(experiment.name) or dict.fromkeys(experiment.roles, 1)
    roles = [role for role, count in counts.items() for _ in range(count)]
    seats = [Seat(number, role, "ai" if number % 2 else "human") for number, role in enumerate(roles, start=1)]
    return Group(experiment, seats, experiment.parameters(), levels)


def test_language_page_has_a_block_for_every_row() -> None:
    assert len(ROWS) == 14
    assert len(BLOCKS) == len(ROWS)


def test_language_blocks_each_build_an_experiment() -> None:
    names = [experiment.name for experiment in built()]
    assert len(names) == len(set(names)) == 15  # the row on ideation has its rating queue besides


@pytest.mark.parametrize("experiment", built(), ids=lambda experiment: experiment.name)
def test_language_declaration_names_roles_steps_and_fields_once(experiment: Experiment) -> None:
    steps = list(leaves(experiment.steps))
    assert len({step.name for step in steps}) == len(steps)
    for step in steps:
        if isinstance(step, Decision):
            roles = {"*"} | set(experiment.roles)
            assert {step.by} <= roles if isinstance(step.by, str) else set(step.by) <= roles
            for role in experiment.roles:
                declared = [one.field if isinstance(one, Each) else one for one in step.fields_of(role)]
                assert len({one.name for one in declared}) == len(declared)
                assert all(isinstance(one, Field) for one in declared)


@pytest.mark.parametrize("experiment", built(), ids=lambda experiment: experiment.name)
def test_language_declaration_is_played_to_its_end(experiment: Experiment) -> None:
    for levels in LEVELS.get(experiment.name, [{}]):
        group = group_of(experiment, levels).play()
        assert len(group.plays) >= group.rounds
        for play in group.plays:
            assert set(play.points) == {place.seat for place in play.places}
            assert play.acts or group.matches[0].said
        again = group_of(experiment, levels).play()
        assert [play.points for play in again.plays] == [play.points for play in group.plays]


def test_scaling_declaration_holds_the_local_experience_constant() -> None:
    experiment = next(one for one in built() if one.name == "scaling")
    local = set()
    for size in (4, 12, 48):
        seats = [Seat(number, "player", "human") for number in range(1, size + 1)]
        group = Group(experiment, seats, experiment.parameters()).play()
        for seat in seats:
            acts = [act[seat.number] for play in group.plays for act in play.acts.values() if seat.number in act]
            local.add((len(acts), sum(len(act) for act in acts)))
    assert local == {(15, 27)}  # 12 rounds of two partners each, and three probes
