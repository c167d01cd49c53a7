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
MOST_SOFTWARE_CHARS = 1300  # of ten prompts the longest that the log of calls keeps, so that none is cut
AGAIN_AFTER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=4))
"""How long after each try that was not answered a reading is made again: ours; a provider is rarely away for longer."""
_BETWEEN = ", "


class Verdict(StrEnum):
    """What a reading says beside the one that is in force."""

    FIRST = "first"  # nothing was in force
    SAME = "same"
    WAVERED = "wavered"  # it differed, and asked again it did not
    CHANGED = "changed"  # it differed twice, or another model answered
    SOFTWARE = "software"  # no such difference, but the provider names software that was not there before
    REBASED = "rebased"  # other prompts or parameters: the same model by its name, and no answers to compare with


class Kind(StrEnum):
    """What has changed of a model. Each waits to be confirmed, and neither hides the other."""

    ANSWERS = "answers"  # its answers, or the name of the model that gives them
    SOFTWARE = "software"  # what its provider calls the software, and nothing that could be seen of its answers


@dataclass(frozen=True)
class Reading:
    """What a model answered to all sentinels at one time.

    Attributes:
        served: The model that answered, as the provider names it; several joined by a comma.
        answers: In the order of the prompts.
        software: What the provider calls the software that answered (`system_fingerprint`), joined likewise; "": it
            named none. No part of the fingerprint: it may differ where no answer does.
    """

    served: str
    answers: Sequence[str]
    software: str = ""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the served model and of each answer."""
        parts = [self.served, *(sha256(answer.encode()).hexdigest() for answer in self.answers)]
        return sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class InForce:
    """The reading with which later ones are compared.

    Attributes:
        fingerprint: "" where it was asked otherwise: then only names can be compared.
        software: "" where none was named yet.
    """

    served: str
    fingerprint: str
    software: str = ""


def served_by(names: Iterable[str]) -> str:
    """The models that answered, joined by a comma; no more of it than a row holds."""
    return _BETWEEN.join(sorted(set(names)))[:MOST_SERVED_CHARS]


def software_of(names: Iterable[str]) -> str:
    """The software that answered, as the provider names it, joined by a comma; who names none says nothing."""
    return _BETWEEN.join(sorted(set(names) - {""}))[:MOST_SOFTWARE_CHARS]


def is_other_software(found: Reading, known: InForce) -> bool:
    """Whether the provider names software that was not there before.

    Some answer from several at once: fewer of them than before is no change, and none named is no change either.
    """
    if not found.software or not known.software:
        return False
    return not set(found.software.split(_BETWEEN)) <= set(known.software.split(_BETWEEN))


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
    said = _of_answers(found, again, known)
    # another model has other software: that is one change, and not two
    return Verdict.SOFTWARE if said != Verdict.CHANGED and is_other_software(again or found, known) else said


def _of_answers(found: Reading, again: Reading | None, known: InForce) -> Verdict:
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
