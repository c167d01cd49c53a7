"""The gift game with a guess at what was sent, which may win, on a scale that does not care what can be sent."""

from dataclasses import replace

from paradigm import Belief, Bonus, Decision, Field, Play, Points, Show, setting
from tests.flow.games.gift.experiment import Gift
from tests.flow.games.gift.experiment import experiment as gift

GUESS = Points("guess", high="high", belief=Belief("return"))


class Paid(Gift):
    """Its numbers."""

    high: int = setting(10, "The highest guess", unit="points", ge=0)


def sent(play: Play, field: Field) -> int:
    """What the giver sent."""
    del field
    return int(next(iter(play.acts["give"].values()))["sent"])


experiment = replace(
    gift,
    name="paid",
    parameters=Paid,
    steps=[gift.steps[0], Decision("guess", by="taker", fields=[GUESS], voids_match=False), Show("seen")],
    bonus=Bonus(prize=20, truth=sent, decided=("give", "sent")),
)
