"""Each person's pay, reckoned once more from points, waiting and exit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from events.models import Event
from participants.models import Participant
from recruitment.models import Settlement
from recruitment.queries import codes_of, owed_to
from recruitment.rules import total_of
from recruitment.services import SETTLED
from studies import definition
from verification.inquiry import Inquiry


def check_pay(inquiry: Inquiry, people: Sequence[Participant], log: Mapping[tuple[str, int], Sequence[Event]]) -> None:
    """Who has left has the one settlement that the rules give; who is active has none."""
    settled = {one.participant_id: one for one in Settlement.objects.filter(participant__in=people)}
    for person in people:
        inquiry.report.count("settlements", person.pk in settled)
        is_over = person.status != Participant.Status.ACTIVE
        if inquiry.report.compare("settlement", person.code, is_over, person.pk in settled) and is_over:
            _check_settlement(inquiry, person, settled[person.pk], log["participant", person.pk])


def _check_settlement(inquiry: Inquiry, person: Participant, paid: Settlement, events: Sequence[Event]) -> None:
    if person.exit not in definition.definition(person.version).exits:
        return  # said already, and nothing says what it pays
    report, reckoned = inquiry.report, owed_to(person)
    lines = reckoned.lines
    owed = {
        "exit": person.exit,
        "code": codes_of(person.version)[person.exit],
        "currency": reckoned.currency,
        "base_minor": total_of(lines, "base", "fixed", "visits"),
        "bonus_minor": total_of(lines, "bonus"),
        "waiting_minor": total_of(lines, "waiting"),
        "points": reckoned.earned.points,
    }
    if "payments" in inquiry.purged and not paid.code:
        del owed["code"]
    for name, value in owed.items():
        report.compare(f"pay, {name}", person.code, value, getattr(paid, name))
    report.compare("pay, explanation", person.code, [line.as_json() for line in lines], paid.explanation)
    told = [(event.facts["exit"], event.facts["total_minor"]) for event in events if event.kind == SETTLED]
    report.compare("pay, event", person.code, [(paid.exit, paid.total_minor)], told)
