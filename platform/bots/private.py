"""Facts that an experiment deals to single seats: a prompt never holds one that its owner has not told.

What a model is told comes from the view of its seat. A view with a fault could tell it what only another seat knows,
and nobody would see that in the data: every partner that is told too much plays a game that the study does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bots.errors import FOREIGN_FACT, BotsError
from chat.models import Entry
from flow.models import Act
from flow.queries import TurnFacts
from llm.exchange import Message
from matching.models import Seat
from paradigm.state import FACTS

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


def check(facts: TurnFacts, messages: Sequence[Message]) -> None:
    """Look at what a model is about to be asked.

    Raises:
        BotsError: "foreign_fact", with the ids: the experiment's view tells a seat what only another one knows.
    """
    seat = facts.seat
    others = Seat.objects.filter(group=seat.group, dealt__has_key=FACTS).exclude(pk=seat.pk).order_by("number")
    mine = {_words(text) for text in facts_in(seat.dealt).values()}
    foreign = {key: text for other in others for key, text in facts_in(other.dealt).items() if _words(text) not in mine}
    found = held("\n".join(str(one["content"]) for one in messages), foreign) if foreign else []
    if found:
        said = list(_said(seat))
        secret = [key for key in found if not any(held(text, {key: foreign[key]}) for text in said)]
        if secret:
            text = f"at {facts.step} a prompt holds {', '.join(secret)}, dealt to another seat that has not told it"
            raise BotsError(FOREIGN_FACT, f"{text}: mend the experiment's view")


def _said(seat: Seat) -> Iterator[str]:
    """All that anybody has written in a group."""
    yield from Entry.objects.filter(conversation__match__group=seat.group).values_list("text", flat=True)
    for values in Act.objects.filter(match__group=seat.group).values_list("values", flat=True):
        yield from _strings(values.values())


def _strings(values: Iterable[Any]) -> Iterator[str]:
    yield from (value for value in values if isinstance(value, str))


def _words(text: str) -> str:
    """Its words in small letters, each between spaces; of a prompt, in which line breaks and quotes are escaped."""
    return f" {' '.join(_WORD.findall(_ESCAPED.sub(' ', text).casefold()))} "
