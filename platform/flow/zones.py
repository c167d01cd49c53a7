"""In which zone a person's visits are planned: the study's, or the one that the person confirms after the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from random import Random
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from paradigm import Field, FieldError
from scheduling.models import Session
from studies import definition
from studies.models import Version

ASKS_ZONE = "asks_zone"  # in a session's facts: its stages are over, and the zone is not known yet
ASSUMED_ZONE = "assumed_zone"  # in the first visit's facts: nobody answered, and the study file's zone was taken
BY_BROWSER = "browser_confirmed"
ANSWER_WITHIN = timedelta(days=7)
UNKNOWN = gettext_noop("Please pick a place whose clock shows the same time as yours.")
OFTEN = gettext_noop("You have changed this three times within a day. Please try again tomorrow, or write to us.")
AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def _known() -> frozenset[str]:
    """Read from some hundreds of files, and so once."""
    return frozenset(available_timezones())


@dataclass(frozen=True)
class Zone(Field):
    """A name of the IANA's list, picked by a place. A script picks the one that the browser names."""

    kind: ClassVar[str] = "zone"

    @property
    def places(self) -> Sequence[tuple[str, str]]:
        """Name → words for it, in the order of the alphabet; UTC last."""
        names = sorted(name for name in _known() if name.partition("/")[0] in AREAS)
        return [(name, place_of_zone(name)) for name in (*names, "UTC")]

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}

    def parse(self, raw: Any) -> str:
        if not isinstance(raw, str) or raw not in _known():
            raise FieldError("unknown_zone", UNKNOWN)
        return raw

    def simulate(self, rng: Random) -> str:
        return rng.choice(self.places)[0]

    def describe(self) -> dict[str, str]:
        return {"type": "string", "unit": "", "allowed_values": "names of the IANA"}


def zone_field() -> Zone:
    """The one question about it."""
    return Zone(name="zone", label=_("A place whose clock shows the same time as yours"))


def too_often() -> FieldError:
    """Why another zone is not taken in now."""
    return FieldError("too_often", OFTEN)


def is_zone_wanted(session: Session) -> bool:
    """Whether a person whose first visit is over must still say what their clock shows."""
    return is_asked(session) and not session.participant.zone


def fallback_of(version: Version) -> str | None:
    """The zone that is taken for whoever does not say what their clock shows; None where they leave the study."""
    rule = definition.definition(version).timezone
    return rule.zone if rule is not None else None


def place_of_zone(zone: str) -> str:
    """A zone's name as people read it."""
    return zone.replace("_", " ").replace("/", " / ")


def is_asked(session: Session) -> bool:
    """Whether people of this study say what their clock shows."""
    rule = definition.definition(session.participant.version).timezone
    return rule is not None and rule.source == BY_BROWSER
