"""A model takes a partner's notes: what it is asked, what is written, and what stays when it fails."""

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.db import transaction

from bots.models import Memory, Noting
from bots.noting import services as noting
from bots.noting.asking import noted
from bots.noting.queries import AFTER_TALK, is_being_noted, wanting
from bots.noting.services import PAUSES, Job
from bots.noting.waiting import for_notes
from bots.recall import acquaintance_of
from bots.scribes import Noted
from chat.models import Conversation, Entry
from events import clock, due, runner
from events.claim import Claim
from events.models import Due
from exports.codebook import version_rows
from exports.scope import Scope
from exports.services import erasure
from exports.tables.calls import CALLS
from exports.tables.memories import MEMORIES, NOTINGS
from flow import queries as flow
from flow.models import Match
from llm.errors import ProviderFailed
from llm.models import Call
from matching.models import Group
from participants.models import Participant
from tests.bots import answers
from tests.bots.meetings import Acquainted, hear, say, version_with
from tests.bots.test_memory import AGAIN, DOG, LINES, NOTED, SISTER, inquiry_of
from tests.chat.rooms import end_talk
from tests.consent.trading import places_with
from tests.machinery.erasing import erasing
from tests.machinery.people import at_once
from verification.memories import check_memories

SCRIBE = {"name": "told/scribe", "max_tokens": 900, "daily_cost_usd": "1.00", "run_by": "Us"}
BY_MODEL: dict[str, Any] = {"noted_by": {"prompt": "prompts/notes.md", "model": SCRIBE}}
FACTS: dict[str, Any] = {"kind": "facts", **BY_MODEL}
SUMMARY: dict[str, Any] = {"kind": "summary", "chars": 100, **BY_MODEL}
HAS_A_DOG = '{"lines": [{"text": "Has a dog.", "sources": ["m1"]}]}'
BOTH = '{"lines": [{"text": "Has a dog.", "sources": ["m1"]}, {"text": "Fears flying.", "sources": ["m1", "m2"]}]}'
DOWN = ProviderFailed("authentication", "no such key")
Outcome = Noting.Outcome

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def after_first(memory: Any = FACTS) -> Acquainted:
    """Somebody who has talked once; the notes are still to be taken."""
    known = Acquainted(version_with(memory))
    known.talk(DOG, SISTER)
    return known


def work() -> list[Claim]:
    """The open work of taking notes, as if it were due."""
    rows = Due.objects.filter(reaction=AFTER_TALK, outcome="")
    rows.update(run_after=clock.now() - timedelta(seconds=5))
    return due.claim_ids(list(rows.values_list("pk", flat=True)))


def take_notes(*replies: str | Exception) -> list[str]:
    """Do it, with what the model gives; what is said of each piece of work."""
    answers.will(*replies)
    return [runner.run(claim) for claim in work()]


def second_prompt(known: Acquainted) -> str:
    """What stands on the page of the second visit between its words and what is asked."""
    match = known.meet()
    hear(match, "hello again")
    say(match, AGAIN)
    user = hear(match, "well")[1]["content"]
    return user.partition("Say something.\n\n")[2].partition("\n\nYou are asked for:\n")[0]


def begun() -> Job:
    """An attempt that was begun for the newest conversation."""
    job = noting.begin(Conversation.objects.latest("pk").pk)
    assert job is not None
    return job


def test_notes_of_a_model_stand_in_the_next_prompt_and_nothing_else_of_before() -> None:
    known = after_first()
    assert take_notes(HAS_A_DOG) == ["written"]
    row = Memory.objects.get()
    theirs = Entry.objects.filter(seat__occupant="person").order_by("pk")
    assert (row.version, row.text, row.made_by) == (1, "Has a dog.", "model:told/scribe")
    assert (row.sources, row.unsupported) == ([[theirs[0].pk]], [])
    assert second_prompt(known) == f'{NOTED}- "Has a dog."\n\n{LINES}'


def test_model_is_told_the_file_s_prompt_the_notes_and_the_talk() -> None:
    known = after_first()
    take_notes(HAS_A_DOG)
    known.talk("I like tea.")
    take_notes('{"lines": [{"text": "Has a dog, likes tea.", "sources": ["n1", "m1"]}]}')
    question = answers.asked[0]
    assert question.model == "told/scribe"
    assert question.parameters == {"max_tokens": 900}
    system, user = (message["content"] for message in question.messages)
    assert system.startswith("Note what a friend would remember. There are 0 entries.\n\n")
    assert 'Your notes so far:\nn1: "Has a dog."' in user
    assert 'm1, they: "I like tea."' in user
    assert SISTER not in user, "of earlier conversations it reads its notes alone"
    newest = Memory.objects.latest("version")
    said = {row.pk: row.text for row in Entry.objects.all()}
    assert [said[key] for key in newest.sources[0]] == [DOG, "I like tea."]
    scopes = [call.scope.rpartition("/")[2].partition(":")[0] for call in Call.objects.order_by("-pk")[:1]]
    assert scopes == ["notes"]


def test_summary_by_a_model_is_written_anew_after_each_talk() -> None:
    known = after_first(SUMMARY)
    take_notes('{"lines": [{"text": "Old dog, sister in Rome.", "sources": ["m1", "m2"]}]}')
    known.talk("I moved to Rome, too.")
    take_notes('{"lines": [{"text": "Old dog. Now lives in Rome like the sister.", "sources": ["n1", "m1"]}]}')
    rows = Memory.objects.order_by("version")
    assert [row.text for row in rows] == ["Old dog, sister in Rome.", "Old dog. Now lives in Rome like the sister."]
    assert [row.unsupported for row in rows] == [[], []]


def test_line_that_its_sources_do_not_support_is_kept_marked_counted_and_exported() -> None:
    known = after_first()
    take_notes(BOTH)
    row = Memory.objects.get()
    assert (row.text, row.unsupported) == ("Has a dog.\nFears flying.", [2])
    (exported,) = MEMORIES.rows(Scope(known.version.study))
    assert (exported["n_unsupported"], exported["unsupported"], exported["made_by"]) == (1, [2], "model:told/scribe")
    assert second_prompt(known).startswith(f'{NOTED}- "Has a dog."\n- "Fears flying."'), "kept as it was written"


def test_source_that_does_not_exist_is_refused_and_asked_for_once_more() -> None:
    after_first()
    strange = HAS_A_DOG.replace("m1", "m7")
    assert take_notes(strange, HAS_A_DOG) == ["written"]
    assert "breaks 'enum'" in str(answers.asked[1].messages[-1]["content"])
    assert Memory.objects.get().text == "Has a dog."


def test_source_that_does_not_exist_twice_is_no_version() -> None:
    after_first()
    strange = HAS_A_DOG.replace("m1", "m7")
    assert take_notes(strange, strange) == ["notes failed"]
    assert not Memory.objects.exists()
    assert Noting.objects.get().error_code == "model_wrong_schema"


def test_summary_that_is_too_long_is_asked_for_once_more_and_never_cut() -> None:
    after_first(SUMMARY)
    long = '{"lines": [{"text": "' + "dog " * 30 + '", "sources": ["m1"]}]}'
    assert take_notes(long, HAS_A_DOG) == ["written"]
    assert "there may be 100: write less" in str(answers.asked[1].messages[-1]["content"])
    known = after_first(SUMMARY)
    assert take_notes(long, long) == ["notes failed"]
    assert not Memory.objects.filter(participant=known.person).exists()
    assert Noting.objects.get(participant=known.person).error_code == "no_usable_reply"


def test_failed_notes_leave_the_old_version_in_force_and_say_so() -> None:
    known = after_first()
    take_notes(HAS_A_DOG)
    known.talk("I like tea.")
    assert take_notes(DOWN) == ["notes failed"]
    assert Memory.objects.get().version == 1
    assert second_prompt(known) == f'{NOTED}- "Has a dog."\n\n{LINES}'
    first, second = Noting.objects.order_by("pk")
    assert (first.outcome, second.outcome, second.error_code) == ("written", "failed", "model_authentication")
    rows = list(NOTINGS.rows(Scope(known.version.study)))
    assert [(row["attempt"], row["outcome"], row["error_code"]) for row in rows] == [
        (1, "written", None), (1, "failed", "model_authentication"),
    ]  # fmt: skip
    assert set(rows[0]) == {column.name for column in NOTINGS.columns}


def test_failed_notes_are_tried_again_later_and_then_written() -> None:
    after_first()
    before = clock.now()
    take_notes(DOWN)
    (row,) = Due.objects.filter(reaction=AFTER_TALK, outcome="")
    assert before + PAUSES[0] <= row.run_after <= clock.now() + PAUSES[0]
    assert take_notes(HAS_A_DOG) == ["written"]
    assert [one.outcome for one in Noting.objects.order_by("attempt")] == ["failed", "written"]
    assert not Due.objects.filter(reaction=AFTER_TALK, outcome="").exists()


def test_after_the_last_attempt_it_is_given_up_and_the_next_talk_is_noted_all_the_same() -> None:
    known = after_first()
    said = [take_notes(DOWN) for _ in range(noting.MOST_ATTEMPTS)]
    assert said == [["notes failed"]] * (noting.MOST_ATTEMPTS - 1) + [["failed"]]
    assert Noting.objects.latest("attempt").outcome == Outcome.GIVEN_UP
    assert not Due.objects.filter(reaction=AFTER_TALK, outcome="").exists(), "it does not try for ever"
    known.talk("I like tea.")
    assert take_notes('{"lines": [{"text": "Likes tea.", "sources": ["m1"]}]}') == ["written"]
    row = Memory.objects.get()
    assert (row.version, row.text) == (1, "Likes tea.")


def test_two_talks_that_wait_are_noted_one_after_the_other_each_from_its_own_words() -> None:
    known = after_first()
    known.talk("I like tea.")
    first, second = work()
    answers.will(HAS_A_DOG)
    assert runner.run(second) == "written"
    assert "tea" not in str(answers.asked[0].messages), "the older one first"
    answers.will('{"lines": [{"text": "Dog and tea.", "sources": ["n1", "m1"]}]}')
    assert runner.run(first) == "written"
    assert [row.text for row in Memory.objects.order_by("version")] == ["Has a dog.", "Dog and tea."]
    again = work()
    answers.will()
    assert {runner.run(claim) for claim in again} <= {"noted 0"}
    assert answers.asked == []


def test_talk_that_is_noted_late_has_one_key_whichever_talk_it_is_noted_after() -> None:
    known = after_first()
    known.talk("I like tea.")
    first, second = Conversation.objects.order_by("pk")
    seat = first.match.group.seats.get(occupant="model")
    scopes = [job.scope for talk in (first, second) if (job := noting.begin(talk.pk)) is not None]
    assert scopes == [f"study:{known.version.study_id}/notes:{first.pk}:{seat.pk}:1"] * 2


def test_nothing_said_is_a_version_without_a_call() -> None:
    known = after_first()
    take_notes(HAS_A_DOG)
    end_talk(known.meet())
    assert take_notes() == ["written"]
    assert answers.asked == []
    assert [row.text for row in Memory.objects.order_by("version")] == ["Has a dog.", "Has a dog."]


def test_answer_that_came_before_a_crash_is_used_again() -> None:
    after_first()
    answers.will(HAS_A_DOG)
    first = begun()
    lines = async_to_sync(noted)(first)  # and the worker dies
    again = begun()
    assert (again.attempt, again.scope, again.base) == (first.attempt, first.scope, first.base)
    assert async_to_sync(noted)(again) == lines
    assert len(answers.asked) == Call.objects.filter(scope=first.scope).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_version() -> None:
    after_first()
    jobs = [begun(), begun()]
    lines = [Noted("Has a dog.", (Entry.objects.filter(seat__occupant="person").order_by("pk")[0].pk,))]
    made = at_once([lambda job=job: noting.written(job, lines) for job in jobs])  # type: ignore[misc]
    assert sorted(map(str, made)) == ["dropped", "written"]
    assert Memory.objects.get().version == 1
    assert Noting.objects.get().outcome in ("written", "dropped")


def test_who_has_lost_the_claim_writes_nothing() -> None:
    after_first()
    (claim,) = work()
    answers.will(HAS_A_DOG)
    Due.objects.filter(pk=claim.id).update(fence=claim.fence + 1)
    assert runner.run(claim) == "lost"
    assert not Memory.objects.exists()


def test_withdrawal_meanwhile_writes_nothing() -> None:
    known = after_first()
    job = begun()
    Participant.objects.filter(pk=known.person.pk).update(status="withdrawn", exit="left")
    assert noting.written(job, [Noted("Has a dog.", ())]) == "dropped"
    assert not Memory.objects.exists()
    assert noting.begin(job.talk) is None, "nor is anybody asked any more"


@pytest.mark.django_db(transaction=True)
def test_deletion_waits_for_an_answer_that_may_come_and_takes_it_along() -> None:
    known = after_first()
    take_notes(HAS_A_DOG)
    known.talk("My sister is called Zoe.")
    answers.will('{"lines": [{"text": "The sister is called Zoe.", "sources": ["m1"]}]}')
    job = begun()
    lines = async_to_sync(noted)(job)
    assert set(places_with("Zoe")) >= {"llm_call.prompt", "llm_call.output", "chat_entry.text"}
    now = clock.now()
    Group.objects.update(status="complete", ended_at=now - timedelta(minutes=3))
    gone = {"status": "withdrawn", "exit": "left", "withdrawn_at": now, "ended_at": now}
    Participant.objects.filter(pk=known.person.pk).update(**gone)
    with transaction.atomic():
        due.schedule(erasure.ERASE, f"participant:{known.person.pk}", None)
    runner.drain("jobs")
    known.person.refresh_from_db()
    assert known.person.erased_at is None, "the model may still answer"
    assert noting.written(job, lines) == "dropped"
    Due.objects.filter(reaction=erasure.ERASE, outcome="").update(run_after=now)
    runner.drain("jobs")
    known.person.refresh_from_db()
    assert known.person.erased_at is not None
    assert list(places_with("Zoe")) == list(places_with("sister")) == []
    assert not Memory.objects.exists()
    assert not Noting.objects.exists()


def turn_of(match: Match) -> flow.TurnFacts:
    facts = flow.turn(match.pk, "talk", match.group.seats.get(occupant="model").pk)
    assert facts is not None
    return facts


@pytest.mark.django_db(transaction=True)
def test_talk_waits_for_notes_no_longer_than_it_is_let() -> None:
    known = after_first()
    facts = turn_of(known.meet())
    assert is_being_noted(facts)
    began = time.monotonic()
    assert async_to_sync(for_notes)(facts, at_most=0.5) is False
    assert 0.15 < time.monotonic() - began < 1.5
    began = time.monotonic()
    assert async_to_sync(for_notes)(facts, at_most=0.0) is False
    assert time.monotonic() - began < 1.0
    take_notes(DOWN)
    assert not is_being_noted(facts), "what is tried again later is waited for by nobody"
    take_notes(HAS_A_DOG)
    assert async_to_sync(for_notes)(facts, at_most=60) is True


def test_nobody_waits_where_rules_by_words_take_the_notes() -> None:
    known = after_first({"kind": "facts"})
    assert not is_being_noted(turn_of(known.meet()))


def test_rules_by_words_take_no_notes_that_a_model_takes() -> None:
    known = after_first()
    match = known.meet()
    hear(match, "hello again")
    assert not Memory.objects.exists()
    found = acquaintance_of(match, match.group.seats.get(occupant="model"))
    assert found is not None
    assert [talk.match.group.code for talk in wanting(found)] == [Group.objects.order_by("pk")[0].code]


def test_calls_for_notes_are_told_apart_in_the_dataset() -> None:
    known = after_first()
    take_notes(HAS_A_DOG)
    rows = list(CALLS.rows(Scope(known.version.study)))
    assert {row["purpose"] for row in rows} == {"act", "notes"}
    (notes,) = [row for row in rows if row["purpose"] == "notes"]
    acts = [row for row in rows if row["purpose"] == "act"]
    assert {name: notes[name] for name in ("match", "group", "step", "seat")} == {
        name: acts[0][name] for name in ("match", "group", "step", "seat")
    }
    Participant.objects.filter(pk=known.person.pk).update(status="withdrawn", exit="left")
    assert {row["missing_reason"] for row in CALLS.rows(Scope(known.version.study))} == {"withdrawn_partner"}


def test_codebook_names_the_model_and_its_prompt() -> None:
    (row,) = [row for row in version_rows(version_with(FACTS)) if row["entry"] == "memory"]
    assert '"noted_by":{"model":{' in str(row["value"])
    assert '"prompt":"prompts/notes.md"' in str(row["value"])
    (plain,) = [row for row in version_rows(version_with({"kind": "facts"})) if row["entry"] == "memory"]
    assert plain["value"] == '{"kind":"facts","max_facts":40}'


def differences(known: Acquainted) -> set[str]:
    inquiry = inquiry_of(known)
    check_memories(inquiry, [known.person])
    return {one.what for one in inquiry.report.differences}


def test_verification_names_notes_of_a_model_that_are_not_true() -> None:
    known = after_first()
    take_notes(BOTH)
    row, attempt = Memory.objects.get(), Noting.objects.get()
    assert differences(known) == set()
    with erasing():
        Memory.objects.filter(pk=row.pk).update(unsupported=[])
    assert differences(known) == {"lines of notes that nothing supports"}
    with erasing():
        row.save()
    spoiled: Sequence[tuple[dict[str, Any], str]] = [
        ({"attempt": 2}, "attempts at notes"), ({"outcome": "failed"}, "version of an attempt at notes"),
    ]  # fmt: skip
    for values, what in spoiled:
        Noting.objects.filter(pk=attempt.pk).update(**values)
        assert differences(known) == {what}
        attempt.save()
    assert differences(known) == set()
