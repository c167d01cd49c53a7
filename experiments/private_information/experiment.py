"""Two with goals and secrets talk: one writes both sides, both know everything, or each knows its own.

After Zhou et al. 2024 (arXiv 2403.05020) and the engine of Sotopia; scenarios, pages and defaults without a source are
ours. Whoever sits there, turns are taken one after the other, and the script of one is done turn by turn like any talk.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Literal

from experiments.private_information.dialogue import LEAVES, Dialogue, act_of, turns_of
from experiments.private_information.policies import POLICIES
from experiments.private_information.scenarios import SCENARIOS
from paradigm import (
    Choice,
    Decision,
    Experiment,
    Line,
    Matching,
    MatchPlan,
    Option,
    Parameters,
    Place,
    Rating,
    Repeat,
    Role,
    Seat,
    State,
    Table,
    Text,
    View,
    setting,
)
from paradigm.state import KNOWS_ALL, KNOWS_NOTHING, KNOWS_OWN, Known

SOTOPIA = "Sotopia's engine, github sotopia-lab/sotopia @a0aaafb"
ROLES = ("first", "second")
LETTERS = {"first": "A", "second": "B"}


class Settings(Parameters):
    """What a study may set; `mode` is what its factor decides."""

    mode: Literal["private", "omniscient", "script"] = setting(
        "private", "Who knows what: each its own, both everything, or one writes both sides", source="Zhou et al. 2024"
    )
    scenario: Literal["drawn", "bike", "room", "trip", "shelf"] = setting(
        "drawn", "Which meeting; drawn for each group"
    )
    turns: int = setting(20, "Most turns of each", unit="turns", source=SOTOPIA, ge=1, le=100)
    stale: int = setting(2, "Turns in a row without any act before it ends", unit="turns", source=SOTOPIA, ge=0, le=100)
    say_chars: int = setting(400, "Most characters at a time", unit="characters", ge=40, le=2000)
    script_chars: int = setting(8000, "Longest script", unit="characters", ge=200, le=16_000)
    turn_seconds: int = setting(90, "Time for a turn", unit="s", ge=5, le=3600)
    script_seconds: int = setting(300, "Time to write a script", unit="s", ge=5, le=3600)
    after_seconds: int = setting(120, "Time for the questions afterwards", unit="s", ge=5, le=3600)


def pair(matching: Matching) -> Sequence[MatchPlan]:
    """The two of the group, as A and B."""
    return [MatchPlan({LETTERS[seat.role]: seat.number for seat in matching.seats})]


def deal(seats: Sequence[Seat], parameters: Settings, rng: Random) -> Mapping[int, Mapping[str, Any]]:
    """A goal and a secret for each, as facts with ids."""
    name = parameters.scenario if parameters.scenario != "drawn" else rng.choice(sorted(SCENARIOS))
    dealt: dict[int, Mapping[str, Any]] = {}
    for seat in seats:
        side = getattr(SCENARIOS[name], seat.role)
        facts = {f"{name}.{seat.role}.goal": side.goal, f"{name}.{seat.role}.secret": side.secret}
        dealt[seat.number] = {"scenario": name, "facts": facts}
    return dealt


def knows(role: str, parameters: Settings) -> Known:
    """Whoever writes the script knows both sides; for the other one everything is written."""
    if parameters.mode == "script":
        return KNOWS_ALL if role == "first" else KNOWS_NOTHING
    return KNOWS_ALL if parameters.mode == "omniscient" else KNOWS_OWN


def is_script(state: State) -> bool:
    """Whether one writes both sides."""
    return bool(state.parameters.mode == "script")


def is_no_script(state: State) -> bool:
    """Whether each speaks for itself."""
    return not is_script(state)


def script(state: State) -> list[dict[str, str]]:
    """What was written, turn by turn; empty before it is."""
    written = [str(act["dialogue"]) for act in state.acts("script").values() if "dialogue" in act]
    return turns_of(written[0], LETTERS["first"]) if written else []


def from_script(place: Place, state: State) -> Mapping[str, Any] | None:
    """What a side does in this turn, where that was written."""
    if not is_script(state):
        return None
    return act_of(script(state)[state.repetition - 1].get(place.position))


def done(state: State) -> list[list[tuple[int, Mapping[str, Any]]]]:
    """Turn by turn what each has done so far, by seat."""
    turns = [[*state.acts("opens", n).items(), *state.acts("answers", n).items()] for n in range(1, _most(state) + 1)]
    return [turn for turn in turns if turn]


def _most(state: State) -> int:
    return int(state.parameters.turns)


def somebody_is_left(state: State) -> bool:
    """Whether the second still has anybody to answer, or in a script anything written to do."""
    turns = done(state)
    if is_script(state) and len(turns) == len(script(state)) and LETTERS["second"] not in script(state)[-1]:
        return False
    return not turns or all(act["act"] != "leave" for _, act in turns[-1])


def is_over(state: State) -> bool:
    """Whether somebody has left, nobody does anything any more, or the script is at its end."""
    turns, stale = done(state), int(state.parameters.stale)
    if any(act["act"] == "leave" for _, act in turns[-1]):
        return True
    if is_script(state):
        return len(turns) >= len(script(state))
    idle = [all(act["act"] == "none" for _, act in turn) for turn in turns]
    return len(idle) > stale and all(idle[-stale - 1 :])


def view(place: Place, state: State) -> View:
    """The meeting, what was said, and as much of goals and secrets as the mode lets a side know."""
    scenario = SCENARIOS[state.dealt(place.seat)["scenario"]]
    known = knows(place.role, state.parameters)
    told = [one for one in state.places if known == KNOWS_ALL or (known == KNOWS_OWN and one.seat == place.seat)]
    tables = [Table(f"Of {one.position} alone", ["What", "Words"], _rows(state, one.seat)) for one in told]
    said = [(seat, act) for turn in done(state) for seat, act in turn]
    positions = {one.seat: one.position for one in state.places if one.seat != place.seat}
    lines = [Line(positions.get(seat, ""), _told(act)) for seat, act in said]
    return View(facts={"setting": scenario.setting, "me": place.position}, lines=lines, tables=tables)


def _rows(state: State, seat: int) -> list[list[str]]:
    return [[key.rpartition(".")[2].capitalize(), text] for key, text in state.dealt(seat)["facts"].items()]


def _told(act: Mapping[str, Any]) -> str:
    words = str(act.get("words") or "")
    if act["act"] == "leave":
        return LEAVES
    if act["act"] == "none" or not words:
        return "[says nothing]"
    return words if act["act"] == "speak" else f"[{words}]"


ACTS = [
    Option("speak", "Say something"),
    Option("do", "Do something that the other sees"),
    Option("none", "Nothing"),
    Option("leave", "Leave"),
]
ACT = Choice("act", "What you do", options=ACTS)
WORDS = Text("words", "What you say, or what you do", required=False, max_chars="say_chars")
TURN = [ACT, WORDS]
REACHED = Rating("reached", "How far have you reached your goal?", low=0, high=10, low_label="not", high_label="fully")
GUESS = Text("guess", "What does the other know, do you think, that you were not told?", required=False, max_chars=400)
SCRIPT = Dialogue("dialogue", "The whole conversation", max_chars="script_chars", turns="turns", each="say_chars")

experiment = Experiment(
    name="private_information",
    roles={role: Role() for role in ROLES},
    parameters=Settings,
    pairing=pair,
    deal=deal,
    knows=knows,
    steps=[
        Decision("script", "first", [SCRIPT], "script_seconds", when=is_script),
        Repeat(
            "talk",
            [
                Decision("opens", "first", TURN, "turn_seconds", written=from_script),
                Decision("answers", "second", TURN, "turn_seconds", when=somebody_is_left, written=from_script),
            ],
            times="turns",
            until=is_over,
        ),
        Decision("after", "*", [REACHED, GUESS], "after_seconds", when=is_no_script, voids_match=False),
    ],
    view=view,
    policies=POLICIES,
)
