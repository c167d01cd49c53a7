"""How what a seat says comes to the others, as its settings have it from the study file. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

KEEP, REGENERATE, DROP = "keep", "regenerate", "drop"
ALL, ONE, ADDRESSED_FIRST = "all", "one", "addressed_first"


@dataclass(frozen=True)
class Delivery:
    """As `studies.schema_delivery.Delivery`; a seat that was made before there was any has what it does unless told."""

    if_interrupted: str = KEEP
    most_interruptions: int = 2
    debounce_s: float = 0.0
    debounce_most_s: float = 15.0
    floor: str = ALL
    bubbles: int = 1
    pauses: int = 0
    pause_s: Sequence[float] = (6.0, 12.0)

    @property
    def begins_anew(self) -> bool:
        """Whether a reply is given up where a person has written since it was begun."""
        return self.if_interrupted != KEEP

    @property
    def takes_turns(self) -> bool:
        """Whether only one of several automated seats answers."""
        return self.floor != ALL

    def begins_at(self, first: datetime, last: datetime) -> datetime:
        """When a turn begins that answers what people said from `first` to `last`."""
        latest = first + timedelta(seconds=max(self.debounce_s, self.debounce_most_s))
        return min(last + timedelta(seconds=self.debounce_s), latest)


def delivery_of(settings: Mapping[str, Any]) -> Delivery:
    """What the settings of a seat say."""
    return Delivery(**settings.get("delivery", {}))
