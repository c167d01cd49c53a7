"""What was done, shown, answered, agreed to and paid cannot be changed, not even by a slip of our own."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from flow.models import Act
from matching.models import Group
from tests.flow.conftest import act

GUARDED = [
    "flow_act",
    "flow_exposure",
    "flow_submission",
    "flow_debriefing",
    "measures_answer",
    "measures_pageshown",
    "measures_scaledrawn",
    "participants_consent",
    "recruitment_settlement",
    "chat_casenumber",
    "chat_entry",
    "chat_trigger",
    "chat_safetystep",
    "chat_wordstrigger",
    "chat_wordsstep",
    "matching_keptapart",
    "events_event",
    "simulation_simulationrun",
    "studies_version",
    "studies_allocation",
    "studies_deviation",
]


@pytest.mark.django_db
@pytest.mark.parametrize("name", GUARDED)
def test_table_refuses_change_and_deletion(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_or(tgtype & 16 > 0) AND bool_or(tgtype & 8 > 0) FROM pg_trigger"
            " WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            [name],
        )
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db
def test_act_cannot_be_changed(make_group: Callable[..., Group]) -> None:
    group = make_group("giver", "taker")
    act(group.matches.get(), group.seats.get(role="giver"), sent="4")
    with pytest.raises(IntegrityError), transaction.atomic():
        Act.objects.update(values={"sent": 9})
    with pytest.raises(IntegrityError), transaction.atomic():
        Act.objects.all().delete()
    assert Act.objects.get().values == {"sent": 4}
