"""A partner that meets somebody again: what it is told under each rule, what it notes, and what becomes of that."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.db import IntegrityError, transaction

from bots import notes
from bots.models import Memory
from bots.recall import acquaintance_of, recalled
from bots.scribing import services as scribing
from chat.models import Conversation, Entry
from events import clock, due, runner
from events.models import Due
from exports.codebook import version_rows
from exports.scope import Scope
from exports.services import erasure
from exports.tables.memories import MEMORIES
from flow import queries as flow
from llm.models import Call
from matching.models import Group
from participants.models import Participant
from tests.bots.meetings import COMPANION, Acquainted, hear, say, version_with
from tests.chat.rooms import end_talk
from tests.chat.safe_rooms import OFFER, SAFETY_SAID
from tests.consent.trading import places_with
from tests.machinery.erasing import erasing
from tests.machinery.people import at_once
from verification.erased import check_erased
from verification.inquiry import Inquiry
from verification.memories import check_memories
from verification.report import Report
from verification.told import Told

DOG, SISTER, AGAIN = "I have a dog. It is old.", "My sister lives in Rome!", "Do you remember me?"
FACTS, SUMMARY = {"kind": "facts"}, {"kind": "summary"}
KEPT_OR_WIPED = {"by": "label", "values": {"hidden": FACTS, "disclosed": {"kind": "session"}}}
NOTED = "What you noted of earlier conversations with the same person:\n"
SAID = "What was said in earlier conversations with the same person, oldest first:\n"
EARLIER = [
    'Conversation 1, You: "reply 0"', f'Conversation 1, They: "{DOG}"', 'Conversation 1, You: "reply 1"',
    f'Conversation 1, They: "{SISTER}"',
]  # fmt: skip
LINES = f'[1] You: "hello again"\n[2] 1: "{AGAIN}"'


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def second_prompt(known: Acquainted, condition: str = "label=hidden") -> tuple[str, str]:
    """What the partner is asked after the person's first words of another visit: instructions and page."""
    match = known.meet(condition)
    hear(match, "hello again")
    say(match, AGAIN)
    system, user = hear(match, "well")
    return system["content"], user["content"]


def after_first(memory: Any, *, seed: str = "") -> Acquainted:
    known = Acquainted(version_with(memory, seed=seed))
    known.talk(DOG, SISTER)
    return known


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("memory", "block", "lines"),
    [
        ({"kind": "none"}, "", f'[2] 1: "{AGAIN}"'),
        ({"kind": "session"}, "", LINES),
        ({"kind": "window", "messages": 4}, SAID + "\n".join(EARLIER[-2:]), LINES),
        ({"kind": "window", "messages": 2}, "", LINES),
        (SUMMARY, f'{NOTED}- "In conversation 1 they wrote 2 messages, among them: {DOG} {SISTER}"', LINES),
        (FACTS, f'{NOTED}- "I have a dog."\n- "{SISTER}"', LINES),
        ({"kind": "facts", "max_facts": 1}, f'{NOTED}- "{SISTER}"', LINES),
        ({"kind": "full"}, SAID + "\n".join(EARLIER), LINES),
    ],
)
def test_second_visit_s_prompt_holds_exactly_what_the_rule_allows(memory: Any, block: str, lines: str) -> None:
    known = after_first(memory)
    system, user = second_prompt(known)
    before, page, after = user.partition("Say something.\n\n")
    assert before + page == "# talk\n\nSay something.\n\n"
    shown, asked, _fields = after.partition("\n\nYou are asked for:\n")
    assert asked
    assert shown == (f"{block}\n\n{lines}" if block else lines)
    assert "tell only what you are given of it" in system
    assert Call.objects.latest("pk").memory_sha256 == (sha256(block.encode()).hexdigest() if block else "")


@pytest.mark.django_db
def test_without_a_rule_prompts_are_as_they_were() -> None:
    known = after_first(None)
    system, user = second_prompt(known)
    assert "remember" not in system
    assert user.partition("Say something.\n\n")[2].startswith(LINES)
    assert not Memory.objects.exists()


@pytest.mark.django_db
def test_instructions_are_the_same_under_every_rule() -> None:
    rules: list[Any] = [{"kind": kind} for kind in ("none", "session", "window", "summary", "facts", "full")]
    assert len({second_prompt(after_first(rule, seed="one"))[0] for rule in rules}) == 1


@pytest.mark.django_db
def test_wiping_is_reading_nothing_whatever_was_noted() -> None:
    known = Acquainted(version_with(KEPT_OR_WIPED))
    known.talk(DOG, SISTER)
    kept = second_prompt(known)
    assert Memory.objects.count() == 1
    wiped = second_prompt(known, "label=disclosed")
    assert wiped[0] == kept[0]
    assert wiped[1] == kept[1].replace(f'{NOTED}- "I have a dog."\n- "{SISTER}"\n\n', "")
    assert Memory.objects.count() == 1, "nothing is noted where nothing is kept"


@pytest.mark.django_db
def test_notes_go_on_over_visits_and_every_version_is_kept() -> None:
    known = after_first(FACTS)
    known.talk("I like tea.")
    known.talk("How are you?")
    end_talk(known.meet())
    rows = list(Memory.objects.order_by("version"))
    assert [row.text for row in rows[:1]] == [f"I have a dog.\n{SISTER}"]
    scribing.note_talk(Conversation.objects.latest("pk").pk)
    rows = list(Memory.objects.order_by("version"))
    assert [row.version for row in rows] == [1, 2, 3, 4]
    assert [row.text.count("\n") + 1 for row in rows] == [2, 3, 3, 3]
    assert {row.made_by for row in rows} == {"scripted/facts-1"}
    for row in rows:
        assert row.sha256 == sha256(row.text.encode()).hexdigest()
        texts = Entry.objects.in_bulk()
        for line, keys in zip(row.text.split("\n"), row.sources, strict=True):
            assert all(line in texts[key].text for key in keys)


@pytest.mark.django_db
@pytest.mark.parametrize("memory", [FACTS, SUMMARY])
def test_what_the_screening_found_is_not_noted(memory: Any) -> None:
    """No visit shall begin with it."""
    known = Acquainted(version_with(memory, safety=SAFETY_SAID | {"card": {"en": "card.md"}}))
    known.talk(DOG, f"{OFFER} {SISTER}", SISTER)
    _, page = second_prompt(known)
    assert "dead" not in page
    assert DOG.split(".", maxsplit=1)[0] in page
    assert SISTER in page
    (notes_of,) = Memory.objects.filter(participant=known.person)
    assert "dead" not in notes_of.text


@pytest.mark.django_db
def test_one_person_s_words_reach_nobody_else() -> None:
    version = version_with({"kind": "full"})
    Acquainted(version).talk("I am the first.")
    second = Acquainted(version)
    second.talk("I am the second.")
    user = second_prompt(second)[1]
    assert "the second" in user
    assert "the first" not in user


@pytest.mark.django_db
def test_talk_that_ends_makes_one_row_of_work_and_running_it_again_notes_nothing() -> None:
    after_first(SUMMARY)
    (row,) = Due.objects.filter(reaction="bots.notes.after_talk")
    (claim,) = due.claim_ids([row.pk])
    assert async_to_sync(notes.after_talk)(claim) == "noted 1"
    assert async_to_sync(notes.after_talk)(claim) == "noted 0"
    assert runner.run(claim) == "noted 0"
    assert Memory.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_version() -> None:
    after_first(FACTS)
    talk = Conversation.objects.get().pk
    made = at_once([lambda: scribing.note_talk(talk)] * 3)
    assert sorted(made, key=str) == [0, 0, 1]
    assert Memory.objects.get().version == 1


@pytest.mark.django_db
def test_version_is_never_changed() -> None:
    after_first(FACTS)
    scribing.note_talk(Conversation.objects.get().pk)
    for change in (lambda: Memory.objects.update(text="other"), lambda: Memory.objects.all().delete()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


@pytest.mark.django_db
def test_nothing_is_noted_of_who_asked_for_deletion() -> None:
    known = after_first(FACTS)
    Participant.objects.filter(pk=known.person.pk).update(status="withdrawn", exit="left")
    assert scribing.note_talk(Conversation.objects.get().pk) == 0


def erase(known: Acquainted) -> None:
    """The person asks for deletion, and it is done."""
    now = clock.now()
    Group.objects.update(status="complete", ended_at=now - timedelta(minutes=3))
    gone = {"status": "withdrawn", "exit": "left", "withdrawn_at": now, "ended_at": now}
    Participant.objects.filter(pk=known.person.pk).update(**gone)
    with transaction.atomic():
        due.schedule(erasure.ERASE, f"participant:{known.person.pk}", None)
    runner.drain("jobs")
    known.person.refresh_from_db()
    assert known.person.erased_at is not None


@pytest.mark.django_db(transaction=True)
def test_erasure_leaves_no_word_in_notes_or_prompts() -> None:
    known = after_first({"kind": "facts"})
    second_prompt(known)
    assert set(places_with("sister")) >= {"bots_memory.text", "llm_call.prompt", "chat_entry.text"}
    erase(known)
    assert list(places_with("sister")) == []
    assert not Memory.objects.exists()
    assert set(Call.objects.values_list("memory_sha256", flat=True)) == {""}
    assert list(MEMORIES.rows(Scope(known.version.study))) == []


@pytest.mark.django_db
def test_dataset_has_every_version_with_its_sources() -> None:
    known = after_first(FACTS)
    second_prompt(known)
    (row,) = MEMORIES.rows(Scope(known.version.study))
    assert set(row) == {column.name for column in MEMORIES.columns}
    found = [row[name] for name in ("participant", "partner", "kind", "version")]
    assert found == [known.person.code, COMPANION, "facts", 1]
    assert row["text"] == f"I have a dog.\n{SISTER}"
    assert row["sources"] == [[{"match": row["match"], "step": "talk", "seq": seq}] for seq in (2, 4)]
    assert str(row["match"]).startswith(str(row["group"]))


@pytest.mark.django_db
def test_codebook_says_what_is_remembered_at_each_level() -> None:
    found = [row for row in version_rows(version_with(KEPT_OR_WIPED)) if row["entry"] == "memory"]
    assert [(row["name"], row["levels"], row["value"]) for row in found] == [
        (COMPANION, "label=hidden", '{"kind":"facts","max_facts":40}'),
        (COMPANION, "label=disclosed", '{"kind":"session"}'),
    ]
    (plain,) = [row for row in version_rows(version_with(SUMMARY)) if row["entry"] == "memory"]
    assert (plain["levels"], plain["value"]) == ("", '{"chars":1200,"kind":"summary"}')


def inquiry_of(known: Acquainted) -> Inquiry:
    report = Report(known.version.study.slug, clock.now())
    return Inquiry(known.version.study, report, Told(report, ()), clock.now(), 1.0)


def named(known: Acquainted) -> set[str]:
    """What a verification says of the notes."""
    inquiry = inquiry_of(known)
    check_memories(inquiry, [known.person])
    assert inquiry.report.counts["memories"] == Memory.objects.count()
    return {one.what for one in inquiry.report.differences}


@pytest.mark.django_db
def test_verification_names_notes_that_are_not_true() -> None:
    known = after_first(FACTS)
    second_prompt(known)
    row, theirs = Memory.objects.get(), Entry.objects.filter(seat__occupant="person").order_by("pk")
    assert named(known) == set()
    spoiled: list[tuple[dict[str, Any], str]] = [
        ({"text": f"I have a cat.\n{SISTER}"}, "hash of notes"),
        ({"sources": row.sources[:1]}, "lines of notes with their sources"),
        ({"sources": [[770000], row.sources[1]]}, "source of notes missing"),
        ({"sources": [[theirs[2].pk], row.sources[1]]}, "source of notes later than they"),
        ({"sources": [[Entry.objects.order_by("pk")[0].pk], row.sources[1]]}, "source of notes by somebody else"),
        ({"version": 2}, "versions of notes"),
    ]
    for values, what in spoiled:
        with erasing():
            Memory.objects.filter(pk=row.pk).update(**values)
        assert named(known) == {what}
        with erasing():
            row.save()


@pytest.mark.django_db
def test_verification_names_notes_on_somebody_who_is_erased() -> None:
    known = after_first(FACTS)
    scribing.note_talk(Conversation.objects.get().pk)
    inquiry = inquiry_of(known)
    known.person.erased_at = known.person.withdrawn_at = clock.now()
    check_erased(inquiry, known.person, [], has_asked=True)
    (left,) = [one for one in inquiry.report.differences if one.what == "rows of an erased person"]
    assert "memories" in left.found


@pytest.mark.django_db
def test_partner_that_meets_nobody_or_several_reads_nothing_of_before() -> None:
    known = after_first({"kind": "full"})
    match = known.meet()
    seat = match.group.seats.get(occupant="model")
    found = acquaintance_of(match, seat)
    assert found is not None
    assert found.participant == known.person.pk
    match.group.seats.filter(occupant="person").update(participant=None)
    found = acquaintance_of(match, seat)
    assert found is not None
    assert found.participant is None
    assert scribing.take_notes(found) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("rule", [FACTS, SUMMARY, {"kind": "window"}, {"kind": "full"}])
def test_talk_that_ends_while_its_partner_is_asked_is_no_earlier_one(rule: Any) -> None:
    known = Acquainted(version_with(rule))
    match = known.meet()
    hear(match, "hello")
    say(match, DOG)
    seat = match.group.seats.get(occupant="model")
    facts = flow.turn(match.pk, "talk", seat.pk)
    assert facts is not None
    acquaintance = acquaintance_of(match, seat)
    assert acquaintance is not None
    before = recalled(acquaintance, facts)
    end_talk(match)
    scribing.take_notes(acquaintance)
    after = recalled(acquaintance, facts)
    assert (after.text, list(after.lines)) == (before.text, list(before.lines))
    assert after.text == ""
