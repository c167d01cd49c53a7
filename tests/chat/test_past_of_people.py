"""Earlier conversations of two people who stay partners: both read the same words, and of nobody else."""

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from chat.models import EarlierShown, Entry
from exports.scope import Scope
from exports.tables.seen import SEEN
from flow.models import Match
from flow.queries import page_of
from flow.services import games
from matching.models import Group, Seat
from participants.models import WITHDRAWN_TEXT, Participant
from scheduling.models import Session
from studies.models import Version
from tests.chat.rooms import browser_of, end_talk, make_version, study_file
from tests.machinery.erasing import erasing

pytestmark = pytest.mark.django_db
_numbers = count(1)
BY_LABEL = {"by": "label", "values": {"hidden": True, "disclosed": False}}
SAID = re.compile(r'<li class="(\w+)"><span class="who">([^<]*)</span><p class="said">([^<]*)</p>')


def version_of(*, visible: Any = True) -> Version:
    """A study in which two people talk."""
    said = study_file("chatting", parameters={"quota": 0, "chars": 200})
    said["partners"]["person"]["past_transcript_visible"] = visible
    lasts = {
        "least": "30m", "on_short": "excuse", "on_absent": {"then": "end_visit"},
        "on_drop_out": {"then": "replace_with_human"},
    }  # fmt: skip
    seats = {"roles": {"talker": {"humans": 2}}, "partners": {"human": "person"}, "lasts": lasts}
    texts = {f"pages/{page}.md": "# Talk\n\nSay something." for page in ("talk", "void")}
    return make_version(said | {"groups": {"two": seats}}, texts)


def person_of(version: Version) -> Participant:
    n = next(_numbers)
    return Participant.objects.create(
        study=version.study, version=version, code=f"ptwo{n:07d}", token_sha256=f"two{n}".rjust(64, "0"), origin="link"
    )


@dataclass
class Two:
    """Two people, and how often they have met."""

    version: Version
    people: list[Participant] = field(default_factory=list)
    met: int = 0

    def __post_init__(self) -> None:
        self.people = self.people or [person_of(self.version), person_of(self.version)]

    def meet(self, condition: str = "label=hidden") -> Match:
        """A new visit, a new group, and its open talk; seats change sides, as they may."""
        self.met += 1
        code = f"gtwo{next(_numbers):07d}"
        group = Group.objects.create(version=self.version, code=code, stage="game", rounds=1, condition=condition)
        order = self.people if self.met % 2 else self.people[::-1]
        for number, person in enumerate(order, start=1):
            repeat = person.sessions.count() + 1
            session = Session.objects.create(participant=person, wave="main", repeat=repeat)
            Seat.objects.create(
                group=group, number=number, role="talker", kind="human", occupant="person", partner="person",
                participant=person, session=session,
            )  # fmt: skip
        games.begin(group.pk)
        return group.matches.get()

    def talk(self, *words: str) -> Match:
        """A whole conversation, in turn."""
        match = self.meet()
        for number, said in enumerate(words):
            seat = match.group.seats.get(participant=self.people[number % 2])
            games.act(match_id=match.pk, path="talk", seat_id=seat.pk, values={"message": said}, source="person")
        return end_talk(match)


def reader(match: Match, person: Participant) -> Any:
    return browser_of(match, match.group.seats.get(participant=person).number)


def past_of(match: Match, person: Participant) -> dict[str, Any]:
    found: dict[str, Any] = page_of(Session.objects.get(seats__group=match.group, participant=person)).facts["talk"]
    return dict(found["past"])


def test_both_read_the_same_words_each_as_their_own(db: None) -> None:
    two = Two(version_of())
    two.talk("I have a dog.", "I have a cat.", "It is old.")
    match = two.meet()
    one, other = two.people
    for person in two.people:
        assert past_of(match, person)["told"] == "You can read them here."
        assert [number for number, _title in past_of(match, person)["titles"]] == [1]
    read = [SAID.findall(reader(match, person).get("/s/earlier/1").content.decode()) for person in (one, other)]
    assert [[words for _, _, words in lines] for lines in read] == [
        ["I have a dog.", "I have a cat.", "It is old."]
    ] * 2
    assert [kind for kind, _, _ in read[0]] == ["mine", "theirs", "mine"]
    assert [kind for kind, _, _ in read[1]] == ["theirs", "mine", "theirs"]
    assert {who for lines in read for kind, who, _ in lines if kind == "mine"} == {"You"}
    assert {shown.seat.participant for shown in EarlierShown.objects.all()} == {one, other}
    rows = [row for row in SEEN.rows(Scope(two.version.study)) if row["what"] == "earlier"]
    assert {row["participant"] for row in rows} == {one.code, other.code}


def test_nothing_is_shown_unless_the_study_says_so() -> None:
    two = Two(version_of(visible=False))
    two.talk("I have a dog.")
    match = two.meet()
    assert past_of(match, two.people[0]) == {}
    assert reader(match, two.people[0]).get("/s/earlier/1").status_code == 303


def test_level_of_the_pair_decides_for_both() -> None:
    two = Two(version_of(visible=BY_LABEL))
    two.talk("I have a dog.")
    shown = two.meet()
    assert [bool(past_of(shown, person)) for person in two.people] == [True, True]
    end_talk(shown)
    hidden = two.meet("label=disclosed")
    assert [past_of(hidden, person) for person in two.people] == [{}, {}]


def test_new_partner_reads_nothing_of_the_one_before() -> None:
    version = version_of()
    before = Two(version)
    before.talk("I have a dog.", "I told you of my sister.")
    stays, _left = before.people
    after = Two(version, [stays, person_of(version)])
    first = after.meet()
    assert [past_of(first, person) for person in after.people] == [{}, {}]
    end_talk(first)
    later = after.meet()
    for person in after.people:
        assert len(past_of(later, person)["titles"]) == 1
        html = reader(later, person).get("/s/earlier/1").content.decode()
        assert "my sister" not in html
        assert "Nothing was written in it." in html


def test_words_that_somebody_had_deleted_are_gone_for_both() -> None:
    two = Two(version_of())
    two.talk("I have a dog.", "I have a cat.")
    match = two.meet()
    with erasing():
        Entry.objects.filter(text="I have a cat.").update(text=WITHDRAWN_TEXT)
    for person in two.people:
        html = reader(match, person).get("/s/earlier/1").content.decode()
        assert "I have a cat." not in html
        assert "These words are not there any more." in html
        assert "I have a dog." in html
