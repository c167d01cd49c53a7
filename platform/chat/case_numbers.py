"""The numbers by which a study team speaks of what was found and reported: drawn once, and never given again."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Max

from chat.models import CaseNumber
from events.prepared import run
from studies.models import Study

Kind = CaseNumber.Kind


def drawn(study_id: int, kind: str) -> CaseNumber:
    """The next number of a study. The caller's transaction stores what it stands for, or there is no such number.

    Two who draw at once wait for each other. What is drawn for a message or a report is the last that its transaction
    locks of what others may want; a form with an answer or a decision goes on to what follows, and is taken in anew in
    a deadlock.
    """
    run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"case/{study_id}/{kind}"])
    last = CaseNumber.objects.filter(study=study_id, kind=kind).aggregate(last=Max("number"))["last"] or 0
    return CaseNumber.objects.create(study_id=study_id, kind=kind, number=last + 1)


def gone(study: Study) -> Sequence[int]:
    """The numbers of what was found in words that are deleted, in order."""
    found = CaseNumber.objects.filter(study=study, kind=Kind.FOUND, trigger=None, words_trigger=None)
    return list(found.order_by("number").values_list("number", flat=True))
