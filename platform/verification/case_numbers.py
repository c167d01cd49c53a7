"""The numbers of what was found and reported: each stands for one thing, or for one that went."""

from __future__ import annotations

from django.db.models import Max, Min, Sum

from chat.case_numbers import Kind, gone
from chat.models import CaseNumber, Report, Trigger, WordsTrigger
from exports.models import Tombstone
from exports.services.erasure import WITHDRAWAL
from verification.inquiry import Inquiry

BURIED = ("triggers", "words_triggers")


def check_case_numbers(inquiry: Inquiry) -> None:
    """None is left out, none is another study's, and none lost what it stood for but by a deletion asked for."""
    report, study = inquiry.report, inquiry.study
    for kind in Kind.values:
        drawn = CaseNumber.objects.filter(study=study, kind=kind)
        count = drawn.count()
        report.count("case numbers", count)
        ends = drawn.aggregate(first=Min("number"), last=Max("number"))
        if count:
            report.compare("first and last case number", kind, [1, count], [ends["first"], ends["last"]])
    found = Trigger.objects.filter(conversation__match__group__version__study=study)
    reported = Report.objects.filter(conversation__match__group__version__study=study)
    words = WordsTrigger.objects.filter(session__participant__study=study)
    for rows, kind in ((found, Kind.FOUND), (words, Kind.FOUND), (reported, Kind.REPORT)):
        for case in rows.exclude(case__study=study, case__kind=kind).values_list("case", flat=True):
            report.differ("case number of another study or kind", f"case {case}", f"{study.slug}, {kind}", "another")
    buried = Tombstone.objects.filter(study=study, rule=WITHDRAWAL, what__in=BURIED).aggregate(n=Sum("rows"))["n"] or 0
    lost = len(gone(study))
    if lost > buried:
        report.differ("case number without what it stands for", Kind.FOUND, f"at most {buried}", lost)
    lost = CaseNumber.objects.filter(study=study, kind=Kind.REPORT, report=None).count()
    if lost:
        report.differ("case number without what it stands for", Kind.REPORT, 0, lost)
