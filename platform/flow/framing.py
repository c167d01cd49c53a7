"""What stands around a participant's page: taken from the study file, never from its internal title."""

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from events import clock
from flow.addresses import ASKS_ADDRESS
from flow.between import is_between, is_one_sitting
from flow.drawing import Frame
from flow.kinds import kind
from flow.lookup import stage_of
from flow.page import Page
from flow.queries import rev_of
from flow.zones import ASKS_ZONE
from matching.models import Seat
from paradigm import Decision
from paradigm.program import leaves
from participants.models import Participant
from scheduling.models import Session
from studies import definition, prizes
from studies.models import Version
from studies.money import amount_text
from studies.schema import Exit, StudyFile
from studies.schema_stages import GameStage

SHOWN_RECORDS = {Participant.Origin.DEMO, Participant.Origin.PREVIEW}
LEAVES_BY = "left"


def frame_of(session: Session, page: Page, *, now: datetime | None = None) -> Frame:
    """The frame of a session's page, now, or at the instant at which both were read."""
    participant = session.participant
    study = definition.definition(participant.version)
    return Frame(
        title=study.public_title,
        rev=page.rev or rev_of(session),
        now=now or clock.now(),
        language=study.language,
        worth=worth_of(page.points, participant.version),
        contact=study.contact.model_dump(),
        is_demo=participant.study.is_demo,
        has_others=any(stage.kind == "game" for stage in study.stages),
        is_simulated=participant.study.is_simulated,
        is_over=session.status != Session.Status.ACTIVE and not is_between(session),
        shows_recorded=may_see_records(participant),
        support=kind("safety", "frame")(participant.version) if study.safety else None,
    )


def may_see_records(participant: Participant) -> bool:
    """Whether one's own rows may be looked at: in a demo and in a preview, never in a study with real data."""
    return participant.origin in SHOWN_RECORDS


def worth_of(points: int | None, version: Version) -> str:
    """What the points so far would pay; empty where points pay nothing, and where chance decides whether they are paid.

    So it does where it is drawn which rounds are paid, and where a belief may be paid in place of one. This is the same
    at every level of a study, so that the strip differs between none.
    """
    study = definition.definition(version)
    rule = study.payments.points
    if points is None or rule is None or not is_worth_told(version):
        return ""
    return amount_text(max(Decimal(0), min(points * rule.rate, rule.max)), study.payments.currency)


def is_worth_told(version: Version) -> bool:
    """Whether people may read what their points are worth before they have left the study."""
    rule = definition.definition(version).payments.points
    return rule is not None and not rule.is_drawn and not prizes.may_win(version)


def told_of_silence(session: Session) -> str:
    """One sentence: what follows when somebody pauses for long where nothing has a limit; empty between two visits.

    Empty, too, where somebody who has finished the first is asked by which clock the others shall open, or whether they
    want to be reminded.
    """
    version = session.participant.version
    if is_between(session) or ASKS_ZONE in session.facts or ASKS_ADDRESS in session.facts:
        return ""
    if definition.visit_number(version, session.wave, session.repeat) == 1:
        return _("Where there is no time limit, your part ends after an hour away.")
    if is_one_sitting(session):
        return _("Where there is no time limit, this visit ends after an hour away.")
    return _("You can go on with this visit until its time is up.")


def limits_while_away(session: Session) -> str:
    """What goes on while somebody is away: limits everywhere, pay and turns where the study has them."""
    study = definition.definition(session.participant.version)
    said = [_("Time limits go on while you are away.")]
    if study.pays_for_waiting:
        said.append(_("Waiting is paid only while the page on which you wait is open."))
    if _has_turns(study):
        said.append(
            _("In a game the others wait only until the time is up, and some missed turns in a row end your part.")
        )
    return " ".join(said)


def _has_turns(study: StudyFile) -> bool:
    """Whether a game has acts that may be missed. A talk has none: silence is an answer."""
    games = [definition.experiment(stage.experiment) for stage in study.stages if isinstance(stage, GameStage)]
    return any(isinstance(step, Decision) and step.voids_match for game in games for step in leaves(game.steps))


def kept_on_leaving(session: Session) -> str:
    """One sentence: what somebody keeps who leaves now."""
    study = definition.definition(session.participant.version)
    own = None if is_between(session) else getattr(stage_of(session), "exit_on_leaving", None)
    by = (own(session) if own is not None else "") or LEAVES_BY
    rule: Exit | None = study.exits.get(by)
    if rule is None or rule.pay == "none":
        return _("If you leave now, there is no pay.")
    if rule.pay == "fixed" and rule.amount is not None:
        amount = {"amount": amount_text(rule.amount, study.payments.currency)}
        if study.pays_for_waiting:
            return _("If you leave now, you are paid %(amount)s and your waiting time.") % amount
        return _("If you leave now, you are paid %(amount)s.") % amount
    if rule.pay == "full":
        return _kept_in_full(study)
    kept = _kept_of_earned(study)
    if study.payments.base <= 0 or _has_played(session):
        return kept
    base = {"base": amount_text(study.payments.base, study.payments.currency)}
    if any(isinstance(stage, GameStage) for stage in study.stages):
        only = _("The %(base)s for taking part are paid only to those who stay to the end of the game.") % base
    else:
        only = _("The %(base)s for taking part are paid only to those who stay to the end.") % base
    return f"{kept} {only}"


def _kept_in_full(study: StudyFile) -> str:
    """What somebody keeps by the rule `full`, of all that the study pays for."""
    if study.payments.points and study.pays_for_waiting:
        return _("If you leave now, you are paid in full, with your points and your waiting time.")
    if study.payments.points:
        return _("If you leave now, you are paid in full, with your points.")
    if study.pays_for_waiting:
        return _("If you leave now, you are paid in full, with your waiting time.")
    return _("If you leave now, you are paid in full.")


def _kept_of_earned(study: StudyFile) -> str:
    """What somebody keeps by the rule `earned`, of all that the study pays for."""
    waits, points = study.pays_for_waiting, study.payments.points
    visits = any(pay > 0 for pay in study.payments.per_wave.values())
    if points and points.is_drawn:
        kept = _(
            "If you leave now, it is still drawn by chance which round is paid. A round that you have not finished "
            "pays nothing."
        )
        kept = f"{kept} {_('You keep the pay for your waiting time.')}" if waits else kept
    elif points and waits:
        kept = _("If you leave now, you keep the pay for your points so far and for your waiting time.")
    elif points:
        kept = _("If you leave now, you keep the pay for your points so far.")
    elif waits:
        kept = _("If you leave now, you keep the pay for your waiting time.")
    elif visits:
        return _("If you leave now, you keep the pay for each visit that you have finished.")
    else:
        return _("If you leave now, there is no pay.")
    return f"{kept} {_('You keep the pay for each visit that you have finished.')}" if visits else kept


def _has_played(session: Session) -> bool:
    """Whether a game was played to its end, in this visit or in an earlier one: the base is then paid."""
    return Seat.objects.filter(participant=session.participant_id, status=Seat.Status.DONE).exists()
