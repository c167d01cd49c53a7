"""The words that datasets hold back because a partner asked for deletion, until somebody has read them. Reads only."""

from collections.abc import Iterator, Set
from dataclasses import dataclass

from chat.models import Entry
from exports.declared import is_free_answer, split_key
from exports.redaction import is_words, strings_in
from exports.scope import Scope
from exports.society import NO_MATCH, Society, societies, society_of
from flow.models import Act
from matching.models import Group
from measures.models import Answer
from participants.models import WITHDRAWN_TEXT, Participant
from studies.models import Study


@dataclass(frozen=True)
class Withheld:
    """What one person said in one match, or wrote in answers after it, to be read by a reviewer and nobody else.

    Attributes:
        match: Its code; the group's for answers.
    """

    match: str
    seat: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Where words are held back, by primary keys; the match is `NO_MATCH` for answers."""

    code: str
    match: int
    seat: int


def withheld(study: Study) -> Iterator[Withheld]:
    """Every person's words that are held back, group by group, read from the database as it is."""
    for society in societies(Scope(study), with_withdrawn=True):
        for place in held_back(society):
            texts = tuple(words_at(society, place))
            if texts:
                yield Withheld(place.code, society.seat(place.seat), texts)


def waits_for_review(person: Participant) -> bool:
    """Whether words are held back because of one person who asked for deletion."""
    groups = Group.objects.filter(seats__participant=person).select_related("version__study").distinct()
    for group in groups.order_by("pk"):
        society = society_of(group)
        mine = frozenset(pk for pk, seat in society.seats.items() if seat.participant_id == person.pk)
        for place in held_back(society):
            if _met(society, place, mine) and any(words_at(society, place)):
                return True
    return False


def _met(society: Society, place: Place, mine: Set[int]) -> bool:
    """Whether who wrote there had met one of some seats: in that match, or in any for answers."""
    if place.match == NO_MATCH:
        return place.seat in society.first_met(mine)
    return bool(society.inside(place.match) & mine)


def held_back(society: Society) -> Iterator[Place]:
    """Each person's words in a match, and in answers, that are held back."""
    for pk, match in society.matches.items():
        for seat in sorted(society.inside(pk) - society.withdrawn) if society.has_withdrawn(pk) else ():
            if society.seats[seat].occupant == "person" and society.is_withheld(pk, seat):
                yield Place(society.match(match), pk, seat)
    for seat in sorted(society.seats):
        if society.are_answers_withheld(seat):
            yield Place(society.group.code, NO_MATCH, seat)


def words_at(society: Society, place: Place) -> Iterator[str]:
    """What is held back at a place; what was deleted there is no word any more."""
    found = _answers(society, place) if place.match == NO_MATCH else _said(society, place)
    return (text for text in found if text != WITHDRAWN_TEXT)


def _said(society: Society, place: Place) -> Iterator[str]:
    for act in Act.objects.filter(match=place.match, seat=place.seat).order_by("pk"):
        asked = society.asked(act.path, place.seat)
        for name, value in act.values.items():
            yield from strings_in(value) if is_words(asked.get(split_key(name)[0]), value) else ()
    said = Entry.objects.filter(conversation__match=place.match, seat=place.seat).order_by("conversation", "seq")
    yield from said.exclude(text="").values_list("text", flat=True)


def free_answers(society: Society, seat: int) -> Iterator[Answer]:
    """The answers that somebody wrote in words since the group was formed, in that visit and in later ones."""
    person, version = society.seats[seat].participant_id, society.group.version
    since = Answer.objects.filter(session__participant=person, at__gte=society.group.formed_at)
    for one in since.order_by("pk"):
        if is_free_answer(version, one.stage, one.item):
            yield one


def _answers(society: Society, place: Place) -> Iterator[str]:
    for one in free_answers(society, place.seat):
        yield from strings_in(one.value)
