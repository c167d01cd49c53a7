"""Whether a model answers as it did: fingerprints of its answers, what two of them say, and when it is asked. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from random import Random

A_DAY = timedelta(days=1)
MOST_SERVED_CHARS = 500
AGAIN_AFTER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=4))
"""How long after each try that was not answered a reading is made again: ours; a provider is rarely away for longer."""


class Verdict(StrEnum):
    """What a reading says beside the one that is in force."""

    FIRST = "first"  # nothing was in force
    SAME = "same"
    WAVERED = "wavered"  # it differed, and asked again it did not
    CHANGED = "changed"  # it differed twice, or another model answered
    REBASED = "rebased"  # other prompts or parameters: the same model by its name, and no answers to compare with


@dataclass(frozen=True)
class Reading:
    """What a model answered to all sentinels at one time.

    Attributes:
        served: The model that answered, as the provider names it; several joined by a comma.
        answers: In the order of the prompts.
    """

    served: str
    answers: Sequence[str]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the served model and of each answer."""
        parts = [self.served, *(sha256(answer.encode()).hexdigest() for answer in self.answers)]
        return sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class InForce:
    """The reading with which later ones are compared.

    Attributes:
        fingerprint: "" where it was asked otherwise: then only the name of the model can be compared.
    """

    served: str
    fingerprint: str


def served_by(names: Iterable[str]) -> str:
    """The models that answered, joined by a comma; no more of it than a row holds."""
    return ", ".join(sorted(set(names)))[:MOST_SERVED_CHARS]


def needs_another(found: Reading, known: InForce | None) -> bool:
    """Whether a reading must be made once more: answers differ, and the model says that it is the same.

    Even without chance in sampling few providers promise the same answer twice, so one difference is none.
    """
    if known is None or not known.fingerprint:
        return False
    return found.served == known.served and found.fingerprint != known.fingerprint


def judged(found: Reading, again: Reading | None, known: InForce | None) -> Verdict:
    """What a reading says, with the second one where one was needed."""
    if known is None:
        return Verdict.FIRST
    if not known.fingerprint:
        return Verdict.REBASED if found.served == known.served else Verdict.CHANGED
    if found.fingerprint == known.fingerprint:
        return Verdict.SAME
    if again is not None and again.fingerprint == known.fingerprint:
        return Verdict.WAVERED
    return Verdict.CHANGED


def again_at(now: datetime, attempt: int, planned: datetime) -> datetime | None:
    """When a reading is made again that was not answered at this try, from 1; None: the one that is planned is next."""
    if attempt > len(AGAIN_AFTER):
        return None
    at = now + AGAIN_AFTER[attempt - 1]
    return at if at < planned else None


def next_time(now: datetime, per_day: int, *, seed: str) -> tuple[datetime, int]:
    """When a model is asked next, and the how-manieth of that day this is, from 1.

    A day (UTC) is cut into equal parts; in each stands one instant, drawn from the seed, the same every day.
    """
    for at, number in _instants(now.astimezone(UTC).date(), per_day, seed=seed):
        if at > now:
            return at, number
    return _instants(now.astimezone(UTC).date() + A_DAY, per_day, seed=seed)[0]


def _instants(day: date, per_day: int, *, seed: str) -> list[tuple[datetime, int]]:
    begin, part = datetime.combine(day, time(), tzinfo=UTC), A_DAY / per_day
    chance = Random(f"{seed}/sentinels")  # noqa: S311  seeded on purpose: the same instants whoever asks
    return [(begin + part * (n + chance.random()), n + 1) for n in range(per_day)]
