"""Forms and what they became: a stored form of a game is an act or an entry, and a person's act came by a form.

So did a person's entry, unless its event says that it came over a socket.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from chat.models import Entry
from chat.storing import BY_SOCKET, ENTRY
from events.models import Event
from flow.models import Act, Submission
from participants.models import Participant
from scheduling.models import Session
from studies import definition
from studies.models import Version
from verification.inquiry import Inquiry

PERSON = Act.Source.PERSON


def games_of(version: Version) -> frozenset[str]:
    """The ids of a version's game stages."""
    return frozenset(stage.id for stage in definition.definition(version).stages if stage.kind == "game")


def check_forms(inquiry: Inquiry, sessions: Sequence[Session]) -> None:
    """For some visits. Acts without a key are from before keys were kept, and say nothing."""
    if "technical" in inquiry.purged:
        inquiry.report.left_out["visits whose forms are purged"] += len(sessions)
        inquiry.told.may_be_erased += len(sessions)
        return
    acts, entries = _keys(Act, sessions, source=PERSON), _keys(Entry, sessions)
    inquiry.told.meet_said(set[str]().union(*entries.values()))
    stored: dict[int, set[str]] = defaultdict(set)
    people = {session.pk: session.participant for session in sessions}
    silent = {pk for pk, person in people.items() if person.status == Participant.Status.WITHDRAWN}
    forms = Submission.objects.filter(session__in=sessions).order_by("pk")
    for session, key, stage, outcome, body in forms.values_list("session_id", "key", "stage", "outcome", "body_sha256"):
        inquiry.report.count("forms")
        silent.discard(session)
        person, name = people[session], str(key)
        inquiry.told.meet_form(name, outcome=outcome, body=body)
        if outcome != Submission.Outcome.STORED or stage not in games_of(person.version):
            continue
        stored[session].add(name)
        if person.status == Participant.Status.WITHDRAWN and not acts[session] | entries[session]:
            continue  # erased
        if name not in acts[session] and name not in entries[session]:
            inquiry.report.differ(
                "form without an act", f"{person.code} at {stage}, {name}", "an act or entry", "nothing"
            )
    inquiry.told.may_be_erased += len(silent)
    nobody: dict[int, set[str]] = defaultdict(set)
    for kind, keys, others in (("act", acts, nobody), ("entry", entries, _by_socket(sessions))):
        for session, names in keys.items():
            is_erased = people[session].erased_at is not None
            for name in sorted(() if is_erased else names - stored[session] - others[session]):
                where = f"{people[session].code}, {name}"
                inquiry.report.differ(f"{kind} without a form", where, "a stored form", "nothing")


def _keys(model: type[Act] | type[Entry], sessions: Sequence[Session], **also: object) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    rows = model._default_manager.filter(seat__session__in=sessions, **also).exclude(key="")
    for session, key in rows.values_list("seat__session_id", "key"):
        found[session].add(key)
    return found


def _by_socket(sessions: Sequence[Session]) -> dict[int, set[str]]:
    """The keys of entries for which no form had to come, by visit."""
    entries = Entry.objects.filter(seat__session__in=sessions).exclude(key="")
    talks = entries.values_list("conversation_id", flat=True).distinct()
    events = Event.objects.filter(kind=ENTRY, subject_kind="conversation", subject_id__in=list(talks))
    told = set(events.filter(**{f"facts__{BY_SOCKET}": True}).values_list("subject_id", "facts__seq"))
    found: dict[int, set[str]] = defaultdict(set)
    for session, key, talk, seq in entries.values_list("seat__session_id", "key", "conversation_id", "seq"):
        if (talk, seq) in told:
            found[session].add(key)
    return found
