"""What was found in people's words, as the study team reads it: whose, where, the words, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator

from chat.models import SafetyStep, Trigger, WordsTrigger
from chat.safety.queries import Found
from events import clock
from exports.codes import match_code, seat_code
from flow.models import Match
from measures.models import Answer

AROUND = 6  # messages before and after the one that is read
GONE = "its message was deleted with the data of who wrote it"


def who_of(one: Found) -> str:
    """Whose words they are."""
    person = one.session.participant if isinstance(one, WordsTrigger) else one.seat.participant
    return person.code if person else "a program"


def where_of(one: Found) -> str:
    """Where they stand: in a conversation, or in a visit."""
    if isinstance(one, WordsTrigger):
        visit = f"{one.session.wave} {one.session.repeat}"
        if one.act is not None:
            return f"{visit}, {one.stage}, {_code_of(one.act.match)} {one.act.path}, {one.item}"
        return f"{visit}, a report" if one.report else f"{visit}, {one.stage}, question {one.item}"
    return f"{_code_of(one.conversation.match)} {one.conversation.path}, entry {one.seq}"


def _code_of(match: Match) -> str:
    return match_code(match.group.code, match.round, match.number)


def words_of(one: Found) -> Iterator[tuple[str, str]]:
    """What is to be read, each with who said it: "" where they are the writer's alone."""
    if isinstance(one, WordsTrigger):
        for text in _alone(one):
            yield "", str(text)
        return
    talk = one.conversation
    around = talk.entries.filter(seq__gte=one.seq - AROUND, seq__lte=one.seq + AROUND).select_related("seat")
    for entry in around.order_by("seq"):
        yield f"{entry.seq} {seat_code(talk.match.group.code, entry.seat.number)}: ", entry.text


def _alone(one: WordsTrigger) -> list[object]:
    """The text outside a conversation in which something was found."""
    if one.act is not None:
        return [one.act.values.get(one.item, "")]
    if one.report is not None:
        return [one.report.text]
    asked = Answer.objects.filter(session=one.session, stage=one.stage, item=one.item, attempt=one.attempt)
    return list(asked.values_list("value", flat=True))


def minutes_since(one: Found) -> int:
    """How long ago it was found."""
    return int((clock.now() - one.at).total_seconds() // 60)


def state_of(one: Found) -> str:
    """Whether somebody has looked at it, and what they said; and for how long it waits."""
    answered = one.steps.filter(what=SafetyStep.What.ANSWERED).first()
    if answered is not None:
        return f"{answered.verdict}, answered after {int((answered.at - one.at).total_seconds() // 60)} min"
    waits = "OPEN for" if one.tier != Trigger.Tier.NOTE else "noted since"
    return f"{waits} {minutes_since(one)} min"


def is_open(one: Found) -> bool:
    """Whether it waits for somebody to look at it: a note does not."""
    return one.tier != Trigger.Tier.NOTE and not one.steps.filter(what=SafetyStep.What.ANSWERED).exists()
