"""The gift game with questions beside it: one before the result, which only the first round shows, and one after it."""

from dataclasses import replace

from paradigm import Decision, Points, Show
from tests.flow.games.gift.experiment import experiment as gift

GUESS = Points("guess", high=100)

experiment = replace(
    gift,
    name="asked",
    steps=[
        gift.steps[0],
        Decision("guess", by="taker", fields=[GUESS], voids_match=False),
        Show("seen", when=lambda state: state.round == 1),
        Decision("after", by="taker", fields=[GUESS], voids_match=False),
    ],
)
