"""Workers are killed again and again with twenty turns in hand, every hint coming five times: one message per turn.

The small size kills once at each of six points; `make long` ten times, which is what was promised.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest
from django.conf import LazySettings

from bots.models import BotTurn
from chat.models import Entry
from events import clock
from events.models import Due, Event
from flow.models import Match
from llm.models import Call
from tests.bots.dying_at import POINTS, PROVIDER, worker
from tests.bots.talking import room, say, seat
from tests.bots.test_turns import QUICK, _until
from tests.bots.test_turns_survive_kills import killed_at
from tests.machinery.bounds import bound
from tests.sizes import sized

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sized, pytest.mark.timeout(2400)]

KILLS = sized(test=1, long=10)
ROOMS, MODELS = 4, 5
TURNS = ROOMS * MODELS
MODEL = {"name": "scripted/one", "max_tokens": 100, "daily_cost_usd": "0.00"}
OPEN = {"reaction": "bots.turns.take_turn", "outcome": ""}


@dataclass
class Count:
    """What became of the turns of all kills at a point.

    Attributes:
        in_hand: Turns that the worker had in hand when it died, kill by kill.
        taken_again: Questions to the model beyond one for each turn: calls are made at least once, messages once.
    """

    point: str
    kills: int = 0
    turns: int = 0
    in_hand: list[int] = field(default_factory=list)
    hints: int = 0
    taken_again: int = 0
    doubled: int = 0
    missing: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        held = sum(self.in_hand) / max(1, len(self.in_hand))
        return (
            f"{self.point:<16} {self.kills} kills, {self.turns} turns ({held:.1f} in hand at the death), "
            f"{self.hints} hints after it, {self.taken_again} asked again; doubled {self.doubled}, "
            f"missing {self.missing}"
        )


def rooms() -> list[Match]:
    """Open talks, each of one person with some models, all of whom answer."""
    seats = [seat(pace=QUICK["delay"], label="AI", model=MODEL) for _ in range(MODELS)]
    return [room(*seats, longest=3600) for _ in range(ROOMS)]


def settle_down(tally: list[int]) -> None:
    """Another worker takes whatever is open, once the leases of the dead one have run out."""
    Due.objects.filter(outcome="", lease_until__isnull=False).update(lease_until=clock.now() - timedelta(seconds=1))
    with worker(tally):
        _until(lambda: not Due.objects.filter(**OPEN).exists(), seconds=60)


def killed(count: Count, talks: Sequence[Match], number: int) -> None:
    """People write, a worker dies at its n-th pass of the point, another goes on; and it is counted."""
    calls, words = Call.objects.count(), f"{count.point}, {count.kills}"
    for match in talks:
        say(match, words)
    if killed_at(count.point, str(number), program="tests.bots.dying_at") != -signal.SIGKILL:
        count.problems.append(f"{words}: the worker did not die")
    count.in_hand.append(Due.objects.filter(**OPEN, lease_until__isnull=False).count())
    tally: list[int] = []
    settle_down(tally)
    count.kills += 1
    count.turns += TURNS
    count.hints += sum(tally)
    count.taken_again += Call.objects.count() - calls - TURNS
    for match in talks:
        reckon(count, match, words)


def reckon(count: Count, match: Match, words: str) -> None:
    """Each model has said one thing since the person wrote."""
    written = Entry.objects.get(conversation__match=match, text=words)
    for one in match.group.seats.filter(occupant="model"):
        said = Entry.objects.filter(seat=one, seq__gt=written.seq).count()
        count.doubled += max(0, said - 1)
        count.missing += not said
        if said != 1:
            count.problems.append(f"{words}: seat {one.number} of {match.group.code} has said {said} things")


def test_every_turn_has_one_message_wherever_a_worker_is_killed(
    settings: LazySettings, seen: Callable[[str], None]
) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"scripted": PROVIDER}
    talks = rooms()
    settle_down([])  # each opens its talk
    counts = [Count(point) for point in POINTS]
    for count in counts:
        chance = Random(count.point)
        for _ in range(KILLS):
            # A look for work claims all that there is; every other point is passed by each turn.
            killed(count, talks, 1 if count.point == "before claim" else chance.randint(1, TURNS // 2))
        seen(str(count))
    problems = [problem for count in counts for problem in count.problems]
    kills, turns = sum(count.kills for count in counts), sum(count.turns for count in counts)
    seen(bound(len(problems), kills, "kills"))
    seen(bound(len(problems), turns, "turns"))
    assert problems == []
    assert (kills, turns) == (KILLS * len(POINTS), KILLS * len(POINTS) * TURNS)
    assert all(sum(count.in_hand) > 0 for count in counts if count.point != "before claim"), "turns were in hand"
    assert not Call.objects.filter(outcome="open").exists()
    assert not Event.objects.filter(kind="due.failed").exists()
    outcomes = BotTurn.objects.filter(match__in=talks).values_list("outcome", flat=True)
    assert set(outcomes) == {"delivered"}
