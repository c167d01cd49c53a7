"""Deleting the data of somebody who asked for it: their rows, their words, and where others' rows repeat them.

It waits until nobody plays with them, so that a running game is not disturbed. One transaction does all of it, so a
crash leaves everything as it was, and the work is done again; doing it twice changes nothing. What stays, and why, is
in docs/consent-and-debrief.md: that somebody was here, what they agreed to, their pay, the slot of the randomisation,
and that there is a gap.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from bots.models import Memory, Noting
from bots.noting.queries import under_way
from chat.models import Conversation, EarlierShown, SafetyStep, Shown, Trigger, TypingShown, WordsStep, WordsTrigger
from chat.safety.services import FOUND
from events import clock, due, log
from events.claim import Claim
from events.models import Event
from exports.models import Tombstone
from exports.redaction import quotable
from exports.services import wishes
from exports.services.door import erasing
from exports.services.echoes import Echoes
from exports.society import society_of
from flow.models import Act, Award, Exposure, PracticeStep, Submission
from matching import apart
from matching.models import Group, KeptApart, Seat
from measures.models import Answer, PageShown, ScaleDrawn
from participants import identity
from participants.models import WITHDRAWN_TEXT, ErasureRequest, Participant
from scheduling.models import ScheduledSession, Session

ERASE = "exports.tasks.erase"
ERASED = "participant.erased"
LOOK_AGAIN_AFTER = timedelta(seconds=60)
LAST_REPLIES_WITHIN = timedelta(minutes=2)  # a model that was asked before the game's end answers in less
RESCUES = "rescue."
WITHDRAWAL = "withdrawal"


def erase(claim: Claim) -> str:
    """Delete what the person of a claim did and wrote.

    Returns:
        "erased"; "waits" while somebody plays with them; "nothing" where nothing was asked for, or it is done.
    """
    key = int(claim.key.rpartition(":")[2])
    with transaction.atomic():
        groups = _locked(key)
        # Then visits and person, as everybody locks: a form that is being taken in is not kept behind our back, and two
        # workers on one person do it once.
        list(Session.objects.select_for_update(of=("self",)).filter(participant=key).order_by("pk").only("pk"))
        person = Participant.objects.select_for_update(of=("self",)).get(pk=key)
        if person.status != Participant.Status.WITHDRAWN or person.erased_at is not None:
            outcome = "nothing"
        elif (until := _busy_until(groups)) is not None:
            return _put_off(claim, until)
        else:
            with erasing():
                _forget(person, groups)
            wishes.close(person)
            outcome = "erased"
        due.settle(claim, outcome)
    return outcome


def _locked(participant_id: int) -> Sequence[Group]:
    """The groups in which somebody sat, and those of everybody who sat there, under their locks.

    Nobody acts in them, and no other erasure changes them. Those of others count as they may have repeated, later, what
    they read in an earlier visit.
    """
    own = Group.objects.filter(seats__participant=participant_id)
    others = Participant.objects.filter(seats__group__in=own)
    keys = Group.objects.filter(seats__participant__in=others).values_list("pk", flat=True)
    groups = Group.objects.select_for_update(of=("self",)).select_related("version__study")
    return list(groups.filter(pk__in=set(keys)).order_by("pk"))


def _busy_until(groups: Sequence[Group]) -> datetime | None:
    """When to look again; None where nothing is written any more that could hold the person's words."""
    now = clock.now()
    if any(group.status == Group.Status.ACTIVE for group in groups):
        return now + LOOK_AGAIN_AFTER
    with_models = [group for group in groups if group.seats.filter(occupant="model").exists()]
    quiet_at = max((group.ended_at + LAST_REPLIES_WITHIN for group in with_models if group.ended_at), default=now)
    if quiet_at > now:
        return quiet_at
    talks = Conversation.objects.filter(match__group__in=groups).values_list("pk", flat=True)
    return now + LOOK_AGAIN_AFTER if under_way(list(talks), LAST_REPLIES_WITHIN) else None


def _put_off(claim: Claim, until: datetime) -> str:
    due.settle(claim, "waits")
    event = Event(pk=claim.event_id) if claim.event_id else None
    due.schedule(claim.reaction, claim.key, until, facts=claim.facts, event=event)
    return "waits"


def _forget(person: Participant, groups: Sequence[Group]) -> None:
    """Words of theirs that others' rows hold go first: afterwards nobody knows them any more."""
    gone: Counter[str] = Counter()
    everywhere = [_echoes(person, group) for group in groups]
    own = [echoes for echoes in everywhere if echoes.mine]
    quotes = quotable(text for echoes in own for text in echoes.said())
    for echoes in everywhere:
        if echoes.mine or _is_after(echoes, own):
            gone += echoes.erase(quotes)
    gone += _forget_own(person)
    person.erased_at, person.zone = clock.now(), ""
    person.save(update_fields=["erased_at", "zone"])
    about = ("participant", person.pk)
    log.record(ERASED, study=person.study_id, subject=about, facts={"rows": dict(sorted(gone.items()))})
    _bury(person, gone)


def _echoes(person: Participant, group: Group) -> Echoes:
    society = society_of(group)
    return Echoes(society, frozenset(pk for pk, seat in society.seats.items() if seat.participant_id == person.pk))


def _is_after(there: Echoes, own: Sequence[Echoes]) -> bool:
    """Whether somebody sits in a group who had met the person before it was formed."""
    here, formed_at = {seat.participant_id for seat in there.society.seats.values()}, there.society.group.formed_at
    return any(one.society.group.formed_at <= formed_at and here & one.people_met() for one in own)


def _bury(person: Participant, gone: Counter[str]) -> None:
    """Keep how many rows of which kind went, for good: a study's events may be deleted one day."""
    wish = ErasureRequest.objects.filter(participant=person).first()
    by = wish.by if wish else ErasureRequest.By.PARTICIPANT
    Tombstone.objects.bulk_create(
        Tombstone(study_id=person.study_id, rule=WITHDRAWAL, what=what, rows=rows, participant=person, by=by)
        for what, rows in sorted(gone.items())
        if rows
    )


def _forget_own(person: Participant) -> Counter[str]:
    """What was done by the person alone. A timeout stays: nothing came, and it says why a match is void for others."""
    own = {
        "words_steps": WordsStep.objects.filter(trigger__session__participant=person),  # these name acts
        "words_triggers": WordsTrigger.objects.filter(session__participant=person),
        "acts": Act.objects.filter(seat__participant=person).exclude(source=Act.Source.TIMEOUT),
        "exposures": Exposure.objects.filter(seat__participant=person),
        "answers": Answer.objects.filter(session__participant=person),
        "practice": PracticeStep.objects.filter(session__participant=person),
        "submissions": Submission.objects.filter(session__participant=person),
        "pages": PageShown.objects.filter(session__participant=person),
        "scales": ScaleDrawn.objects.filter(session__participant=person),
        "memories": Memory.objects.filter(participant=person),
        "notings": Noting.objects.filter(participant=person),
        "shown": Shown.objects.filter(seat__participant=person),
        "safety_steps": SafetyStep.objects.filter(Q(seat__participant=person) | Q(trigger__seat__participant=person)),
        "triggers": Trigger.objects.filter(seat__participant=person),
        "kept_apart": KeptApart.objects.filter(apart.about(person.pk)),
        "earlier": EarlierShown.objects.filter(seat__participant=person),
        "typing": TypingShown.objects.filter(Q(seat__participant=person) | Q(writer__participant=person)),
    }
    gone = Counter({name: rows.delete()[0] for name, rows in own.items()})
    gone["contacts"] = identity.erase(person)
    gone["awards"] = Award.objects.filter(seat__participant=person).update(said=None, truth=None, chances=None)
    Session.objects.filter(participant=person).update(facts={})
    ScheduledSession.objects.filter(participant=person).update(zone="")
    for event in Event.objects.filter(subject_kind="participant", subject_id=person.pk, kind__startswith=RESCUES):
        if "reason" in event.facts:  # what a researcher wrote of them
            event.facts = event.facts | {"reason": WITHDRAWN_TEXT}
            event.save(update_fields=["facts"])
            gone["reasons"] += 1
    for event in findings_of(person):
        event.facts = {"seat": event.facts["seat"]}  # that something was found stays, as its number does; not what
        event.save(update_fields=["facts"])
        gone["findings"] += 1
    return gone


def findings_of(person: Participant) -> QuerySet[Event]:
    """The events that tell how grave something is that the screening found in somebody's words."""
    seats = list(Seat.objects.filter(participant=person).values_list("pk", flat=True))
    talks = Conversation.objects.filter(match__placings__seat__in=seats).values("pk")
    told = Event.objects.filter(kind=FOUND, subject_kind="conversation", subject_id__in=talks)
    return told.filter(facts__seat__in=seats, facts__has_key="tier")
