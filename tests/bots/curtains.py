"""Talks of one person with a seat in whose place people of the study team may write."""

from typing import Any

from bots.models import WizardReply
from bots.wizards import services
from events import clock, runner
from events.models import Due
from flow.models import Match
from tests.bots import answers
from tests.bots.talking import reply, room, seat, turn_of

ANA, BEN = "ana", "ben"
WIZARD = {"draft": True, "seconds": 30, "otherwise": "draft", "line": {}, "disclosed_in": "debrief"}


def waiting(*replies: Any, parameters: dict[str, Any] | None = None, **said: Any) -> Match:
    """An open talk in which the seat is to say its first message, and somebody is asked for it."""
    answers.will(*(replies or (reply("a draft"),)))
    match = room(seat(wizard=WIZARD | said), **(parameters or {}))
    runner.drain("bots")
    return match


def asked(match: Match) -> WizardReply:
    """What the seat is to say now, or was last."""
    return WizardReply.objects.filter(turn=turn_of(match)).order_by("-made", "-number")[0]


def sit(match: Match, username: str = ANA) -> None:
    """Somebody sits down behind the seat."""
    services.take(turn_of(match).pk, username)


def write(match: Match, words: str, username: str = ANA, *, begins_with_draft: bool = False) -> WizardReply:
    """Somebody who sits there decides what is said, and the seat says it."""
    made = services.decide(asked(match).pk, username, words=words, begins_with_draft=begins_with_draft)
    runner.drain("bots")
    return made


def let_pass(match: Match) -> None:
    """Nobody writes in time."""
    WizardReply.objects.filter(pk=asked(match).pk).update(until=clock.now())
    Due.objects.filter(reaction="bots.turns.take_turn", outcome="").update(run_after=clock.now())
    runner.drain("bots")
