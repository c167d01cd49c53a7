"""What a reviewer decides of words that are held back because a partner asked for deletion: they go out, or they go.

Each decision is kept as an event.
"""

from collections import Counter
from getpass import getuser

from django.db import transaction

from chat.models import Entry
from events import log
from exports.course import DELETED, RELEASED
from exports.declared import split_key
from exports.errors import ExportError
from exports.held import Place, free_answers, held_back
from exports.models import Tombstone
from exports.redaction import is_words, marked, marked_card, stored
from exports.services import wishes
from exports.services.door import erasing
from exports.society import NO_MATCH, Society, society_of
from flow.models import Act, Exposure
from matching.models import Group
from studies.models import Study

RULE = "review"


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
    society, place = _found(study, match, seat, reason, "why they may go out")
    _keep(RELEASED, society, place, reason)
    wishes.settle(study)


@transaction.atomic
def delete(study: Study, *, match: str, seat: str, reason: str) -> int:
    """Delete those words instead, because they do tell of who left; return how many rows held them. Not to be undone.

    Arguments and errors are those of `release`.
    """
    society, place = _found(study, match, seat, reason, "why they must go")
    with erasing():
        gone = _emptied(society, place)
    rows = [Tombstone(study=study, rule=RULE, what=what, rows=n, by=getuser()) for what, n in gone.items() if n]
    Tombstone.objects.bulk_create(rows)
    _keep(DELETED, society, place, reason)
    wishes.settle(study)
    return gone.total()


def _found(study: Study, match: str, seat: str, reason: str, what: str) -> tuple[Society, Place]:
    if not reason.strip():
        raise ExportError("no_reason", f"say who has read them and {what}: --reason TEXT; it is kept")
    groups = Group.objects.select_for_update(of=("self",)).select_related("version__study")
    found = groups.filter(version__study=study, code=match.partition(".")[0]).first()
    society = society_of(found) if found else None
    place = _place(society, match, seat) if society else None
    if society is None or place is None:
        raise ExportError("not_withheld", f'nothing of seat "{seat}" is held back in match "{match}"; see the list')
    return society, place


def _place(society: Society, match: str, seat: str) -> Place | None:
    """Where a seat's words are held back, by codes; None where these are not."""
    found = (one for one in held_back(society) if (one.code, society.seat(one.seat)) == (match, seat))
    return next(found, None)


def _keep(kind: str, society: Society, place: Place, reason: str) -> None:
    facts = {"match": place.match, "seat": society.seats[place.seat].number, "reason": reason.strip()}
    log.record(kind, study=society.group.version.study_id, subject=("group", society.group.pk), facts=facts)


def _emptied(society: Society, place: Place) -> Counter[str]:
    gone: Counter[str] = Counter()
    if place.match == NO_MATCH:
        for one in free_answers(society, place.seat):
            one.value = marked(one.value)
            one.save(update_fields=["value"])
            gone["answers"] += 1
        return gone
    said = Entry.objects.filter(conversation__match=place.match, seat=place.seat).exclude(text="")
    for entry in said.order_by("pk"):
        entry.text = marked(entry.text)
        entry.save(update_fields=["text"])
        gone["entries"] += 1
    role = society.seats[place.seat].role
    for act in Act.objects.filter(match=place.match, seat=place.seat).order_by("pk"):
        fields = society.declared.fields(act.path, role)
        words = {name for name, value in act.values.items() if is_words(fields.get(split_key(name)[0]), value)}
        if words:
            act.values = {name: marked(value) if name in words else value for name, value in act.values.items()}
            act.save(update_fields=["values"])
            gone["acts"] += 1
    gone["others_views"] = _emptied_cards(society, place)
    return gone


def _emptied_cards(society: Society, place: Place) -> int:
    """What others were shown of those words, on the card of who wrote them."""
    position, changed = society.position(place.match, place.seat), 0
    for row in Exposure.objects.filter(match=place.match).order_by("pk"):
        cards = [marked_card(one) if one["position"] == position else one for one in row.view.get("cards", ())]
        if cards != row.view.get("cards", []):
            for name, value in stored({**row.view, "cards": cards}).items():
                setattr(row, name, value)
            row.save(update_fields=["view", "sha256"])
            changed += 1
    return changed
