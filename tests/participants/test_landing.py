"""The page behind a link, and what guessing gets."""

import re
import time

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client

from events.models import Event
from participants import limiter
from participants import services as people
from participants.models import EntryLink, Participant
from participants.tokens import new_token
from studies.models import Version
from studies.services import close_study
from tests.machinery.people import MakeVersion, study_of

pytestmark = pytest.mark.django_db(transaction=True)
SEE_OTHER, FORBIDDEN, MISSING, TOO_MANY = 303, 403, 404, 429


@pytest.fixture
def version(make_version: MakeVersion) -> Version:
    return make_version()


@pytest.fixture(autouse=True)
def nobody_has_guessed() -> None:
    cache.clear()


def browser(**facts: object) -> Client:
    return Client(headers={"host": "localhost"}, **facts)  # type: ignore[arg-type]


def test_landing_page_says_what_when_and_how_much_and_changes_nothing(version: Version) -> None:
    token = people.make_link(version.study)
    before = Event.objects.count()
    answer = browser().get(f"/j/{token}")
    text = answer.content.decode()
    assert answer.status_code == 200
    for words in ("A decision task with other players", "20 minutes", "£4.00", "£6.00", "Start"):
        assert words in text
    for word in ("Sharing with hidden", "rapport", "hidden or marked"):
        assert word.lower() not in text.lower()
    assert token not in text
    assert "seat" not in answer.cookies
    assert (Participant.objects.count(), Event.objects.count()) == (0, before)


def test_simulated_study_says_so_from_the_landing_page_on(make_version: MakeVersion) -> None:
    version = make_version(is_simulated=True)
    client, token = browser(), people.make_link(version.study, origin=Participant.Origin.SIMULATED)
    stamp = "SIMULATED: a trial run by computer programs."
    assert stamp in client.get(f"/j/{token}").content.decode()
    assert stamp in client.post(f"/j/{token}", follow=True).content.decode()


def test_start_gives_a_cookie_that_scripts_and_other_sites_cannot_use(version: Version) -> None:
    answer = browser().post(f"/j/{people.make_link(version.study)}", {"form_key": new_token()})
    assert (answer.status_code, answer["Location"]) == (SEE_OTHER, "/s/")
    cookie = answer.cookies["seat"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie.value not in {Participant.objects.get().token_sha256, ""}
    assert len(cookie.value) == 43


def test_cookie_is_bound_to_the_host_over_https(version: Version, settings: LazySettings) -> None:
    settings.IS_HTTPS = True
    answer = browser().post(f"/j/{people.make_link(version.study)}", secure=True)
    assert answer.cookies["__Host-seat"]["secure"] is True


def test_form_of_the_page_leads_to_the_session(version: Version) -> None:
    client, token = browser(), people.make_link(version.study, is_open=True)
    key = re.search(r'name="form_key" value="([^"]+)"', client.get(f"/j/{token}").content.decode())
    assert key
    client.post(f"/j/{token}", {"form_key": key[1]})
    page = client.get("/s/")
    assert page.status_code == 200
    assert "Taking part" in page.content.decode()


def test_start_needs_the_token_of_its_page(version: Version) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    assert client.post(f"/j/{people.make_link(version.study)}").status_code == FORBIDDEN
    assert not Participant.objects.exists()


def test_unknown_revoked_and_misspelt_links_look_alike(version: Version) -> None:
    token = people.make_link(version.study)
    EntryLink.objects.update(revoked_at=version.frozen_at)
    pages = {
        re.sub(r"[A-Z2-9]{8}", "", browser().generic(method, f"/j/{bad}").content.decode())
        for bad in (token, new_token(), "x")
        for method in ("GET", "POST")
    }
    assert len(pages) == 1


@pytest.mark.usefixtures("one_stretch")
def test_guessing_is_slowed_down_after_ten_from_that_address_and_good_links_never(version: Version) -> None:
    token = people.make_link(version.study)
    client = browser(REMOTE_ADDR="10.0.0.1")
    assert [client.get(f"/j/{new_token()}").status_code for _ in range(12)] == [MISSING] * 10 + [TOO_MANY] * 2
    assert client.post(f"/j/{new_token()}").status_code == TOO_MANY
    assert browser(REMOTE_ADDR="10.0.0.2").get(f"/j/{new_token()}").status_code == MISSING
    assert client.get(f"/j/{token}").status_code == 200
    assert client.post(f"/j/{token}", {"form_key": new_token()}).status_code == SEE_OTHER
    cache.clear()
    assert client.get(f"/j/{new_token()}").status_code == MISSING


def test_good_links_are_never_counted(version: Version) -> None:
    token = people.make_link(version.study, is_open=True)
    assert {browser().get(f"/j/{token}").status_code for _ in range(15)} == {200}


def test_address_is_not_kept_and_cannot_be_forged(settings: LazySettings) -> None:
    request = browser().get("/livez", REMOTE_ADDR="10.1.1.1", headers={"x-forwarded-for": "6.6.6.6"}).wsgi_request
    assert limiter.address_of(request) == "10.1.1.1"
    settings.IS_HTTPS = True
    request.META["HTTP_X_FORWARDED_FOR"] = "6.6.6.6, 10.2.2.2"
    assert limiter.address_of(request) == "10.2.2.2"
    assert "10.2.2.2" not in limiter._digest("10.2.2.2")


def test_limiter_lets_everybody_pass_without_redis(version: Version, settings: LazySettings) -> None:
    nowhere = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "unix:///nowhere.sock"}
    settings.CACHES = {"default": nowhere}
    assert [browser().get(f"/j/{new_token()}").status_code for _ in range(12)] == [MISSING] * 12
    assert browser().get(f"/j/{people.make_link(version.study)}").status_code == 200


@pytest.mark.usefixtures("mute_redis")
def test_links_are_answered_at_once_while_redis_hangs(version: Version) -> None:
    good = people.make_link(version.study)
    for token, status in ((new_token(), MISSING), (good, 200)):
        began = time.monotonic()
        assert browser().get(f"/j/{token}").status_code == status
        assert time.monotonic() - began < 2


def test_closed_study_answers_calmly(version: Version) -> None:
    token = people.make_link(version.study)
    close_study(study_of(version))
    answer = browser().post(f"/j/{token}")
    assert answer.status_code == FORBIDDEN
    assert "This study has ended" in answer.content.decode()
    assert not Participant.objects.exists()


def test_open_link_lets_only_so_many_new_people_in_from_one_address(
    version: Version, settings: LazySettings, one_stretch: None
) -> None:
    settings.MOST_ENTRIES_PER_ADDRESS = 3
    token = people.make_link(version.study, is_open=True)
    here = [browser() for _ in range(4)]
    answers = [one.post(f"/j/{token}", {"form_key": new_token()}).status_code for one in here]
    assert answers == [SEE_OTHER] * 3 + [TOO_MANY]
    assert Participant.objects.count() == 3
    assert here[0].post(f"/j/{token}", {"form_key": new_token()}).status_code == SEE_OTHER, "who is in comes back"
    for _ in range(2):
        forged = browser(HTTP_COOKIE="seat=x")
        assert forged.post(f"/j/{token}", {"form_key": new_token()}).status_code == TOO_MANY, "a cookie of nobody's"
    elsewhere = browser(REMOTE_ADDR="10.0.0.9").post(f"/j/{token}", {"form_key": new_token()})
    assert elsewhere.status_code == SEE_OTHER
    own = [people.make_link(version.study) for _ in range(2)]
    assert [browser().post(f"/j/{one}", {"form_key": new_token()}).status_code for one in own] == [SEE_OTHER] * 2


def test_open_links_can_be_ended_and_let_go_on_who_came_by_one(version: Version) -> None:
    token, own = people.make_link(version.study, is_open=True), people.make_link(version.study)
    client = browser()
    client.post(f"/j/{token}", {"form_key": new_token()})
    assert people.revoke_open_links(study_of(version)) == 1
    assert browser().get(f"/j/{token}").status_code == MISSING
    assert client.get("/s/").status_code == browser().get(f"/j/{own}").status_code == 200
