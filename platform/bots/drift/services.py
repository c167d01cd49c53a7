"""Every write about sentinels: planning them, keeping what was answered, and confirming a change."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db import transaction

from bots.budgets import spending_of_study
from bots.drift.errors import DriftError
from bots.drift.queries import baseline, goes_on, in_force, naming, served_otherwise
from bots.drift.rules import InForce, Kind, Reading, Verdict, again_at, judged, next_time
from bots.models import Drift, Sentinel
from bots.scopes import of_reading
from events import clock, due, log
from events.claim import Claim
from llm.rules import sha256_of
from llm.spending import Spending
from studies import definition
from studies.allocation import lock_named
from studies.models import Study, Version
from studies.schema_models import LanguageModel
from studies.sentinels import prompts_in, watched_models

PROBE = "bots.drift.probing.probe"
CHANGED, CONFIRMED, REBASED = "model.changed", "model.confirmed", "model.rebased"
SOFTWARE_CHANGED = "model.software_changed"
_SAID = {
    Kind.ANSWERS: (CHANGED, "a model answers otherwise than before"),
    Kind.SOFTWARE: (SOFTWARE_CHANGED, "the provider of a model names other software than before"),
}
"""Kind of change → the event, and what the server's log says."""
MOST_TOKENS = 200

logger = logging.getLogger("rapport.drift")


@dataclass(frozen=True)
class Job:
    """One reading that is to be made.

    Attributes:
        sentinel: Key of its row.
        known: What it is compared with.
        scope: How the keys begin under which the log of calls keeps it.
        spending: On whose account it is made.
    """

    sentinel: int
    model: str
    prompts: Sequence[str]
    parameters: Mapping[str, Any]
    known: InForce | None
    scope: str
    spending: Spending


@transaction.atomic
def plan(study_id: int) -> int:
    """See that each model of a study is asked when it is due; how many are. Any number of times."""
    study = Study.objects.get(pk=study_id)
    version = study.current
    if version is None or not goes_on(study):
        return 0
    models = _asked(version)
    for model in models:
        is_first = not Sentinel.objects.filter(study=study, model=model).exclude(fingerprint="").exists()
        _plan_next(study, version, model, at_once=is_first)
    return len(models)


def _asked(version: Version) -> Mapping[str, LanguageModel]:
    """The models that are asked, by name; none where the study file declares no sentinels."""
    said = definition.definition(version)
    return watched_models(said) if said.sentinels is not None else {}


def _plan_next(
    study: Study, version: Version, model: str, *, at_once: bool = False, failed: Mapping[str, Any] | None = None
) -> None:
    """The open row of a model is kept where there is one: it is never later than this.

    Args:
        failed: The place of the reading that has just not been answered: it is made again, a few times, if none is
            planned before that. Else the model would not be watched until then, a whole day where it is asked once.
    """
    said = definition.definition(version).sentinels
    assert said is not None
    now = clock.now()
    # what later readings are compared with is read as the study opens, and is the day's number 0
    at, number = (now, 0) if at_once else next_time(now, said.per_day, seed=f"{version.seed}/{model}")
    place: dict[str, Any] = {"study": study.pk, "model": model, "day": at.date().isoformat(), "number": number}
    attempt = 1
    if failed is not None and (sooner := again_at(now, failed["attempt"], at)) is not None:
        at, place, attempt = sooner, dict(failed), failed["attempt"] + 1
    elif at_once:  # it may have failed today already, as the study opened before
        attempt += Sentinel.objects.filter(**place, outcome=Sentinel.Outcome.FAILED).count()
    facts = place | {"attempt": attempt}
    due.schedule(PROBE, f"study:{study.pk}:{sha256(model.encode()).hexdigest()[:16]}", at, facts=facts)


@transaction.atomic
def begin(claim: Claim) -> Job | None:
    """Make or re-read the row of a reading; None where the study's models are asked no more, or it was made.

    A reading whose holder died goes on under its own key, so that answers that came meanwhile are used.
    """
    study = Study.objects.get(pk=claim.facts["study"])
    version, model = study.current, claim.facts["model"]
    said = definition.definition(version) if version is not None else None
    if version is None or said is None or said.sentinels is None or not goes_on(study):
        return None
    settings = watched_models(said).get(model)
    if settings is None:  # an amendment took it out
        return None
    prompts = prompts_in(definition.text(version, said.sentinels.prompts))
    parameters = parameters_of(settings)
    asked = sha256_of([prompts, parameters])
    row, _ = Sentinel.objects.get_or_create(study=study, model=model, **_place(claim), defaults={"asked_sha256": asked})
    if row.outcome != Sentinel.Outcome.OPEN:
        return None
    scope = of_reading(study.pk, row.pk)
    known, spending = in_force(study.pk, model, asked), spending_of_study(version, settings)
    return Job(row.pk, model, prompts, parameters, known, scope, spending)


def _place(claim: Claim) -> dict[str, Any]:
    """Which reading a claim is for; those that were planned before there were several tries name none."""
    return {"day": claim.facts["day"], "number": claim.facts["number"], "attempt": claim.facts.get("attempt", 1)}


def parameters_of(model: LanguageModel) -> dict[str, Any]:
    """With what sentinels are asked: no chance where the provider lets it be left out, and short answers."""
    return model.sampling | {"temperature": 0.0, "max_tokens": min(model.max_tokens, MOST_TOKENS)}


@transaction.atomic
def conclude(claim: Claim, job: Job, found: Reading, again: Reading | None) -> str:
    """Keep a reading with what it says, and plan the next one.

    Raises:
        LostClaim: somebody else has the work; nothing was kept.
    """
    study = Study.objects.get(pk=claim.facts["study"])
    _lock(study)
    row = Sentinel.objects.get(pk=job.sentinel)
    known = in_force(study.pk, job.model, row.asked_sha256)
    verdict = judged(found, again, known)
    if known is not None and served_otherwise(row, known):
        verdict = Verdict.CHANGED
    last = again or found
    values = {"served": last.served, "software": last.software, "fingerprint": last.fingerprint, "verdict": verdict}
    _end(row, outcome=Sentinel.Outcome.ANSWERED, **values)
    if verdict == Verdict.CHANGED:
        _say_changed(study, row, Kind.ANSWERS)
    if verdict == Verdict.SOFTWARE:
        _say_changed(study, row, Kind.SOFTWARE)
    if verdict == Verdict.REBASED:
        log.record(REBASED, study=study.pk, subject=("study", study.pk), facts={"model": row.model, "sentinel": row.pk})
    return _settle(claim, study, verdict)


@transaction.atomic
def fail(claim: Claim, job: Job, error_code: str) -> str:
    """Keep that a reading came to nothing: that is no change of the model. It is made again, a few times.

    Raises:
        LostClaim: somebody else has the work.
    """
    study = Study.objects.get(pk=claim.facts["study"])
    _end(Sentinel.objects.get(pk=job.sentinel), outcome=Sentinel.Outcome.FAILED, error_code=error_code[:30])
    return _settle(claim, study, "not answered", failed=_place(claim) | {"study": study.pk, "model": job.model})


@transaction.atomic
def go_on(claim: Claim) -> str:
    """Plan the next reading where this one is not to be made."""
    return _settle(claim, Study.objects.get(pk=claim.facts["study"]), "nothing")


def _lock(study: Study) -> None:
    """Of two readings of one model at once, and of whoever confirms, the second sees what the first found.

    By a name and not by the study's row: the bots' role may not change that, and so not lock it either.
    """
    lock_named(f"sentinels/{study.pk}")


def _end(row: Sentinel, **values: Any) -> None:
    """The first outcome of a reading stands."""
    Sentinel.objects.filter(pk=row.pk, outcome=Sentinel.Outcome.OPEN).update(**values, ended_at=clock.RapportNow())


def _settle(claim: Claim, study: Study, said: str, *, failed: Mapping[str, Any] | None = None) -> str:
    due.settle(claim, said)
    version = study.current
    if version is not None and goes_on(study) and claim.facts["model"] in _asked(version):
        _plan_next(study, version, claim.facts["model"], failed=failed)
    return said


def _say_changed(study: Study, row: Sentinel, kind: Kind) -> None:
    """One change of a kind waits at a time: what follows before somebody confirms it belongs to it."""
    is_named = kind == Kind.SOFTWARE
    before = naming(study.pk, row.model) if is_named else baseline(study.pk, row.model, row.asked_sha256)
    assert before is not None  # else nothing would have changed
    drift, is_new = Drift.objects.get_or_create(
        study=study, model=row.model, kind=kind, confirmed_at=None, defaults={"before": before, "after": row}
    )
    if is_new:
        facts = {"model": row.model, "sentinel": row.pk, "drift": drift.pk}
        event, text = _SAID[kind]
        log.record(event, study=study.pk, subject=("study", study.pk), facts=facts)
        logger.error(text, extra={"facts": {"study": study.pk, "drift": drift.pk}})


@transaction.atomic
def confirm(study: Study, model: str, *, reason: str, by: str = "") -> list[Drift]:
    """Say that what has changed of a model is known, and that people may come in again; what was.

    From now on the newest reading is in force, its answers and its software: so all that waits is confirmed together.

    Raises:
        DriftError: "not_drifted", "reason_missing".
    """
    if not reason.strip():
        raise DriftError("reason_missing", "say why people may go on: --reason TEXT; it is kept")
    _lock(study)
    waiting = list(Drift.objects.filter(study=study, model=model, confirmed_at=None).order_by("pk"))
    if not waiting:
        raise DriftError(
            "not_drifted", f'no change of "{model}" waits in {study.slug}: see `manage.py drift {study.slug}`'
        )
    newest = Sentinel.objects.filter(study=study, model=model).exclude(fingerprint="").latest("pk")
    at = clock.now()
    for drift in waiting:
        drift.confirmed_at, drift.reason, drift.by, drift.accepted = at, reason.strip()[:500], by[:150], newest
        drift.save(update_fields=["confirmed_at", "reason", "by", "accepted"])
        facts = {"model": model, "drift": drift.pk}
        log.record(CONFIRMED, study=study.pk, subject=("study", study.pk), facts=facts)
    return waiting
