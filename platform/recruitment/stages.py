"""The last page: thanks, the code, the pay explained line by line, and a debrief for who has not read theirs yet."""

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from events.models import Event
from flow.debriefing import Standing, stage_of_debrief, standing_of
from flow.models import Debriefing, Submission
from flow.own_data import is_kept
from flow.page import Page
from flow.services import visits
from flow.stages.debrief import debrief_text, own_rounds
from flow.stages.texts import text_of
from paradigm import Table, View
from participants.models import Participant
from recruitment.drawn import drawn_tables
from recruitment.models import Settlement
from recruitment.pay_words import pay_tables
from recruitment.queries import exit_of, settlement_of
from scheduling.models import Session
from studies.money import minor_text
from studies.schema_stages import DebriefStage


def end_page(session: Session) -> Page:
    """What somebody who has reached an exit sees, whenever they come back."""
    participant = session.participant
    settlement = settlement_of(participant)
    if settlement is None:
        return Page(kind="end", title=_("One moment, please"), poll_seconds=3)
    leaving = exit_of(participant.version, settlement.exit)
    text = text_of(participant.version, leaving.page, **_given(settlement))
    standing = standing_of(session)
    debrief, rounds = _late_debrief(session, standing)
    currency = settlement.currency
    pay = [*pay_tables(settlement.explanation, currency, caption=_("Your pay")), *drawn_tables(participant)]
    chooses = standing == Standing.NOW and _may_choose(session)
    facts = {"code": settlement.code, "is_paid": settlement.total_minor > 0, "awaits": standing == Standing.LATER}
    facts |= {"told": Debriefing.How.LAST_PAGE} if standing == Standing.NOW else {}
    facts |= {"chooses": True, "also": [_deleting()]} if chooses else {}
    has_data = _has_data(participant)
    facts |= {"own_code": participant.code, "has_data": has_data} if has_data or settlement.total_minor > 0 else {}
    return Page(
        kind="end",
        title=text.title or _("Thank you"),
        html=SafeString(text.html + debrief),
        view=View(tables=[*rounds, *pay] if chooses else [*pay, *rounds]),
        button=_("Keep my data") if chooses else "",
        facts=facts,
        note=_note(participant),
    )


def end_submit(session: Session, data: Mapping[str, str]) -> str:
    """The one thing that the last page may ask: whether the data are kept, where the debrief came late."""
    if standing_of(session) != Standing.NOW or not _may_choose(session):
        return str(Submission.Outcome.STALE)
    if data.get("withdraw"):
        visits.withdraw_after(session)
    else:
        visits.keep_data(session)
    return str(Submission.Outcome.STORED)


def _may_choose(session: Session) -> bool:
    """Whether the person has not yet said what shall become of the data, and the study file lets them say it."""
    person, found = session.participant, stage_of_debrief(session.participant.version)
    if found is None or not found[1].offer_data_withdrawal or person.status != Participant.Status.FINISHED:
        return False
    return not Event.objects.filter(subject_kind="participant", subject_id=person.pk, kind=visits.KEPT).exists()


def _has_data(participant: Participant) -> bool:
    """Whether anything of theirs is kept that they could ask for by mail: then we must be able to find it."""
    return participant.status == Participant.Status.FINISHED and is_kept(participant)


def _deleting() -> dict[str, str]:
    return {"name": "withdraw", "value": "1", "label": _("Delete my data; my pay stays the same")}


def _note(participant: Participant) -> str:
    """The same before and after: when it was done would tell whether models or people had been in the group."""
    if participant.status != Participant.Status.WITHDRAWN:
        return ""
    return _(
        "You asked us to delete your data. We do it as soon as no group plays with you any more. "
        "Your pay stays the same."
    )


def _given(settlement: Settlement) -> dict[str, Any]:
    return {
        "code": settlement.code,
        "points": settlement.points,
        "paid_rounds": _rounds_of(settlement),
        "pay_total": minor_text(settlement.total_minor, settlement.currency),
        "pay_base": minor_text(settlement.base_minor, settlement.currency),
        "pay_bonus": minor_text(settlement.bonus_minor, settlement.currency),
        "pay_waiting": minor_text(settlement.waiting_minor, settlement.currency),
    }


def _rounds_of(settlement: Settlement) -> str:
    """The rounds that were drawn, as the explanation of the pay names them; empty where all are paid."""
    return next((line["because"].get("rounds", "") for line in settlement.explanation if line["what"] == "bonus"), "")


def _late_debrief(session: Session, standing: Standing) -> tuple[SafeString, list[Table]]:
    """For somebody who has not read the debrief in its place: the same words and the same table, as soon as may be."""
    version = session.participant.version
    found = stage_of_debrief(version)
    if found is None or standing == Standing.NOTHING:
        return SafeString(""), []
    if standing == Standing.LATER:
        return format_html("<p>{}</p>", _later(found[1])), []
    text = debrief_text(version, found[1], session.participant)
    rounds = own_rounds(session.participant) if found[1].reveals_partners else []
    heading = format_html("<h2>{}</h2>", text.title or _("What this study was about"))
    return SafeString(heading + text.html), rounds


def _later(config: DebriefStage) -> str:
    """What is true of the time when more will be said."""
    if config.when == "collection_closed":
        return _(
            "There is more to say about this study. When it has ended for everybody, this page will explain it. "
            "Please come back to it with the same link."
        )
    return _(
        "When your group has finished, this page will explain what the study was about. "
        "Please come back to it with the same link."
    )
