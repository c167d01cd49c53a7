"""Groups that are tried out, and groups that count, in one version."""

from collections import Counter

import pytest
from django.db import transaction

from matching.models import Group
from matching.services import run_group, seat_group
from studies.allocation import sequence_of
from studies.models import Slot, Version
from tests.machinery.people import MakeVersion
from tests.machinery.slots import holders_by_condition

pytestmark = pytest.mark.django_db(transaction=True)


@transaction.atomic
def formed(version: Version, origin: str) -> Group:
    return run_group(version, "game") if origin == "run" else seat_group(version, "game", [], origin=origin)


def slot_of(group: Group) -> Slot:
    return Slot.objects.get(holder_kind="group", holder_id=group.pk)


def test_trials_draw_from_sequences_of_their_own(make_version: MakeVersion) -> None:
    version = make_version(fill={"after_seconds": 30})
    tried = [slot_of(formed(version, origin)) for origin in ("run", "run", "demo", "simulated")]
    assert [(one.stratum, one.number) for one in tried] == [("~run", 1), ("~run", 2), ("~demo", 1), ("~simulated", 1)]
    real = [slot_of(formed(version, "live")) for _ in range(8)]
    assert [(one.stratum, one.number) for one in real] == [("", number) for number in range(1, 9)]
    assert sum(holders_by_condition(version).values()) == 8
    for number in {one.block for one in real}:
        of_block = Counter(Slot.objects.filter(stratum="", block=number).values_list("condition", flat=True))
        assert of_block["label=hidden"] == of_block["label=marked"]


def test_sequence_that_counts_is_named_by_its_stratum_alone() -> None:
    assert [sequence_of(origin, "site=north") for origin in ("live", "link")] == ["site=north"] * 2
    assert sequence_of("live") == ""
    assert sequence_of("preview", "site=north") == "~preview,site=north"
