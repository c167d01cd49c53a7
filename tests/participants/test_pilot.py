"""Whoever took part in the pilot never enters the main sample, by whichever link."""

import pytest
from django.test import Client

from participants import services as people
from participants.models import EntryLink, Participant
from participants.tokens import new_token
from studies.models import Version
from tests.machinery.people import MakeVersion

pytestmark = pytest.mark.django_db(transaction=True)
PILOT = Participant.Origin.PILOT


@pytest.fixture
def version(make_version: MakeVersion) -> Version:
    return make_version(sample={"unit": "group", "target": 5, "pilot": {"target": 5}})


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("kept_as", ["cookie_token", "pilot_token"])
def test_browser_of_the_pilot_goes_on_with_the_pilot(version: Version, is_open: bool, kept_as: str) -> None:
    tried = people.enter(people.make_link(version.study, is_open=True, origin=PILOT))
    link = people.make_link(version.study, is_open=is_open)
    again = people.enter(link, form_key=new_token(), **{kept_as: tried.secret})
    assert again == tried
    assert Participant.objects.get().origin == "pilot"
    assert EntryLink.objects.get(origin="link").participant is None


def test_link_of_the_pilot_leads_to_the_pilot_for_ever(version: Version) -> None:
    token = people.make_link(version.study, origin=PILOT)
    assert people.enter(token).participant == people.enter(token).participant
    assert set(Participant.objects.values_list("origin", flat=True)) == {"pilot"}


def test_personal_link_that_the_pilot_did_not_use_is_good_for_another_browser(version: Version) -> None:
    tried = people.enter(people.make_link(version.study, is_open=True, origin=PILOT))
    link = people.make_link(version.study)
    people.enter(link, cookie_token=tried.secret)
    assert people.enter(link).participant.origin == "link"


def test_browser_remembers_the_pilot_after_another_study(version: Version, make_version: MakeVersion) -> None:
    client = Client(headers={"host": "localhost"})
    other = people.make_link(make_version().study, is_open=True)
    for token in (people.make_link(version.study, is_open=True, origin=PILOT), other):
        client.post(f"/j/{token}", {"form_key": new_token()})
    client.post(f"/j/{people.make_link(version.study, is_open=True)}", {"form_key": new_token()})
    assert sorted(Participant.objects.values_list("study", "origin")) == sorted(
        [(version.study_id, "pilot"), (EntryLink.objects.exclude(study=version.study).get().study_id, "link")]
    )
    assert client.get("/s/").status_code == 200


def test_main_participant_does_not_become_one_of_the_pilot(version: Version) -> None:
    main = people.enter(people.make_link(version.study, is_open=True))
    link = people.make_link(version.study, is_open=True, origin=PILOT)
    assert people.enter(link, cookie_token=main.secret, form_key=new_token()) == main
