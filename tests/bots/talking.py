"""A talk of one person with models whose study file says how what they say comes."""

from typing import Any

from bots.models import BotTurn
from bots.services import listen
from chat.models import Entry
from events import runner
from events.models import Event
from flow.models import Match
from flow.services import games
from tests.bots import answers
from tests.chat.rooms import Sitter, make_match

AT_ONCE = {"min_s": 0, "max_s": 0, "chars_per_s": 1000, "think_s": [0, 0], "miss": 0}
MODEL = {"name": "told/one", "max_tokens": 400, "daily_cost_usd": "1.00"}


def seat(
    delivery: dict[str, Any] | None = None, *, pace: dict[str, Any] | None = None, label: str = "", **more: Any
) -> Sitter:
    """A seat of a model, with how it says things."""
    said = {"delivery": delivery} if delivery else {}
    settings = {"delay": pace or AT_ONCE, "asked_if_ai": "admit", "model": MODEL, **said, **more}
    return Sitter("talker", "model", "prompts/one.md", label=label, settings=settings)


def policy(delivery: dict[str, Any], name: str = "sentences", *, pace: dict[str, Any] | None = None) -> Sitter:
    """A seat of a rule, with how it says things."""
    return Sitter("talker", "policy", name, settings={"delay": pace or AT_ONCE, "delivery": delivery})


def room(*seats: Sitter, **parameters: Any) -> Match:
    """An open talk of a person, in seat 1, with these."""
    return make_match("chatting", Sitter("talker"), *seats, parameters={"quota": 0, "chars": 400, **parameters})


def opened(*seats: Sitter, **parameters: Any) -> Match:
    """The same once one of its models has said "hello"."""
    answers.will(reply("hello"))
    match = room(*seats, **parameters)
    runner.drain("bots")
    return match


def reply(words: str, **more: str) -> str:
    """A model's reply."""
    from json import dumps

    return dumps({**more, "message": words, "then": "more"})


def say(match: Match, words: str) -> None:
    """The person writes, and whoever may answer is asked."""
    person = match.group.seats.get(occupant="person")
    games.act(match_id=match.pk, path="talk", seat_id=person.pk, values={"message": words}, source="person")
    listen(match.pk, "talk")


def texts(match: Match) -> list[str]:
    """All that was said."""
    found = Entry.objects.filter(conversation__match=match).order_by("seq")
    return list(found.values_list("text", flat=True))


def turn_of(match: Match, number: int = 2) -> BotTurn:
    """The turn of a seat in the talk."""
    return BotTurn.objects.get(match=match, path="talk", seat__number=number)


def events(kind: str) -> list[dict[str, Any]]:
    """The facts of each event of a kind, without where it was."""
    found = Event.objects.filter(kind=kind).order_by("pk").values_list("facts", flat=True)
    return [{key: value for key, value in facts.items() if key not in ("match", "path", "rev")} for facts in found]
