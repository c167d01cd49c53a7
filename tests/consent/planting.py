"""Words of one person in every column that may hold any: what playing does not write is written here.

Whoever adds a table in which people's words may come to stand adds a planting, or `test_all_tables` fails.
"""

from collections.abc import Callable
from hashlib import sha256
from uuid import uuid4

from bots.models import BotTurn, Memory, WizardReply
from chat.case_numbers import drawn
from chat.models import Conversation, Entry, Report, SafetyStep, Trigger, WordsStep, WordsTrigger
from events import clock
from flow.models import Exposure, PracticeStep
from flow.services import rescue
from llm.models import Call
from matching.models import Group
from measures.models import PageShown
from participants.models import Contact, Participant
from scheduling.models import ScheduledSession, Session
from tests.consent.trading import Writer, participant_of, seat_of
from tests.machinery.erasing import erasing

Planting = Callable[[Writer, Group], None]
PLANTINGS: dict[str, Planting] = {}
"""Column → what puts words there."""


def into(*columns: str) -> Callable[[Planting], Planting]:
    """Enter a function as what puts words into some columns."""

    def enter(planting: Planting) -> Planting:
        PLANTINGS.update(dict.fromkeys(columns, planting))
        return planting

    return enter


def plant(person: Writer, group: Group) -> None:
    """Put words of somebody into every column that has a planting."""
    for planting in dict.fromkeys(PLANTINGS.values()):
        planting(person, group)


def talk_of(person: Writer) -> Conversation:
    """The first talk of somebody."""
    found = Conversation.objects.filter(match__placings__seat=seat_of(person)).order_by("pk").first()
    assert found is not None
    return found


@into("events_event.facts")
def _reason(person: Writer, group: Group) -> None:
    rescue.link(participant_of(person).code, reason=f"{person.mark} rang, and has lost the link")


@into("scheduling_session.facts")
def _memory_of_a_stage(person: Writer, group: Group) -> None:
    Session.objects.filter(pk=person.session.pk).update(facts={"draft": f"I am {person.mark}"})


@into("participants_participant.zone", "scheduling_scheduledsession.zone")
def _clock(person: Writer, group: Group) -> None:
    Participant.objects.filter(pk=person.session.participant_id).update(zone=f"Lands/{person.mark}")
    ScheduledSession.objects.create(
        participant=participant_of(person), wave="main", repeat=1, number=1, zone=f"Lands/{person.mark}"
    )


@into("participants_contact.sealed_address", "participants_contact.sealed_stop")
def _address(person: Writer, group: Group) -> None:
    """As if it were not sealed: what is looked for is that the row goes."""
    Contact.objects.create(
        participant=participant_of(person), sealed_address=f"{person.mark}@example.org", stop_sha256=person.mark,
        sealed_stop=person.mark,
    )  # fmt: skip


@into("flow_exposure.view")
def _page_of_a_partner(person: Writer, group: Group) -> None:
    place = seat_of(person).placings.get()
    for row in Exposure.objects.filter(match=place.match).exclude(seat=place.seat):
        view = row.view | {
            "facts": {"said": f"{person.mark} says hello"},
            "cards": [{"position": place.position, "label": "Player", "text": f"I am {person.mark}"}],
            "lines": [{"who": place.position, "text": f"It is {person.mark}", "kind": "message", "seq": 1}],
            "tables": [{"caption": "Said", "columns": ["Words"], "rows": [[f"Yes, {person.mark}", 3]]}],
        }
        with erasing():
            Exposure.objects.filter(pk=row.pk).update(view=view)


@into("flow_practicestep.view", "flow_practicestep.values")
def _practice(person: Writer, group: Group) -> None:
    PracticeStep.objects.create(
        session=person.session, stage="practice", number=1, role="giver", round=1, path="give",
        view={"facts": {"said": person.mark}}, sha256="0" * 64, values={"note": f"I am {person.mark}"},
    )  # fmt: skip


@into("llm_call.prompt", "llm_call.output", "llm_call.error")
def _asked(person: Writer, group: Group) -> None:
    quoted, study = Entry.objects.filter(seat=seat_of(person)).order_by("pk")[0].text, group.version.study_id
    turns = BotTurn.objects.filter(match__group=group)
    for scope in [f"study:{study}{trial}/turn:{turn.pk}:0" for turn in turns for trial in ("", "~demo")]:
        Call.objects.create(
            scope=scope, attempt=person.number + 1, model_requested="m",
            prompt=[{"role": "user", "content": f'A: "{quoted}"'}], prompt_sha256="1" * 64, memory_sha256="2" * 64,
            request_id="req-1",
            output=f"Yes, {quoted}!", outcome="ok", error=quoted,
        )  # fmt: skip
    Call.objects.create(
        scope=f"study:{study}/notes:{talk_of(person).pk}:{seat_of(person).pk}:1",
        attempt=person.number + 1, model_requested="m", prompt=[{"role": "user", "content": f'm1, they: "{quoted}"'}],
        prompt_sha256="1" * 64, memory_sha256="2" * 64, output=f'{{"lines": "{quoted}"}}', outcome="ok", error=quoted,
    )  # fmt: skip


@into("bots_botturn.rest")
def _unsaid(person: Writer, group: Group) -> None:
    for turn in BotTurn.objects.filter(match__group=group):
        turn.rest = [*turn.rest, {"message": f"And you, {person.mark}?", "then": "more"}]
        turn.save(update_fields=["rest"])


@into("bots_wizardreply.draft", "bots_wizardreply.values")
def _behind(person: Writer, group: Group) -> None:
    quoted = Entry.objects.filter(seat=seat_of(person)).order_by("pk")[0].text
    for turn in BotTurn.objects.filter(match__group=group):
        WizardReply.objects.create(
            turn=turn, made=0, number=person.number + 1, heard=0, draft={"message": f"You said: {quoted}"},
            values={"message": f"Why {quoted}?"}, outcome="chosen", by="model_edited", wizard="somebody",
            drafted_at=clock.now(), until=clock.now(), decided_at=clock.now(),
        )  # fmt: skip


@into("chat_entry.facts")
def _pointing(person: Writer, group: Group) -> None:
    with erasing():
        Entry.objects.filter(seat=seat_of(person)).update(facts={"thing": f"The house of {person.mark}"})


@into("chat_report.text", "chat_report.answer")
def _report(person: Writer, group: Group) -> None:
    Report.objects.create(
        conversation=talk_of(person), seat=seat_of(person), key=uuid4(), reason="other",
        text=f"{person.mark} was annoyed", last_seq=1, answer=f"We wrote to {person.mark}",
        case=drawn(group.version.study_id, "report"),
    )  # fmt: skip


@into("chat_safetystep.words", "chat_trigger.rules")
def _danger(person: Writer, group: Group) -> None:
    where = {"conversation": talk_of(person), "seat": seat_of(person)}
    said = {"key": uuid4().hex, "seq": 1, "tier": "note", "source": "rules", "rules": [person.mark]}
    found = Trigger.objects.create(**where, **said, case=drawn(group.version.study_id, "found"))
    SafetyStep.objects.create(
        **where, trigger=found, what="answered", words=f"We rang {person.mark}", verdict="no_risk"
    )


@into("chat_wordsstep.words", "chat_wordstrigger.rules")
def _danger_in_an_answer(person: Writer, group: Group) -> None:
    said = {"session": person.session, "stage": "after", "item": "felt", "attempt": 1, "edition": "0" * 12}
    case = drawn(group.version.study_id, "found")
    found = WordsTrigger.objects.create(**said, case=case, tier="note", source="rules", rules=[person.mark])
    WordsStep.objects.create(trigger=found, what="answered", words=f"We rang {person.mark}", verdict="no_risk")


@into("measures_pageshown.facts")
def _page(person: Writer, group: Group) -> None:
    row = PageShown.objects.filter(session=person.session).order_by("pk")[0]
    with erasing():
        PageShown.objects.filter(pk=row.pk).update(facts=row.facts | {"given": {"name": person.mark}})


@into("bots_memory.text")
def _notes(person: Writer, group: Group) -> None:
    text = f"The person is called {person.mark}."
    Memory.objects.create(
        participant=participant_of(person), partner="computer", kind="facts", version=1, conversation=talk_of(person),
        text=text, sources=[[]], made_by="test", sha256=sha256(text.encode()).hexdigest(),
    )  # fmt: skip
