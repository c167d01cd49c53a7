"""The last page: thanks, the code, the pay explained line by line, and a debrief for those who left before theirs."""

from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from flow.page import Page
from flow.stages.debrief import debrief_text, own_rounds, stage_of_debrief
from flow.stages.texts import text_of
from matching.models import Group
from paradigm import Table, View
from participants.models import Participant
from recruitment.models import Settlement
from recruitment.queries import exit_of, settlement_of
from scheduling.models import Session
from studies.money import amount_text, minor_text


def end_page(session: Session) -> Page:
    """What somebody who has reached an exit sees, whenever they come back."""
    participant = session.participant
    settlement = settlement_of(participant)
    if settlement is None:
        return Page(kind="end", title=_("One moment, please"), poll_seconds=3)
    leaving = exit_of(participant.version, settlement.exit)
    text = text_of(participant.version, leaving.page, **_given(settlement))
    debrief, rounds = _late_debrief(session)
    asked = participant.status == Participant.Status.WITHDRAWN
    return Page(
        kind="end",
        title=text.title or _("Thank you"),
        html=SafeString(text.html + debrief),
        view=View(tables=[*_pay_table(settlement), *rounds]),
        facts={"code": settlement.code, "is_paid": settlement.total_minor > 0},
        note=_("You asked us to delete your data. Your pay stays the same.") if asked else "",
    )


def _given(settlement: Settlement) -> dict[str, Any]:
    return {
        "code": settlement.code,
        "points": settlement.points,
        "pay_total": minor_text(settlement.total_minor, settlement.currency),
        "pay_base": minor_text(settlement.base_minor, settlement.currency),
        "pay_bonus": minor_text(settlement.bonus_minor, settlement.currency),
        "pay_waiting": minor_text(settlement.waiting_minor, settlement.currency),
    }


def _late_debrief(session: Session) -> tuple[SafeString, list[Table]]:
    """For somebody who met others and left before the debrief: the same words and the same table, now."""
    version = session.participant.version
    found = stage_of_debrief(version)
    if found is None or session.stage >= found[0] or not session.participant.seats.exists():
        return SafeString(""), []
    if _is_met_still_playing(session):
        wait = _(
            "When your group has finished, this page will explain what the study was about. "
            "Please come back to it with the same link."
        )
        return format_html("<p>{}</p>", wait), []
    text = debrief_text(version, found[1], session.participant)
    rounds = own_rounds(session.participant) if found[1].reveals_partners else []
    heading = format_html("<h2>{}</h2>", text.title or _("What this study was about"))
    return SafeString(heading + text.html), rounds


def _is_met_still_playing(session: Session) -> bool:
    """Whether what the debrief tells could still reach somebody in the game."""
    seats = session.participant.seats
    return seats.filter(group__status=Group.Status.ACTIVE).exists()


def _pay_table(settlement: Settlement) -> list[Table]:
    if not settlement.explanation:
        return []
    currency = settlement.currency
    rows = [
        (
            _what(line["what"]),
            _because(line["what"], line["because"], currency),
            minor_text(line["amount_minor"], currency),
        )
        for line in settlement.explanation
    ]
    rows.append((_("Total"), "", minor_text(settlement.total_minor, currency)))
    return [Table(caption=_("Your pay"), columns=[_("For"), _("How it is worked out"), _("Amount")], rows=rows)]


def _what(what: str) -> str:
    names = {
        "base": _("Taking part"),
        "fixed": _("Your time"),
        "bonus": _("Points"),
        "waiting": _("Waiting"),
    }
    return names[what]


def _because(what: str, numbers: dict[str, str], currency: str) -> str:
    if what == "bonus":
        points = int(numbers["points"])
        slots = {"n": points, "rate": amount_text(Decimal(numbers["rate"]), currency)}
        words = ngettext("%(n)d point at %(rate)s", "%(n)d points at %(rate)s each", points) % slots
        most = numbers.get("most")
        if not most:
            return words
        return _("%(words)s, at most %(most)s") % {"words": words, "most": amount_text(Decimal(most), currency)}
    if what == "waiting":
        minutes = int(numbers["minutes"])
        slots = {"n": minutes, "rate": amount_text(Decimal(numbers["per_minute"]), currency)}
        words = ngettext("%(n)d started minute, at %(rate)s", "%(n)d started minutes, at %(rate)s each", minutes)
        return words % slots
    return ""
