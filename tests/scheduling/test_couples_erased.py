"""Whose data are deleted is quoted nowhere any more by a partner of several visits: neither later on nor to others."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from events import runner
from exports.held import free_answers
from exports.society import society_of
from flow.models import Act
from flow.services import sessions
from matching.models import Group, Seat
from measures.models import Answer
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
