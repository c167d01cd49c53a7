"""People whose data are deleted: that it was asked for, that it is said, and that nothing is left which must go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db.models import Q

from bots.judging import ASKED_IF_AI
from bots.models import Memory, Noting, ReplyCheck, WizardReply
from chat.models import (
    EarlierShown,
    Entry,
    Report,
    SafetyStep,
    Shown,
    Trigger,
    TypingShown,
    WordsStep,
    WordsTrigger,
)
from events.models import Event
from exports.models import Tombstone
from exports.services.erasure import ERASED, WITHDRAWAL, findings_of
from exports.services.wishes import DONE
from flow.models import Act, Award, Exposure, PracticeStep, Submission
from matching import apart
from matching.models import KeptApart
from measures.models import Answer, PageShown, ScaleDrawn
from participants.models import WITHDRAWN_TEXT, Contact, ErasureRequest, Participant
from verification.inquiry import Inquiry


def check_erased(inquiry: Inquiry, person: Participant, events: Sequence[Event], *, has_asked: bool) -> None:
    """One person. Whoever did not ask has lost nothing; whoever is erased has no row left that tells what they did."""
    report, is_erased = inquiry.report, person.erased_at is not None
    report.compare("withdrawal of a participant", person.code, has_asked, person.withdrawn_at is not None)
    told = sum(event.kind == ERASED for event in events)
    report.compare("erasure of a participant", person.code, int(is_erased), told)
    if has_asked:
        _check_request(inquiry, person, events)
    if not is_erased:
        return
    report.count("erased people")
    if not has_asked:
        report.differ("erasure that nobody asked for", person.code, "data", "none")
    left = {
        "answers": Answer.objects.filter(session__participant=person),
        "practice": PracticeStep.objects.filter(session__participant=person),
        "submissions": Submission.objects.filter(session__participant=person),
        "pages": PageShown.objects.filter(session__participant=person),
        "scales": ScaleDrawn.objects.filter(session__participant=person),
        "contacts": Contact.objects.filter(participant=person),
        "memories": Memory.objects.filter(participant=person),
        "notings": Noting.objects.filter(participant=person),
        "shown": Shown.objects.filter(seat__participant=person),
        "safety_steps": SafetyStep.objects.filter(Q(seat__participant=person) | Q(trigger__seat__participant=person)),
        "triggers": Trigger.objects.filter(seat__participant=person),
        "words_steps": WordsStep.objects.filter(trigger__session__participant=person),
        "words_triggers": WordsTrigger.objects.filter(session__participant=person),
        "kept_apart": KeptApart.objects.filter(apart.about(person.pk)),
        "earlier": EarlierShown.objects.filter(seat__participant=person),
        "typing": TypingShown.objects.filter(Q(seat__participant=person) | Q(writer__participant=person)),
        "exposures": Exposure.objects.filter(seat__participant=person),
        "acts": Act.objects.filter(seat__participant=person).exclude(source=Act.Source.TIMEOUT),
        "awards": Award.objects.filter(seat__participant=person, said__isnull=False),
        "entries": Entry.objects.filter(seat__participant=person).exclude(text__in=("", WITHDRAWN_TEXT)),
        "findings": findings_of(person),
        "reply_checks": ReplyCheck.objects.filter(rule=ASKED_IF_AI, turn__match__placings__seat__participant=person),
        "wizard_replies": WizardReply.objects.filter(
            Q(draft__isnull=False) | Q(values__isnull=False), turn__match__placings__seat__participant=person
        ),
        "reports": Report.objects.filter(seat__participant=person).exclude(text="", answer="", is_apart=False),
    }
    found = {name: count for name, rows in left.items() if (count := rows.count())}
    report.compare("rows of an erased person", person.code, {}, found)
    buried = Tombstone.objects.filter(participant=person, rule=WITHDRAWAL).values_list("what", "rows")
    counted: Mapping[str, int] = next((event.facts["rows"] for event in events if event.kind == ERASED), {})
    report.compare("tombstones of an erased person", person.code, _counted(counted), _counted(dict(buried)))


def check_requests(inquiry: Inquiry) -> None:
    """Nobody's deletion is asked for who did not ask."""
    requests = ErasureRequest.objects.filter(participant__study=inquiry.study).select_related("participant")
    for one in requests.exclude(participant__status=Participant.Status.WITHDRAWN).order_by("pk"):
        inquiry.report.differ("request of deletion", one.participant.code, "none", "one")


def _check_request(inquiry: Inquiry, person: Participant, events: Sequence[Event]) -> None:
    """Whoever asked has a request, and one that is done has its event."""
    wish = ErasureRequest.objects.filter(participant=person).first()
    if wish is None:
        inquiry.report.differ("request of deletion", person.code, "one", "none")
        return
    ended = sum(event.kind == DONE for event in events)
    inquiry.report.compare("end of a request of deletion", person.code, int(wish.done_at is not None), ended)


def _counted(rows: Mapping[str, int]) -> dict[str, int]:
    return {what: n for what, n in rows.items() if n}
