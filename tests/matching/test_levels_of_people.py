"""What people were given, whatever gave it: one answer for every table."""

import pytest

from exports.scope import Scope
from exports.tables.participants import PARTICIPANTS
from matching.models import Group, Seat
from matching.queries import levels_of_people
from studies.models import Slot, condition_of, levels_of
from tests.machinery.people import MakeVersion, at_stage, newcomer, send
from tests.practice.practising import as_a_factor

pytestmark = pytest.mark.django_db(transaction=True)


def test_levels_of_people_are_those_of_their_group_and_their_own(make_version: MakeVersion) -> None:
    version = as_a_factor(make_version, roles={"giver": {"humans": 1}, "taker": {"humans": 1}})
    pair = [at_stage(version, "lobby").participant for _ in range(2)]
    for one in pair:
        send(one.sessions.get())
    alone = newcomer(version).participant
    own = {slot.holder_id: levels_of(slot.condition) for slot in Slot.objects.filter(holder_kind="participant")}
    label = levels_of(Group.objects.get().condition)
    found = levels_of_people([*pair, alone])
    assert found == {alone.pk: own[alone.pk]} | {one.pk: label | own[one.pk] for one in pair}
    assert {tuple(levels) for levels in found.values()} == {("label", "tried"), ("tried",)}
    told = {row["participant"]: row["condition"] for row in PARTICIPANTS.rows(Scope(version.study))}
    assert told == {one.code: condition_of(found[one.pk]) for one in (*pair, alone)}


def test_newest_group_counts(make_version: MakeVersion) -> None:
    version = make_version(roles={"giver": {"humans": 1}, "taker": {"humans": 1}})
    pair = [at_stage(version, "lobby") for _ in range(2)]
    for one in pair:
        send(one)
    seat = pair[0].seats.get()
    later = Group.objects.create(version=version, code="glater", stage="game", condition="label=other", rounds=1)
    seat.pk, seat.group, seat.status = None, later, Seat.Status.DONE  # nobody sits in two that play
    seat.save()
    assert levels_of_people([pair[0].participant]) == {pair[0].participant_id: {"label": "other"}}
