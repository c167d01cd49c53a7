"""Who is told how many visits a study has, and what all others read instead: read from its file. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from studies.money import amount_text
from studies.schema import StudyFile
from studies.schema_horizon import Horizon, Telling, TellingByLevel, VisitRange
from studies.schema_waves import Wave

TOLD: Telling = "told"


def horizon_of(study: StudyFile) -> Horizon:
    """What the file says of it; people are told unless it says otherwise."""
    said = study.horizon
    return said if isinstance(said, Horizon) else Horizon(tells=said or TOLD)


def factor_of(study: StudyFile) -> str:
    """The factor that decides; empty where none does."""
    tells = horizon_of(study).tells
    return tells.by if isinstance(tells, TellingByLevel) else ""


def tellings(study: StudyFile) -> Mapping[str, Telling]:
    """Level → whether people are told; under "" where no factor decides."""
    tells = horizon_of(study).tells
    return tells.values if isinstance(tells, TellingByLevel) else {"": tells}


def is_told_to_all(study: StudyFile) -> bool:
    """Whether everybody may read how many visits there are."""
    return set(tellings(study).values()) == {TOLD}


def is_told_at(study: StudyFile, levels: Mapping[str, str]) -> bool:
    """Whether people with some levels may read it. Whoever has no level yet may not: it could turn out to be so."""
    tells = horizon_of(study).tells
    if isinstance(tells, TellingByLevel):
        return tells.values.get(levels.get(tells.by, "")) == TOLD
    return tells == TOLD


@dataclass(frozen=True)
class Ends:
    """The least and the most of what taking part may come to, in whole visits, minutes and pay.

    Attributes:
        minutes: None where a wave does not say how long its visits take.
    """

    visits: int
    minutes: int | None
    pay: Decimal


def ends(study: StudyFile) -> tuple[Ends, Ends]:
    """What people are told who do not know how many visits there are."""
    between = horizon_of(study).between
    return (
        _end(study, {name: one.least for name, one in between.items()}),
        _end(study, {name: one.most for name, one in between.items()}),
    )


def _end(study: StudyFile, visits: Mapping[str, int]) -> Ends:
    counted = [(wave, visits.get(wave.id, wave.repeat)) for wave in study.waves]
    minutes = [wave.minutes * count for wave, count in counted if wave.minutes is not None]
    per_wave = study.payments.per_wave
    return Ends(
        visits=sum(count for _wave, count in counted),
        minutes=sum(minutes) if len(minutes) == len(counted) else None,
        pay=study.payments.base + sum((per_wave.get(wave.id, Decimal(0)) * n for wave, n in counted), Decimal(0)),
    )


def end_slots(study: StudyFile) -> dict[str, Any]:
    """What pages may name in place of a number of visits; nothing where everybody is told."""
    if is_told_to_all(study):
        return {}
    found: dict[str, Any] = {}
    for which, end in zip(("least", "most"), ends(study), strict=True):
        found |= {f"visits_{which}": end.visits, f"pay_{which}": amount_text(end.pay, study.payments.currency)}
        if end.minutes is not None:
            found[f"minutes_{which}"] = end.minutes
    for name, one in horizon_of(study).between.items():
        found |= {f"{name}_visits_least": one.least, f"{name}_visits_most": one.most}
    return found


def counting_slots(study: StudyFile) -> frozenset[str]:
    """Slots from which one reads, or reckons, how many visits there are."""
    return frozenset({"visits", "game_visits", "minutes", *(f"{wave.id}_visits" for wave in study.waves)})


def repeated(study: StudyFile) -> list[Wave]:
    """The waves that have several visits."""
    return [wave for wave in study.waves if wave.repeat > 1]


def holds(between: VisitRange, wave: Wave) -> bool:
    """Whether what people are told is true, and tells no number."""
    return between.least < between.most and between.least <= wave.repeat <= between.most
