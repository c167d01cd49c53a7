"""Wishes not to meet somebody again: kept as they were reported, and held when groups and pairs were formed."""

from __future__ import annotations

from datetime import timedelta

from chat.models import Report
from matching.models import Group, KeptApart, Seat
from participants.models import Participant
from scheduling.models import Pair
from verification.inquiry import Inquiry

Wish = tuple[int, int]


def check_apart(inquiry: Inquiry) -> None:
    """Every wish of a study, and every report with which one was to be kept."""
    study, report = inquiry.study, inquiry.report
    wished = {
        (one.participant_id, one.other_id): one
        for one in KeptApart.objects.filter(participant__study=study).select_related("participant").order_by("pk")
    }
    report.count("wishes to be kept apart", len(wished))
    told = _reported(inquiry)
    people = {pk for both in (*wished, *told) for pk in both}
    codes = dict(Participant.objects.filter(pk__in=people).values_list("pk", "code"))
    for one, other in sorted(told - wished.keys()):
        report.differ("wish that is not kept", f"{codes[one]} and {codes[other]}", 1, 0)
    for one, other in sorted(wished.keys() - told):
        report.differ("wish that nobody reported", f"{codes[one]} and {codes[other]}", 0, 1)
    for both, wish in wished.items():
        where = " and ".join(codes[pk] for pk in both)
        _check_kept(inquiry, where, wish)


def _reported(inquiry: Inquiry) -> set[Wish]:
    """Who wanted to meet whom no more, of those whose data are there."""
    made = Report.objects.filter(case__study=inquiry.study, is_apart=True).select_related("seat", "conversation")
    found: set[Wish] = set()
    for one in made.filter(seat__participant__erased_at=None).order_by("pk"):
        met = Seat.objects.filter(placings__match=one.conversation.match_id, participant__erased_at=None)
        others = met.exclude(pk=one.seat_id).exclude(participant=None).values_list("participant", flat=True)
        found |= {(one.seat.participant_id or 0, other or 0) for other in others}
    return found


def _check_kept(inquiry: Inquiry, where: str, wish: KeptApart) -> None:
    groups = Group.objects.filter(version__study=inquiry.study, formed_at__gt=wish.at)
    for group in groups.filter(seats__participant=wish.participant_id).filter(seats__participant=wish.other_id):
        inquiry.report.differ("group of two who are to be kept apart", f"{where}, {group.code}", "another", "both")
    if inquiry.at - wish.at < timedelta(seconds=inquiry.late_after_seconds):
        return
    pairs = Pair.objects.filter(version__study=inquiry.study, status=Pair.Status.LASTING)
    for pair in pairs.filter(members__participant=wish.participant_id).filter(members__participant=wish.other_id):
        inquiry.report.differ("pair of two who are to be kept apart", f"{where}, {pair.code}", "an end", "none")
