"""Free text outside conversations: answers to questions, reports, and words in a game's decisions. Screened as messages
are, and told alike.

Nothing pauses there: nobody answers on such a page, and it may be left at any time. The card is open on the next page;
after a decision until the match is over, since others may turn the page within seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q

from chat import case_numbers
from chat.models import CaseNumber, Report, Trigger, WordsStep, WordsTrigger
from chat.safety.policy import judged, language_of, safety_of, shows_card
from events.log import record
from flow.models import Act
from scheduling.models import Session

FOUND, ALERT, ANSWERED = "safety.words_found", "safety.words_alert", "safety.words_answered"
What = WordsStep.What


def look_at_answer(session: Session, *, stage: str, item: str, attempt: int, text: str) -> None:
    """Screen an answer in one's own words, in the transaction that stores it. Implements KINDS["safety"]["look"]."""
    _look(session, text, {"stage": stage, "item": item, "attempt": attempt})


def look_at_act(act: Act, item: str, text: str) -> None:
    """Screen what a person says in a field of a game's decision, in the transaction that stores it. Implements
    KINDS["safety"]["look_at_act"].
    """
    if act.seat.session is not None:
        _look(act.seat.session, text, {"act": act, "stage": act.match.group.stage, "item": item})


def look_at_report(session: Session, report: Report) -> None:
    """Screen what somebody reports, in the transaction that stores it."""
    if report.text:
        _look(session, report.text, {"report": report})


def _look(session: Session, text: str, where: Mapping[str, Any]) -> None:
    version = session.participant.version
    if safety_of(version) is None:
        return
    found = judged(text, language_of(version))
    if not found.tier:
        return
    case = case_numbers.drawn(version.study_id, CaseNumber.Kind.FOUND)
    trigger = WordsTrigger.objects.create(case=case, session=session, **where, **found.row)
    tell(FOUND, trigger)
    if found.tier == Trigger.Tier.STOP:
        tell(ALERT, trigger)


def offered(session: Session, page: str) -> Sequence[int]:
    """The keys of what was found in somebody's words for which their page has the card, oldest first.

    On the first page after it, and as long as that is their page, whenever they come to it; after a decision on every
    page of the match.

    Args:
        page: What tells it from all other pages.
    """
    safety = safety_of(session.participant.version)
    if safety is None:
        return []
    elsewhere = WordsStep.objects.filter(trigger=OuterRef("pk"), what=What.CARD)
    elsewhere = elsewhere.exclude(session=session, page=page)
    goes_on = Q(session=session, act__isnull=False, act__match__closed_at=None)
    found = WordsTrigger.objects.filter(~Exists(elsewhere) | goes_on, session__participant=session.participant_id)
    rows = found.order_by("pk").values_list("pk", "tier", "source")
    return [pk for pk, tier, source in rows if shows_card(safety, tier, source)]


def tell(kind: str, trigger: WordsTrigger) -> None:
    """Record what happened, never a word of it."""
    study = trigger.session.participant.study_id
    record(kind, study=study, subject=("session", trigger.session_id), facts={"trigger": trigger.pk})
