"""A conversation with the same partner, visit after visit (after Croes & Antheunis 2021, doi 10.1177/0265407520959463).

One visit's conversation stands here. Who the partner is, what it remembers, when the visits are, and what is asked
between them, is the study file's. Defaults are ours where no source is named.
"""

from typing import Literal

from experiments.longitudinal_chat.policies import POLICIES
from paradigm import (
    Card,
    Chat,
    Experiment,
    Matching,
    MatchPlan,
    Parameters,
    Place,
    Role,
    Show,
    State,
    Talk,
    View,
    setting,
)

AT_LEAST_FIVE = "Croes & Antheunis 2021: at least five minutes, as a thesis on the same data says (Biesmans 2018)"
LETTERS = "AB"


class Settings(Parameters):
    """What a study may set. The properties follow from it; all are slots of the pages."""

    activity: Literal["talk", "words"] = setting(
        "talk", "What the pages tell of: a conversation, or the word game that is its active control"
    )
    topic: str = setting("whatever comes to your mind", "What to write about, as the pages say it", max_length=300)
    shortest_seconds: int = setting(
        300, "Active time before the conversation can be ended", unit="s", source=AT_LEAST_FIVE, ge=0, le=7200
    )
    longest_seconds: int = setting(1200, "Longest conversation", unit="s", ge=30, le=14_400)
    idle_seconds: int = setting(120, "How much of a silence counts as active", unit="s", ge=10, le=3600)
    least_turns: int = setting(4, "Messages of one's own before one can end it", unit="messages", ge=0, le=200)
    message_chars: int = setting(1000, "Longest message", unit="characters", ge=50, le=4000)
    ends: Literal["all", "any"] = setting("any", "Whether each has to end it, or the first who does ends it for both")
    pastes: Literal["allowed", "recorded", "blocked"] = setting("recorded", "What becomes of text that is pasted")
    closing: Literal["declared", "none"] = setting(
        "declared", "Whether the last conversation is called the last, and a page of farewell follows it"
    )
    before_seconds: int = setting(1800, "Longest time of the page before the conversation", unit="s", ge=10, le=86_400)
    closing_seconds: int = setting(900, "Longest time of the page of farewell", unit="s", ge=10, le=86_400)

    shortest_minutes = property(lambda self: _minutes(self.shortest_seconds))
    longest_minutes = property(lambda self: _minutes(self.longest_seconds))


def _minutes(seconds: int) -> int | float:
    return seconds // 60 if seconds % 60 == 0 else round(seconds / 60, 1)


def dyad(matching: Matching) -> list[MatchPlan]:
    """The two of the group, as A and B: seats are numbered by chance."""
    numbers = sorted(seat.number for seat in matching.seats)
    return [MatchPlan(dict(zip(LETTERS, numbers, strict=True)))]


def is_farewell(state: State) -> bool:
    """Whether this conversation is the last, and called so."""
    return _is_declared(state.parameters) and state.is_last_visit


def _is_declared(parameters: Settings) -> bool:
    return parameters.closing == "declared"


def _always(parameters: Settings) -> bool:
    del parameters
    return True


def _has_words(parameters: Settings) -> bool:
    return parameters.activity == "words"


def _has_last_words(parameters: Settings) -> bool:
    return _has_words(parameters) and _is_declared(parameters)


def view(place: Place, state: State) -> View:
    """Whom one meets, and, where people are told, how many conversations are left."""
    other = next(each for each in state.places if each.seat != place.seat)
    card = Card(other.name or other.position, other.label)
    facts: dict[str, str | int] = {
        "conversation": state.visit, "conversations": state.visits, "label": other.label,
    }  # fmt: skip
    page = f"words_{state.path}" if state.parameters.activity == "words" else ""
    return View(page=page, blocks=_blocks(state), cards=[card], facts=facts)


def _blocks(state: State) -> list[str]:
    """What stands under a page's own text."""
    if state.path == "talk":
        return ["farewell"] if is_farewell(state) else []
    if state.path != "before":
        return []
    counted = ["counted"] if state.visits > 1 else []
    if is_farewell(state):
        return [*counted, "last"]
    return [*counted, "one_left"] if state.visits and state.visit == state.visits - 1 else counted


experiment = Experiment(
    name="longitudinal_chat",
    roles={"talker": Role()},
    parameters=Settings,
    pairing=dyad,
    steps=[
        Show("before", "before_seconds"),
        Talk(
            "talk",
            Chat(max_chars="message_chars", pastes="pastes"),
            seconds="longest_seconds",
            min_active_seconds="shortest_seconds",
            idle_seconds="idle_seconds",
            min_turns="least_turns",
            ends="ends",
        ),
        Show("goodbye", "closing_seconds", when=is_farewell),
    ],
    view=view,
    policies=POLICIES,
    texts={
        "counted": _always,
        "one_left": _always,
        "last": _is_declared,
        "farewell": _is_declared,
        "words_before": _has_words,
        "words_talk": _has_words,
        "words_goodbye": _has_last_words,
    },
)
