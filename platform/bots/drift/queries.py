"""What sentinels have told of a study's models. Reads only."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q

from bots.drift.rules import InForce, Kind, Verdict
from bots.models import Drift, Sentinel
from bots.scopes import turns_of_study
from llm.models import Call
from studies import definition
from studies.models import Study, Version
from studies.queries import is_held
from studies.sentinels import pinned

CHANGES = (Verdict.CHANGED, Verdict.SOFTWARE)


def goes_on(study: Study) -> bool:
    """Whether the models of a study are asked: while people come in, or come back after it paused by itself."""
    if study.is_demo or study.is_simulated:
        return False
    return study.status == Study.Status.OPEN or (study.status == Study.Status.PAUSED and not is_held(study))


def in_force(study_id: int, model: str, asked_sha256: str) -> InForce | None:
    """What the next reading is compared with; None where there was none.

    Of a study whose prompts or parameters have been amended it is the names of the model and its software that were in
    force before: a change of the model must not pass with the amendment.
    """
    row = baseline(study_id, model, asked_sha256)
    if row is None:
        return None
    named = naming(study_id, model)
    software = named.software if named is not None else ""
    return InForce(row.served, row.fingerprint if row.asked_sha256 == asked_sha256 else "", software)


def baseline(study_id: int, model: str, asked_sha256: str) -> Sentinel | None:
    """The reading that was last confirmed, or else the first, with the same prompts; or else the one before those."""
    rows = Sentinel.objects.filter(study=study_id, model=model).exclude(fingerprint="")
    accepted = _accepted(study_id, model)
    if accepted is not None and accepted.asked_sha256 == asked_sha256:
        return accepted
    # A reading that is itself a change is in force for nobody before it was confirmed.
    quiet = rows.exclude(verdict__in=CHANGES)
    since = quiet.filter(asked_sha256=asked_sha256, pk__gt=accepted.pk if accepted is not None else 0)
    if (same := since.order_by("pk").first()) is not None:
        return same
    begun = quiet.filter(verdict__in=(Verdict.FIRST, Verdict.REBASED)).order_by("-pk").first()
    return max((one for one in (accepted, begun) if one is not None), key=lambda one: one.pk, default=None)


def naming(study_id: int, model: str) -> Sentinel | None:
    """The reading whose software is in force, whatever was asked: the confirmed one, or else the first to name any.

    A provider that begins to name its software, or leaves it out on a day, has changed nothing by that.
    """
    rows = Sentinel.objects.filter(study=study_id, model=model).exclude(software="")
    accepted = _accepted(study_id, model)
    if accepted is None:
        return rows.exclude(verdict__in=CHANGES).order_by("pk").first()
    since = rows.filter(Q(pk=accepted.pk) | (Q(pk__gt=accepted.pk) & ~Q(verdict__in=CHANGES)))
    return since.order_by("pk").first()


def _accepted(study_id: int, model: str) -> Sentinel | None:
    """The reading that is in force since somebody confirmed a change."""
    confirmed = Drift.objects.filter(study=study_id, model=model, confirmed_at__isnull=False)
    last = confirmed.select_related("accepted").order_by("-confirmed_at", "-pk").first()
    return last.accepted if last is not None else None


def served_otherwise(reading: Sentinel, known: InForce) -> list[str]:
    """The models that have answered in its place in groups, since the reading before, and that nobody has confirmed.

    Sentinels are the same each day, and whoever answers could tell them from what else is asked.
    """
    mine = Sentinel.objects.filter(study=reading.study_id, model=reading.model)
    before = mine.exclude(fingerprint="").filter(pk__lt=reading.pk).order_by("-pk").first()
    turns = Call.objects.filter(scope__startswith=turns_of_study(reading.study_id), outcome=Call.Outcome.OK)
    named = turns.filter(model_requested=reading.model).exclude(model_served="").order_by("model_served")
    served = named.values_list("model_served", flat=True).distinct()
    confirmed = Drift.objects.filter(study=reading.study_id, model=reading.model, confirmed_at__isnull=False)
    last = confirmed.order_by("-confirmed_at").values_list("confirmed_at", flat=True).first()
    accepted = {*known.served.split(", "), *(served.filter(at__lte=last) if last else ())}
    return [name for name in (served.filter(at__gt=before.at) if before else ()) if name not in accepted]


def drifted(study: Study) -> list[Drift]:
    """The changes of models that nobody has confirmed, the oldest first."""
    return list(Drift.objects.filter(study=study, confirmed_at=None).select_related("before", "after").order_by("pk"))


def drifted_names(study: Study, kind: Kind) -> str:
    """The models of which such a change waits, joined by a comma."""
    return ", ".join(one.model for one in drifted(study) if one.kind == kind)


def stopping(version: Version) -> str:
    """The model for whose change nobody new is let in, "" where there is none."""
    said = definition.definition(version)
    if said.sentinels is None:
        return ""
    strict = pinned(said)
    return next((one.model for one in drifted(version.study) if one.model in strict), "")


def newest(study: Study) -> Mapping[str, Sentinel]:
    """The newest reading of each model."""
    rows = Sentinel.objects.filter(study=study).order_by("pk")
    return {row.model: row for row in rows}
