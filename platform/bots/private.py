"""Facts that an experiment deals to single seats: a prompt never holds one that its owner has not told.

What a model is told comes from the view of its seat. A view with a fault could tell it what only another seat knows,
and nobody would see that in the data: every partner that is told too much plays a game that the study does not have.
Where the experiment declares that a seat is told everybody's facts, or none, its prompts are held against that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bots.errors import FOREIGN_FACT, BotsError
from bots.prompts import BREAKS
from chat.models import Entry
from flow.drawing import plain
from flow.game import game_of
from flow.models import Act
from flow.queries import TurnFacts
from llm.exchange import Message
from matching.models import Group, Seat
from paradigm.state import FACTS, KNOWS_ALL, KNOWS_OWN, Known

LEAST_WORDS = 3
"""Of a fact that is looked for: "red" and "7" stand in many texts."""
_WORD = re.compile(r"\w+")
_ESCAPED = re.compile(r"\\[nt\"\\]")


def facts_in(dealt: Mapping[str, Any]) -> dict[str, str]:
    """The facts that a seat was dealt, by their ids."""
    facts = dealt.get(FACTS, {})
    return {str(key): str(text) for key, text in facts.items()} if isinstance(facts, Mapping) else {}


def held(text: str, facts: Mapping[str, str]) -> list[str]:
    """The ids of those facts that a text holds word for word, whatever stands between the words."""
    words = _words(text)
    return [key for key, fact in facts.items() if len(_WORD.findall(fact)) >= LEAST_WORDS and _words(fact) in words]


def kept_from(seat: Seat, seats: Sequence[Seat], known: Known) -> dict[str, str]:
    """The facts that a seat is not told from the beginning, by their ids.

    Args:
        seats: All to which facts were dealt.
        known: What the experiment declares of the seat.
    """
    if known == KNOWS_ALL:
        return {}
    is_told_own = known == KNOWS_OWN
    mine = {_words(text) for text in facts_in(seat.dealt).values()} if is_told_own else set()
    others = [one for one in seats if one.pk != seat.pk or not is_told_own]
    found: dict[str, str] = {}
    for one in others:
        for key, text in facts_in(one.dealt).items():
            if _words(text) not in mine:
                found[key if key not in found else f"{key} of seat {one.number}"] = text
    return found


def check(facts: TurnFacts, messages: Sequence[Message]) -> None:
    """Look at what a model is about to be asked.

    Raises:
        BotsError: "foreign_fact", with the ids: the experiment's view tells a seat what only another one knows.
    """
    seat, game = facts.seat, game_of(facts.seat.group)
    seats = Seat.objects.filter(group=seat.group, dealt__has_key=FACTS).order_by("number")
    foreign = kept_from(seat, list(seats), game.experiment.known_by(seat.role, game.parameters))
    found = held("\n".join(str(one["content"]) for one in messages), foreign) if foreign else []
    if found:
        said = list(said_in(seat.group))
        secret = [key for key in found if not any(held(text, {key: foreign[key]}) for text in said)]
        if secret:
            text = f"at {facts.step} a prompt holds {', '.join(secret)}, which nobody has told whom it is kept from"
            raise BotsError(FOREIGN_FACT, f"{text}: mend the experiment's view")


def said_in(group: Group) -> Iterator[str]:
    """All that anybody has written in a group."""
    yield from Entry.objects.filter(conversation__match__group=group).values_list("text", flat=True)
    for values in Act.objects.filter(match__group=group).values_list("values", flat=True):
        yield from words_in(values)


def words_in(values: Mapping[str, Any]) -> list[str]:
    """The texts among the values of an act."""
    return [value for value in values.values() if isinstance(value, str)]


def _words(text: str) -> str:
    """Its words in small letters, each between spaces; of a prompt, in which line breaks and quotes are escaped.

    Without what nobody sees, as prompts have it: else whoever told it with that between its letters had not told it.
    """
    shown = plain(text.translate(BREAKS))
    return f" {' '.join(_WORD.findall(_ESCAPED.sub(' ', shown).casefold()))} "
