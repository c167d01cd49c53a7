"""The one-time link: looked at as often as one likes, used once, and never a door to a real study."""

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from console.errors import ConsoleError
from console.models import DemoEntry
from console.services import Demo, make_demo_entry, prepare_demo, redeem_demo_entry
from studies.models import Membership, Study
from tests.console.conftest import DEMO_FOLDER

pytestmark = pytest.mark.django_db(transaction=True)


def test_link_signs_in_by_post_and_only_once(demo: Demo) -> None:
    way_in = reverse("demo_entry", args=[demo.researcher_token])
    first, second = Client(), Client()
    assert first.get(way_in).status_code == 200
    assert settings.SESSION_COOKIE_NAME not in first.cookies
    assert first.post(way_in)["Location"] == reverse("studies")
    assert first.get(reverse("study", args=[demo.study.slug])).status_code == 200
    assert second.post(way_in).status_code == 410
    assert second.get(reverse("studies")).status_code == 302


def test_link_is_stored_hashed_and_unknown_ones_are_refused(demo: Demo) -> None:
    assert demo.researcher_token not in str(DemoEntry.objects.values())
    assert Client().post(reverse("demo_entry", args=["x" * 43])).status_code == 410


def test_link_opens_no_account_that_works_on_a_real_study(demo: Demo) -> None:
    user = User.objects.get(username="demo-researcher")
    Membership.objects.create(study=Study.objects.create(slug="real", title="Real"), user=user, role="analyst")
    with pytest.raises(ConsoleError) as refused:
        redeem_demo_entry(demo.researcher_token)
    assert refused.value.code == "not_a_demo"
    with pytest.raises(ConsoleError):
        make_demo_entry(User.objects.create(username="somebody", is_staff=True))


def test_preparing_the_demo_again_keeps_the_study_and_its_links(demo: Demo) -> None:
    again = prepare_demo(DEMO_FOLDER)
    assert again.study == demo.study
    assert again.study.versions.count() == 1
    assert {again.play_token, again.researcher_token}.isdisjoint({demo.play_token, demo.researcher_token})
    for token in (demo.play_token, again.play_token):
        assert Client().get(reverse("landing", args=[token])).status_code == 200
    assert not User.objects.get().has_usable_password()
