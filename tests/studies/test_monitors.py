"""A monitor whose rights end: sees nothing any more, and knows."""

import pytest
from django.contrib.auth.models import User

from events.models import Event
from studies import services
from studies.masking.services import end_monitor, name_monitor
from studies.masking.standing import is_masked_for, monitor_named
from studies.models import Membership, Study, Version
from studies.problems import StudyError
from tests.studies.test_masking import masked, somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(version: Version) -> Study:
    """Masked, with somebody who was a monitor for a time."""
    study = masked(version)
    name_monitor(study, somebody("ana"), by="root")
    end_monitor(study, "ana", by="root")
    return study


def ana() -> User:
    return User.objects.get(username="ana")


def test_who_was_a_monitor_sees_nothing_any_more_and_it_is_kept(study: Study) -> None:
    assert is_masked_for(study, ana().pk)
    assert not Study.objects.for_user(ana()).exists()
    with pytest.raises(StudyError, match="ana is no monitor"):
        monitor_named(study, "ana")
    event = Event.objects.get(kind="study.monitor_ended")
    assert (event.study_id, event.facts) == (study.pk, {"user": ana().pk, "ended_by": "root"})
    assert Membership.objects.get().role == Membership.Role.FORMER


@pytest.mark.parametrize("role", services.MEMBER_ROLES)
def test_who_knows_takes_no_other_part_before_it_is_closed(study: Study, role: str) -> None:
    for status in ("open", "paused"):
        Study.objects.filter(pk=study.pk).update(status=status)
        with pytest.raises(StudyError, match="ana was a monitor or wizard of sharing-test, and knows") as refused:
            services.add_member(study, ana(), role=role)
        assert refused.value.code == "role_taken"
    Study.objects.filter(pk=study.pk).update(status="closed")
    assert services.add_member(study, ana(), role=role).role == role
    assert Study.objects.for_user(ana()).get() == study


def test_nobody_is_given_the_role_of_who_was_a_monitor(study: Study) -> None:
    with pytest.raises(StudyError, match="no role of the team"):
        services.add_member(study, somebody("bea"), role=Membership.Role.FORMER)


def test_who_was_a_monitor_may_be_one_again(study: Study) -> None:
    name_monitor(study, ana(), by="root")
    assert not is_masked_for(study, ana().pk)
    assert Event.objects.filter(kind="study.monitor_named").count() == 2


@pytest.mark.parametrize("name", ["ana", "bea", "nobody"])
def test_only_a_monitor_s_rights_end_so(study: Study, name: str) -> None:
    services.add_member(study, somebody("bea"), role="owner")
    with pytest.raises(StudyError, match=f"{name} is no monitor of sharing-test; there are: nobody") as refused:
        end_monitor(study, name, by="root")
    assert refused.value.code == "not_a_monitor"
    assert Event.objects.filter(kind="study.monitor_ended").count() == 1


def test_rights_of_an_account_that_is_closed_can_be_ended(study: Study) -> None:
    name_monitor(study, ana(), by="root")
    User.objects.update(is_active=False)
    assert end_monitor(study, "ana", by="root").role == Membership.Role.FORMER
