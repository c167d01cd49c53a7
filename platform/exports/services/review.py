"""Releasing words that are held back because a partner asked for deletion. Each release is kept as an event."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from chat.models import Entry
from events import log
from exports.course import RELEASED
from exports.declared import split_key
from exports.errors import ExportError
from exports.redaction import is_words, strings_in
from exports.scope import Scope
from exports.society import Society, societies, society_of
from flow.models import Act
from matching.models import Group
from studies.models import Study


@dataclass(frozen=True)
class Withheld:
    """What one person said in one match, to be read by a reviewer and nobody else."""

    match: str
    seat: str
    texts: tuple[str, ...]


def withheld(study: Study) -> Iterator[Withheld]:
    """Every person's words that are held back, match by match, read from the database as it is."""
    for society in societies(Scope(study)):
        for match, seat in _held_back(society):
            texts = tuple(_texts(society, match, seat))
            if texts:
                yield Withheld(society.match(society.matches[match]), society.seat(seat), texts)


@transaction.atomic
def release(study: Study, *, match: str, seat: str, reason: str) -> None:
    """Let the words of a seat in a match be written to datasets again.

    Args:
        match: Its code, such as "g0123456789.2.1".
        seat: Its code, such as "g0123456789-3".
        reason: Who has read them, and why they tell nothing about who left; kept with the release.

    Raises:
        ExportError: "no_reason"; "not_withheld" when nothing of that seat is held back there.
    """
    if not reason.strip():
        raise ExportError("no_reason", "say who has read them and why they may go out: --reason TEXT; it is kept")
    groups = Group.objects.select_for_update(of=("self",)).select_related("version__study")
    found = groups.filter(version__study=study, code=match.partition(".")[0]).first()
    place = _place(society_of(found), match, seat) if found else None
    if found is None or place is None:
        raise ExportError("not_withheld", f'nothing of seat "{seat}" is held back in match "{match}"; see the list')
    facts = {"match": place[0], "seat": place[1], "reason": reason.strip()}
    log.record(RELEASED, study=study.pk, subject=("group", found.pk), facts=facts)


def _place(society: Society, match: str, seat: str) -> tuple[int, int] | None:
    """Key of the match and number of the seat whose words are held back; None where these are not."""
    for pk, of in _held_back(society):
        if (society.match(society.matches[pk]), society.seat(of)) == (match, seat):
            return pk, society.seats[of].number
    return None


def _held_back(society: Society) -> Iterator[tuple[int, int]]:
    """Match and seat of each person whose words are held back."""
    for pk in society.matches:
        if society.has_withdrawn(pk):
            for seat in sorted(society.inside(pk) - society.withdrawn):
                if society.seats[seat].occupant == "person" and society.is_withheld(pk, seat):
                    yield pk, seat


def _texts(society: Society, match: int, seat: int) -> Iterator[str]:
    fields = society.declared.fields
    for act in Act.objects.filter(match=match, seat=seat).order_by("pk"):
        asked = fields(act.path, society.seats[seat].role)
        for name, value in act.values.items():
            yield from strings_in(value) if is_words(asked.get(split_key(name)[0]), value) else ()
    said = Entry.objects.filter(conversation__match=match, seat=seat).order_by("conversation", "seq")
    yield from said.exclude(text="").values_list("text", flat=True)
