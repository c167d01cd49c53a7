"""Practice and stages for some under verification: nothing differs as played, and whatever is made untrue is named."""

from collections.abc import Callable

import pytest

from events.models import Event
from flow.models import PracticeStep
from studies.models import Version
from tests.machinery.erasing import erasing
from tests.machinery.people import MakeVersion, at_stage, go_on, stage_id
from tests.practice.practising import as_a_factor, practising
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
AN_HOUR = 3600.0


def differing(version: Version) -> set[str]:
    return {each.what for each in check(version.study, late_after_seconds=AN_HOUR).differences}


def change_view(step: PracticeStep) -> None:
    step.view["facts"]["given"] = 99
    step.save()


def change_values(step: PracticeStep) -> None:
    step.values = {"given": 4, "note": ""}
    step.save()


def forget_values(step: PracticeStep) -> None:
    step.values = None
    step.save()


def change_number(step: PracticeStep) -> None:
    step.number = 9
    step.save()


def change_stage(step: PracticeStep) -> None:
    PracticeStep.objects.filter(session=step.session).update(stage="lobby")


@pytest.mark.parametrize(
    ("spoil", "number", "named"),
    [
        (change_view, 2, "page of practice"),
        (change_view, 2, "hash of a page of practice"),
        (change_values, 1, "page of practice"),
        (forget_values, 1, "answer of a page of practice"),
        (change_number, 2, "numbers of the pages of practice"),
        (change_stage, 1, "practice at another stage"),
    ],
)
def test_untrue_page_of_practice_is_named(
    make_version: MakeVersion, spoil: Callable[[PracticeStep], None], number: int, named: str
) -> None:
    version = practising(make_version)
    session = at_stage(version, "lobby")
    assert differing(version) == set()
    spoil(PracticeStep.objects.get(session=session, number=number))
    assert named in differing(version)


def test_stage_that_was_shown_to_or_kept_from_the_wrong_person_is_named(make_version: MakeVersion) -> None:
    version = as_a_factor(make_version)
    here = [go_on(at_stage(version, "quiz")) for _ in range(4)]
    assert differing(version) == set()
    passed = next(one for one in here if stage_id(one) == "lobby")
    told = Event.objects.get(kind="stage.skipped", subject_id=passed.pk)
    with erasing():
        Event.objects.filter(pk=told.pk).update(kind="stage.opened")
    assert told.facts == {"stage": "try_out"}
    assert "stage shown" in differing(version)
