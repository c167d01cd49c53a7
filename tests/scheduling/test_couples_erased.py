"""Whose data are deleted is quoted nowhere any more by a partner of several visits: neither later on nor to others."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import pytest

from bots.models import Memory
from bots.scribes import CUT
from chat.models import Conversation, Entry
from events import runner
from exports.held import free_answers
from exports.society import society_of
from flow.models import Act
from flow.services import sessions
from matching.models import Group, Seat
from measures.models import Answer
from participants.models import WITHDRAWN_TEXT
from scheduling.models import Session
from studies.models import Version
from tests.machinery.erasing import erasing
from tests.machinery.people import make_version, newcomer, sharing_is_installed  # noqa: F401
from tests.scheduling.couples import enrolled, made, meet, newest, pass_to, person_of
from tests.scheduling.test_couples import SIX

pytestmark = pytest.mark.django_db(transaction=True)
SAID = "My sister moved to an island far in the north."
OWN = "I thought of it all week"


def write(group: Group, person: Session, words: str) -> None:
    """As if somebody had written something at a step of a game."""
    act = Act.objects.filter(match__group=group, seat__participant=person.participant_id).first()
    assert act is not None
    Act.objects.filter(pk=act.pk).update(values={**act.values, "note": words})


def notes(group: Group, person: Session) -> list[str]:
    acts = Act.objects.filter(match__group=group, seat__participant=person.participant_id).order_by("pk")
    return [act.values["note"] for act in acts if "note" in act.values]


def test_partner_quotes_them_in_no_later_visit(make_version: Callable[..., Version]) -> None:  # noqa: F811
    here, gone = both = enrolled(made(make_version), newcomer)
    for day in (0, 3):
        pass_to(SIX + timedelta(days=day), *both)
        meet(*both)
    pass_to(SIX + timedelta(days=4, hours=2), *both)
    meet(here)  # the last visit is each one's own, and forms no group
    first, second, third = Group.objects.order_by("pk")
    answers = Answer.objects.filter(session__participant=here.participant_id, item="words", stage__in=["feel", "post"])
    with erasing():
        write(first, gone, SAID)
        for later in (second, third):
            write(later, here, f"{SAID} {OWN}")
        assert answers.update(value=f"{SAID} {OWN}") == 3
        # as if a later partner were another person, whose data are gone already
        Seat.objects.filter(group=third, participant=gone.participant_id).update(participant=None, session=None)
    seat = Seat.objects.get(group=first, participant=here.participant_id)
    held = [one.stage for one in free_answers(society_of(first), seat.pk)]
    assert [held.count(stage) for stage in ("feel", "post")] == [2, 1], "all were written since the two had met"

    sessions.leave(newest(gone).pk, withdraw=True)
    runner.drain("jobs")
    assert person_of(gone).erased_at is not None
    for later in (second, third):
        (note,) = notes(later, here)
        assert SAID not in note
        assert OWN in note, "what they say themselves stays"
    told = [str(one.value) for one in answers]
    assert len(told) == 3
    assert all(SAID not in words and OWN in words for words in told)


def noted(group: Group, person: Session, *lines: str, said: str, version: int) -> Memory:
    """As if a program had talked with somebody in a group, and noted what it was told."""
    match = group.matches.first()
    assert match is not None
    talk = Conversation.objects.create(match=match, path=f"talk{version}", channel="chat")
    seat = Seat.objects.get(group=group, participant=person.participant_id)
    entry = Entry.objects.create(conversation=talk, seq=1, seat=seat, kind="message", text=said, key="k")
    text = "\n".join(lines)
    return Memory.objects.create(
        participant_id=person.participant_id, partner="companion", kind="facts", version=version, conversation=talk,
        text=text, sources=[[entry.pk] for _ in lines], made_by="scripted/facts-1",
        sha256=sha256(text.encode()).hexdigest(),
    )  # fmt: skip


def test_no_program_s_notes_of_a_partner_quote_them(make_version: Callable[..., Version]) -> None:  # noqa: F811
    here, gone = both = enrolled(made(make_version), newcomer)
    for day in (0, 3):
        pass_to(SIX + timedelta(days=day), *both)
        meet(*both)
    first, second, third = Group.objects.order_by("pk")
    long = f"My brother went {'further and further ' * 12}down the coast."
    with erasing():
        write(first, gone, f"{SAID}\n{long}")
        # as if a later partner were another one
        Seat.objects.filter(group=third, participant=gone.participant_id).update(participant=None, session=None)
    quoted = noted(third, here, SAID, f"{OWN}.", said=f"{SAID} {OWN}.", version=1)
    both_ways = f"Among them: {SAID} {long[:60]}{CUT}"
    cut = noted(third, here, long[:100] + CUT, both_ways, f"{OWN}.", said=f"{SAID} {long} {OWN}.", version=2)
    untouched = noted(third, here, "I live in the south" + CUT, said="I live in the south of it all.", version=3)
    again = noted(second, here, SAID, said=SAID, version=4)
    # a line of an earlier conversation stands in later versions, too: its message has lost the quote by then
    later = noted(third, here, long[:100] + CUT, said="Nothing of it.", version=5)
    earlier = noted(second, here, long[:100] + CUT, said=long, version=6)
    with erasing():
        Memory.objects.filter(pk=later.pk).update(sources=earlier.sources)

    sessions.leave(newest(gone).pk, withdraw=True)
    runner.drain("jobs")
    assert person_of(gone).erased_at is not None
    for row in (quoted, cut, untouched, again, later, earlier):
        row.refresh_from_db()
        assert row.sha256 == sha256(row.text.encode()).hexdigest(), "as verification reckons it"
        assert len(row.text.split("\n")) == len(row.sources)
    assert quoted.text == f"{WITHDRAWN_TEXT}.\n{OWN}."
    assert cut.text == f"{WITHDRAWN_TEXT}\n{WITHDRAWN_TEXT}\n{OWN}.", "the beginning of a quote is no less theirs"
    assert later.text == earlier.text == WITHDRAWN_TEXT
    assert untouched.text == "I live in the south" + CUT
    assert again.text == f"{WITHDRAWN_TEXT}."


def test_notes_that_a_model_took_of_what_was_said_of_them_go_whole(make_version: Callable[..., Version]) -> None:  # noqa: F811
    """A model says in its own words what it was told: no quote is found there."""
    here, gone = both = enrolled(made(make_version), newcomer)
    for day in (0, 3):
        pass_to(SIX + timedelta(days=day), *both)
        meet(*both)
    first, _, third = Group.objects.order_by("pk")
    with erasing():
        write(first, gone, SAID)
        Seat.objects.filter(group=third, participant=gone.participant_id).update(participant=None, session=None)
    told = noted(third, here, "The partner of before is told of", said=f"{SAID} {OWN}.", version=1)
    own = noted(third, here, "They live by the sea", said="I live by the sea, and like it.", version=2)
    with erasing():
        Memory.objects.filter(pk__in=[told.pk, own.pk]).update(made_by="model:scripted/one")

    sessions.leave(newest(gone).pk, withdraw=True)
    runner.drain("jobs")
    assert person_of(gone).erased_at is not None
    for row in (told, own):
        row.refresh_from_db()
        assert row.sha256 == sha256(row.text.encode()).hexdigest()
    assert told.text == WITHDRAWN_TEXT
    assert own.text == "They live by the sea"
