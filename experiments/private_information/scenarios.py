"""Meetings of two who each want something and know something that the other does not. All are ours, and no paper's."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Side:
    """What one of the two wants, and knows."""

    goal: str
    secret: str


@dataclass(frozen=True)
class Scenario:
    """What both know, whether both can have what they want, and the two sides."""

    setting: str
    is_cooperative: bool
    first: Side
    second: Side


SCENARIOS: Mapping[str, Scenario] = {
    "bike": Scenario(
        "A sells a used bicycle, and B has come to look at it. Similar ones cost from 60 to 100 pounds.",
        False,
        Side("Sell the bicycle for 80 pounds or more.", "The back brake of the bicycle is worn and needs replacing."),
        Side("Buy the bicycle for 70 pounds or less.", "There are 90 pounds in my pocket today."),
    ),
    "room": Scenario(
        "A and B move into a flat together. One room is large and loud, the other small and quiet; the rent is shared.",
        False,
        Side("Get the small and quiet room without paying more.", "My work starts before dawn each morning."),
        Side("Get the small and quiet room without paying more.", "Loud music helps me to write at night."),
    ),
    "trip": Scenario(
        "A and B want to spend a day by the sea next week, and have to find the day and the way to go there.",
        True,
        Side("Agree on a day on which both of you can go.", "My only free day next week is Thursday."),
        Side("Agree on a way to travel that both of you can pay.", "Train tickets are too expensive for me now."),
    ),
    "shelf": Scenario(
        "A and B have bought a shelf together and find that a part is missing. Each has read half of the leaflet.",
        True,
        Side("Find out which part is missing and get it.", "The leaflet says that there are twelve long screws."),
        Side("Find out which part is missing and get it.", "The box on my side holds ten long screws."),
    ),
}  # fmt: skip
