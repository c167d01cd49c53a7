"""A scale that is asked at every visit: drawn anew each time, a score for each, and a missed visit has none."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from events import clock
from exports.scope import Scope
from exports.tables.scales import SCALE_ITEMS, SCORES
from measures.models import ScaleDrawn
from tests.machinery.people import MakeVersion
from tests.scheduling.test_visits import FILE, START, berlin, enrolled, pass_to, states, take_part
from tests.studies.test_scale_checks import SCALE
from verification.check import check

pytestmark = pytest.mark.django_db
ITEMS = ["w1", "w2", "o1", "o2", "read"]


def file_with(text: str, **stage: Any) -> dict[str, Any]:
    """The study of several visits, whose talks are each followed by a scale."""
    said = deepcopy(FILE) | {"scales": {"near": {"file": "scales/near.yaml"}}}
    said["texts"]["scales/near.yaml"] = text
    said["waves"][1]["stages"] = [{"id": "feel", "kind": "survey", "scales": ["near"], **stage}]
    return said


def test_scale_is_drawn_and_scored_for_each_visit_that_took_place(make_version: MakeVersion) -> None:
    clock.simulate()
    clock.stand(START)
    version = make_version(**file_with(SCALE))
    people = [enrolled(version) for _ in range(3)]
    for number, day in enumerate((23, 26, 29)):
        pass_to(berlin(2027, 3, day, 8))
        for at, session in enumerate(people):
            if number != at % 2:  # each misses one
                people[at] = take_part(session)
    pass_to(clock.now() + timedelta(days=2, hours=1))
    assert [states(session)[:3].count("missed") for session in people] == [1, 1, 1]
    drawn = ScaleDrawn.objects.filter(session__wave="talk")
    assert drawn.count() == 6
    assert len({tuple(one.shown) for one in drawn}) > 2, "an order and blocks for each visit"
    items, scores = (list(table.rows(Scope(version.study))) for table in (SCALE_ITEMS, SCORES))
    assert [row["item"] for row in items] == ITEMS * 6
    taken = [(row["participant"], row["wave"], row["repeat"]) for row in scores]
    assert taken == sorted(taken)
    assert len(set(taken)) == 6
    assert all(row["score"] is not None for row in scores)
    assert [str(one) for one in check(version.study).differences] == []
