"""The way in and through as a browser without scripts goes it: links, forms, cookies."""

import re
from html import unescape

import pytest
from django.test import Client

from participants import services as people
from participants.models import Participant
from recruitment.models import Settlement
from scheduling.models import Session
from studies.models import Version
from tests.machinery.people import MakeVersion, fresh, good_value, let_pass, page, stage_id

pytestmark = pytest.mark.django_db(transaction=True)
# As whole words, on any page before the debrief.
NEVER_SHOWN = ("rapport", "trust", "bot", "hidden", "condition", "sharing with", "lobby", "briefing", "policy")
WORDS = re.compile(r"<(script|style|head)\b.*?</\1>|<[^>]+>", re.S)


def browser() -> Client:
    return Client(headers={"host": "localhost"})


def start(version: Version, client: Client) -> Session:
    client.post(f"/j/{people.make_link(version.study)}")
    return fresh(Session.objects.latest("pk"))


def hidden_fields(html: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(key|rev)" value="([^"]*)"', html)
    return {name: unescape(value) for name, value in found}


def press(client: Client, **data: str) -> str:
    """Send the form of the page, follow to the next page and return its HTML."""
    html = client.get("/s/").content.decode()
    body = "&".join(f"{name}={value}" for name, value in (hidden_fields(html) | data).items())
    answer = client.post("/s/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in {303, 422}, answer.content.decode()
    return client.get("/s/").content.decode() if answer.status_code == 303 else answer.content.decode()


def answers(session: Session) -> dict[str, str]:
    return {field.key: good_value(session, field) for field in page(session).fields}


def test_from_the_link_to_the_code_with_forms_alone(make_version: MakeVersion) -> None:
    client = browser()
    session = start(make_version(), client)
    seen = [client.get("/s/").content.decode()]
    while stage_id(fresh(session)) != "lobby":
        seen.append(press(client, **answers(fresh(session))))
    assert "Leave now with £1.00" in seen[-1]
    assert "More players are needed." in seen[-1]
    let_pass(61, session)
    end = press(client, leave="1")
    settled = Settlement.objects.get()
    for words in (settled.code, "£1.20", "2 started minutes"):
        assert words in end
    assert client.get("/s/").content.decode().count(settled.code) >= 1
    for html in [*seen, end]:
        text = WORDS.sub(" ", html).lower()
        assert not [word for word in NEVER_SHOWN if re.search(rf"\b{word}\b", text)]


def test_refused_consent_says_what_is_missing_beside_the_box(make_version: MakeVersion) -> None:
    client = browser()
    start(make_version(), client)
    html = press(client)
    assert "Please tick this box if you want to take part." in html
    assert 'aria-invalid="true"' in html


def test_saying_no_ends_on_a_page_without_pay(make_version: MakeVersion) -> None:
    client = browser()
    start(make_version(), client)
    assert Settlement.objects.count() == 0
    html = press(client, decline="1")
    assert Settlement.objects.get().code in html
    assert "Your pay" not in html


def test_wrong_quiz_answer_is_explained_after_the_redirect_too(make_version: MakeVersion) -> None:
    client = browser()
    session = start(make_version(), client)
    while stage_id(fresh(session)) != "quiz":
        press(client, **answers(fresh(session)))
    right = answers(fresh(session))
    points = next(field.key for field in page(session).fields if field.kind == "points")
    html = press(client, **right | {points: "0"})
    assert "One answer is not right yet." in html
    assert re.search(r'class="error"[^>]*>[^<]+<', html)
    assert f'name="{points}" value="0"' in html


def test_cookie_of_one_study_shows_nothing_of_another(make_version: MakeVersion) -> None:
    first, second = browser(), browser()
    mine, theirs = start(make_version(), first), start(make_version(), second)
    press(second, **answers(theirs))
    assert (stage_id(fresh(mine)), stage_id(fresh(theirs))) == ("consent", "instructions")
    second.cookies["seat"] = "x" * 43
    assert second.get("/s/").status_code == 403


def test_second_click_on_start_in_the_same_browser_keeps_the_place(make_version: MakeVersion) -> None:
    version, client = make_version(), browser()
    token = people.make_link(version.study, is_open=True)
    client.post(f"/j/{token}")
    session = fresh(Session.objects.get())
    press(client, **answers(session))
    client.post(f"/j/{token}")
    assert Participant.objects.count() == 1
    assert stage_id(fresh(session)) == "instructions"
