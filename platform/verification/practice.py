"""Practice, gone through once more: the pages that were shown are those that follow from the answers before."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence

from flow.models import PracticeStep
from flow.stages.practice import PracticeOfGame
from paradigm.practice import Stop
from scheduling.models import Session
from studies import definition
from studies.schema_practice import PracticeStage
from verification.inquiry import Inquiry


def check_practice(inquiry: Inquiry, sessions: Sequence[Session]) -> None:
    """Every page of practice of some visits. Under other code only the hashes can be looked at."""
    by_key = {session.pk: session for session in sessions}
    found: dict[tuple[int, str], list[PracticeStep]] = defaultdict(list)
    for step in PracticeStep.objects.filter(session__in=sessions).order_by("session", "stage", "number"):
        found[step.session_id, step.stage].append(step)
    for (session, stage), steps in found.items():
        _check_steps(inquiry, by_key[session], stage, steps)


def _check_steps(inquiry: Inquiry, session: Session, stage: str, steps: Sequence[PracticeStep]) -> None:
    person, report = session.participant, inquiry.report
    declared = {one.id: one for one in definition.definition(person.version).stages}.get(stage)
    where = f"{person.code} at {stage}"
    if not isinstance(declared, PracticeStage):
        report.differ("practice at another stage", where, "a practice stage", stage)
        return
    numbers = [step.number for step in steps]
    report.compare("numbers of the pages of practice", where, list(range(1, len(steps) + 1)), numbers)
    for at, step in enumerate(steps):
        told = hashlib.sha256(json.dumps(step.view, sort_keys=True).encode()).hexdigest()
        report.compare("hash of a page of practice", f"{where}, page {step.number}", told, step.sha256)
        if at + 1 < len(steps):
            report.compare(
                "answer of a page of practice", f"{where}, page {step.number}", True, step.values is not None
            )
    if "texts" in inquiry.purged:  # what follows from an answer in words cannot be worked out
        report.left_out["what was purged of words"] += 1
    elif person.version_id in inquiry.current_code:
        _check_course(inquiry, session, declared, steps)


def _check_course(inquiry: Inquiry, session: Session, stage: PracticeStage, steps: Sequence[PracticeStep]) -> None:
    practice = PracticeOfGame(stage, session.participant.version).practice_for(session)
    for at, step in enumerate(steps):
        where = f"{session.participant.code} at {stage.id}, page {step.number}"
        try:
            told = _told(practice.stop_after([one.values or {} for one in steps[:at]]))
        except Exception as error:  # the experiment's own rules: whatever they raise is a difference
            inquiry.report.differ("page of practice", where, "a page", f"the rules raise {type(error).__name__}")
            return
        inquiry.report.compare("page of practice", where, told, [step.role, step.round, step.path, step.view])


def _told(stop: Stop | None) -> object:
    if stop is None:
        return "the end"
    view = json.loads(json.dumps(stop.view.as_json() | {"asked": [field.key for field in stop.fields]}))
    return [stop.place.role, stop.state.round, stop.state.path, view]
