"""Releasing words that are held back because a partner asked for deletion. Each release is kept as an event."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from chat.models import Entry
from events import log
from exports.course import RELEASED
from exports.declared import is_free_answer, split_key
from exports.errors import ExportError
from exports.redaction import is_words, strings_in
from exports.scope import Scope
from exports.society import NO_MATCH, Society, societies, society_of
from flow.models import Act
from matching.models import Group
from measures.models import Answer
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
class _Place:
    """Where words are held back, by primary keys; the match is `NO_MATCH` for answers."""

    code: str
    match: int
    seat: int


def withheld(study: Study) -> Iterator[Withheld]:
    """Every person's words that are held back, group by group, read from the database as it is."""
    for society in societies(Scope(study), with_withdrawn=True):
        for place in _held_back(society):
            texts = tuple(_answers(society, place) if place.match == NO_MATCH else _said(society, place))
            if texts:
                yield Withheld(place.code, society.seat(place.seat), texts)


@transaction.atomic
def release(study: Study, *, match: str, seat: str, reason: str) -> None:
    """Let the words of a seat in a match, or in answers, be written to datasets again.

    Args:
        match: Its code, such as "g0123456789.2.1"; for answers the group's, "g0123456789".
        seat: Its code, such as "g0123456789-3".
        reason: Who has read them, and why they tell nothing about who left; kept with the release.

    Raises:
        ExportError: "no_reason"; "not_withheld" when nothing of that seat is held back there.
    """
    if not reason.strip():
        raise ExportError("no_reason", "say who has read them and why they may go out: --reason TEXT; it is kept")
    groups = Group.objects.select_for_update(of=("self",)).select_related("version__study")
    found = groups.filter(version__study=study, code=match.partition(".")[0]).first()
    society = society_of(found) if found else None
    place = _place(society, match, seat) if society else None
    if society is None or place is None:
        raise ExportError("not_withheld", f'nothing of seat "{seat}" is held back in match "{match}"; see the list')
    facts = {"match": place.match, "seat": society.seats[place.seat].number, "reason": reason.strip()}
    log.record(RELEASED, study=study.pk, subject=("group", society.group.pk), facts=facts)


def _place(society: Society, match: str, seat: str) -> _Place | None:
    """Where a seat's words are held back, by codes; None where these are not."""
    found = (one for one in _held_back(society) if (one.code, society.seat(one.seat)) == (match, seat))
    return next(found, None)


def _held_back(society: Society) -> Iterator[_Place]:
    """Each person's words in a match, and in answers, that are held back."""
    for pk, match in society.matches.items():
        for seat in sorted(society.inside(pk) - society.withdrawn) if society.has_withdrawn(pk) else ():
            if society.seats[seat].occupant == "person" and society.is_withheld(pk, seat):
                yield _Place(society.match(match), pk, seat)
    for seat in sorted(society.seats):
        if society.are_answers_withheld(seat):
            yield _Place(society.group.code, NO_MATCH, seat)


def _said(society: Society, place: _Place) -> Iterator[str]:
    fields = society.declared.fields
    for act in Act.objects.filter(match=place.match, seat=place.seat).order_by("pk"):
        asked = fields(act.path, society.seats[place.seat].role)
        for name, value in act.values.items():
            yield from strings_in(value) if is_words(asked.get(split_key(name)[0]), value) else ()
    said = Entry.objects.filter(conversation__match=place.match, seat=place.seat).order_by("conversation", "seq")
    yield from said.exclude(text="").values_list("text", flat=True)


def _answers(society: Society, place: _Place) -> Iterator[str]:
    """What its person wrote in words since the group was formed."""
    seat, version = society.seats[place.seat], society.group.version
    for one in Answer.objects.filter(session=seat.session_id, at__gte=society.group.formed_at).order_by("pk"):
        if is_free_answer(version, one.stage, one.item):
            yield from strings_in(one.value)
