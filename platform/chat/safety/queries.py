"""How somebody stands in a conversation: paused, offered a card, reminded. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from chat.models import Conversation, SafetyStep, Trigger, WordsTrigger
from chat.safety.policy import safety_of, shows_card
from events import clock
from events.prepared import Given, prepared
from flow.models import Match
from matching.models import Seat
from studies.models import Study
from studies.schema_safety import Safety

What = SafetyStep.What
TOLD_WITHIN = timedelta(minutes=2)
"""So long the message to whoever is on call may take before the board says that nobody was told."""
_PAUSES = (What.PAUSED, What.RESUMED, What.STOPPED)
PERSON = "person"
_OF_WORDS = ("case", "session__participant", "report", "act__match__group")
Found = Trigger | WordsTrigger
"""What was found in a conversation, or in other words of somebody."""


@dataclass(frozen=True)
class Standing:
    """How a seat stands in a conversation.

    Attributes:
        paused: The trigger for which its conversation pauses now; None while it does not.
        cards: Triggers for which it is shown the card beside the conversation, oldest first.
        others_pause: Whether somebody else's conversation pauses, or a reply is being held.
        breaks: How many reminders are due by now.
        unseen: Keys of those of `cards` that were on no page of this seat yet.
        is_break_unseen: Whether the newest reminder was on none.
    """

    paused: Trigger | None = None
    cards: Sequence[Trigger] = ()
    others_pause: bool = False
    breaks: int = 0
    unseen: Sequence[int] = ()
    is_break_unseen: bool = False

    @property
    def answered(self) -> Sequence[object]:
        """What makes the page another one."""
        return [self.paused is not None]

    @property
    def shown(self) -> Sequence[object]:
        """What is new on the page without making it another one."""
        return [len(self.cards), self.others_pause, self.breaks]


NOTHING = Standing()


def standing_of(match: Match, path: str, seat: Seat) -> Standing:
    """How a seat stands in the talk at a path; it reads nothing where the study file has no `safety`."""
    safety = safety_of(match.group.version)
    talk = match.conversations.filter(path=path).first() if safety else None
    return _standing(safety, talk, match, seat) if safety and talk else NOTHING


def _standing(safety: Safety, talk: Conversation, match: Match, seat: Seat) -> Standing:
    triggers = list(talk.triggers.order_by("pk"))
    paused, breaks = paused_in(talk) if triggers else {}, breaks_due(safety, match)
    mine = paused.get(seat.pk)
    cards = [one for one in triggers if _is_for(one, seat) and shows_card(safety, one.tier, one.source)]
    seen = talk.safety_steps.filter(seat=seat, what__in=(What.CARD, What.BREAK)) if cards or breaks else []
    shown = {(one.what, one.trigger_id or one.number) for one in seen}
    return Standing(
        paused=next((one for one in triggers if one.pk == mine), None),
        cards=cards,
        others_pause=any(other != seat.pk for other in paused),
        breaks=breaks,
        unseen=[one.pk for one in cards if (What.CARD, one.pk) not in shown],
        is_break_unseen=breaks > 0 and (What.BREAK, breaks) not in shown,
    )


def _is_for(trigger: Trigger, seat: Seat) -> bool:
    """Whether a trigger is about what a seat wrote, or about a reply to it that was held."""
    return trigger.is_reply if trigger.seat_id != seat.pk else True


def paused_in(talk: Conversation) -> dict[int, int]:
    """The seats whose conversation pauses now → the trigger for which it does."""
    found: dict[int, int] = {}
    for seat, what, trigger in (
        talk.safety_steps.filter(what__in=_PAUSES).order_by("pk").values_list("seat_id", "what", "trigger_id")
    ):
        if what == What.PAUSED:
            found[seat] = trigger
        else:
            found.pop(seat, None)
    return found


def breaks_due(safety: Safety, match: Match) -> int:
    """How many reminders of a break a talk that is open has come to by now."""
    if safety.breaks is None or match.closed_at is not None:
        return 0
    return int((clock.now() - match.step_opened_at) / timedelta(minutes=safety.breaks.every_minutes))


def has_paused(talk: int, seat: int) -> bool:
    """Whether the conversation of one seat, both by their keys, pauses now."""
    return _newest_of_pause.first(talk=talk, seat=seat, whats=list(_PAUSES)) == What.PAUSED


@prepared
def _newest_of_pause(talk: Given, seat: Given, whats: Given) -> QuerySet[SafetyStep, str]:
    steps = SafetyStep.objects.filter(conversation=talk, seat=seat, what__any=whats)
    return steps.order_by("-pk").values_list("what", flat=True)[:1]


def people_pause(talk: Conversation, people: Sequence[int]) -> bool:
    """Whether the conversation of every person (by the seat's key) who may speak pauses now."""
    if safety_of(talk.match.group.version) is None or not people:
        return False
    paused = paused_in(talk)
    return all(seat in paused for seat in people)


def of_study(study: Study) -> Sequence[Found]:
    """All that was found in a study, by its number."""
    said = Trigger.objects.filter(case__study=study)
    said = said.select_related("case", "conversation__match__group", "seat__participant")
    words = WordsTrigger.objects.filter(case__study=study).select_related(*_OF_WORDS)
    found: list[Found] = [*said, *words]
    return sorted(found, key=lambda one: one.case.number)


def numbered(study: Study, number: int) -> Found | None:
    """What has a number in a study; None where nothing has, or where it was deleted."""
    of = {"case__study": study, "case__number": number}
    said = Trigger.objects.filter(**of).select_related("case", "conversation__match__group", "seat__participant")
    words = WordsTrigger.objects.filter(**of).select_related(*_OF_WORDS)
    return said.first() or words.first()


def unanswered(study: Study) -> Sequence[Found]:
    """Those that show or stop something and that nobody has looked at, oldest first."""
    return _waiting(study, answered=[What.ANSWERED])


def untold(study: Study) -> Sequence[Found]:
    """Words that call for whoever is on call, who was not told of them, and that nobody has answered.

    The mail server took nothing, none is named, or the work on it failed for good.
    """
    if study.is_simulated:
        return []
    late = {"tier": Trigger.Tier.STOP, "at__lt": clock.now() - TOLD_WITHIN}
    return _waiting(study, answered=[What.ALERTED, What.ANSWERED], said=late | {"is_reply": False}, words=late)


def _waiting(study: Study, *, answered: Sequence[str], **like: Mapping[str, Any]) -> Sequence[Found]:
    """What is more than a note, and of which none of some steps was taken.

    Args:
        like: What else is true of it: `said` in a conversation, `words` outside.
    """
    in_talks = Trigger.objects.filter(case__study=study, **like.get("said", {}))
    outside = WordsTrigger.objects.filter(case__study=study, **like.get("words", {}))
    found: list[Found] = []
    for rows in (in_talks, outside):
        graver = rows.exclude(tier=Trigger.Tier.NOTE).exclude(steps__what__in=answered)
        found += graver.select_related("case")
    return sorted(found, key=lambda one: (one.at, one.case.number))
