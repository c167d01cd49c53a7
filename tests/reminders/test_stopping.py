"""Reminders end where somebody wants it: by the page beside the visits, by the link in a message, by one click."""

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client

from events.models import Event
from flow.address_form import AGREED
from flow.forms import ADDRESS, FORM
from flow.services import sessions
from participants import identity
from participants.access import cookie_name
from participants.models import Contact, Participant
from participants.tokens import digest
from scheduling.models import Session
from studies.models import Version
from tests.machinery.people import newcomer, page, send
from tests.reminders.conftest import SOMEBODY, became, enrolled, link_in, outbox
from tests.scheduling.test_visits import answer, berlin, newest, pass_to
from tests.scheduling.test_visits import enrolled as without_question
from verification.check import check

pytestmark = pytest.mark.django_db
Make = Callable[..., Version]


@pytest.fixture(autouse=True)
def nobody_has_guessed() -> None:
    cache.clear()


def browser_of(session: Session) -> Client:
    """A browser that carries somebody's secret."""
    secret = f"secret-{session.participant_id}"
    Participant.objects.filter(pk=session.participant_id).update(token_sha256=digest(secret))
    browser = Client(headers={"host": "localhost"})
    browser.cookies[cookie_name()] = secret
    return browser


def stop_link(version: Version) -> tuple[Session, str]:
    """Somebody who got a message, and the way out of it."""
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    return session, link_in(outbox()[-1], "/u/")


def post(browser: Client, body: str, address: str = "/s/reminders") -> int:
    return int(browser.post(address, body, content_type=FORM).status_code)


def test_opening_the_link_changes_nothing_and_the_button_stops_all(version: Version) -> None:
    session, link = stop_link(version)
    stranger = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
    for _ in range(3):  # mail scanners follow links
        shown = stranger.get(link)
        assert shown.status_code == 200
        assert stranger.head(link).status_code == 200
    assert identity.address_of(session.participant) == SOMEBODY
    assert "Send me no more reminders" in shown.content.decode()
    assert cookie_name() not in shown.cookies, "it lets nobody in"
    assert session.participant.code not in shown.content.decode()
    assert post(stranger, "", link) == 200
    assert "You get no more reminders" in stranger.get(link).content.decode()
    contact = Contact.objects.get()
    assert (contact.sealed_address, contact.agreed_at) == ("", None)
    pass_to(berlin(2027, 3, 24, 8))
    assert became(session)[1] == ("suppressed", "unsubscribed")
    assert len(outbox()) == 1
    assert stranger.get("/s/").status_code == 403
    stopped = Event.objects.filter(kind="reminders.stopped")
    assert [one.facts for one in stopped] == [{"by": "link"}]


@pytest.mark.parametrize("shape", ["multipart", "urlencoded"])
def test_mail_program_stops_them_with_one_click(version: Version, shape: str) -> None:
    session, link = stop_link(version)
    program = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
    if shape == "multipart":
        assert program.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    else:
        assert post(program, "List-Unsubscribe=One-Click", link) == 200
        assert post(program, "List-Unsubscribe=One-Click", link) == 200, "again is harmless"
    assert identity.has_stopped(session.participant)
    assert [one.facts for one in Event.objects.filter(kind="reminders.stopped")] == [{"by": "one_click"}]


def test_unknown_tokens_are_answered_alike_and_counted(version: Version) -> None:
    session, link = stop_link(version)
    stranger = Client(headers={"host": "localhost"})
    answers = {(stranger.post if n % 2 else stranger.get)(f"/u/{'x' * n}").status_code for n in range(40, 50)}
    assert answers == {404}
    assert stranger.get("/u/another").status_code == 429
    assert stranger.get(link).status_code == 200, "a good one is never refused"
    identity.erase(session.participant)
    cache.clear()
    gone = stranger.get(link)
    assert gone.status_code == 404
    assert "your address is deleted" in gone.content.decode()


def test_link_that_leads_nowhere_any_more_answers_in_the_language_of_its_study(make: Make) -> None:
    session, link = stop_link(make(language="de"))
    way_in = link_in(outbox()[-1], "/j/")
    stranger = Client(headers={"host": "localhost"})
    assert "Willkommen zurück." in stranger.get(way_in).content.decode()
    Contact.objects.filter(participant=session.participant).delete()
    pass_to(berlin(2027, 3, 25, 12))  # the visit and its grace are over
    gone = stranger.get(link, headers={"Accept-Language": "en"})
    assert gone.status_code == 404
    assert '<html lang="de">' in gone.content.decode()
    assert "Dieser Link gilt nicht mehr" in gone.content.decode()
    ended = stranger.get(way_in)
    assert (ended.status_code, ended.headers["Content-Language"]) == (404, "de")
    assert "Hier ist nichts" in ended.content.decode()
    for _ in range(10):
        stranger.get(link)
    for address in (link, way_in):
        refused = stranger.get(address)
        assert refused.status_code == 429
        assert "Bitte warten Sie eine Minute" in refused.content.decode()


def test_link_of_which_a_part_is_missing_answers_a_known_browser_in_the_language_of_its_study(make: Make) -> None:
    session, link = stop_link(make(language="de"))
    cut = link.partition("?")[0][:-4]
    assert "Dieser Link gilt nicht mehr" in browser_of(session).get(cut).content.decode()
    stranger = Client(headers={"host": "localhost"})
    assert "This link does not work any more" in stranger.get(cut).content.decode()
    for strange in ("xx", "../de", "de'", "d" * 999):
        assert "This link does not work any more" in stranger.get(cut, {"in": strange}).content.decode()


def test_page_that_fails_says_so_in_the_language_of_the_study(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    _session, link = stop_link(make(language="de"))

    def fails(*_about: object, **_facts: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("flow.services.addresses.stop", fails)
    browser = Client(headers={"host": "localhost"}, raise_request_exception=False)
    failed = browser.post(link, "", content_type=FORM)
    assert failed.status_code == 500
    assert "Etwas ist schiefgegangen" in failed.content.decode()
    with_too_much = browser.post(link.partition("?")[0], {"x": "y" * 3_000_000})
    assert (with_too_much.status_code, with_too_much.headers["Content-Language"]) == (413, "de")


def test_address_is_changed_and_taken_back_beside_the_visits(version: Version) -> None:
    session = enrolled(version)
    browser = browser_of(session)
    assert 'href="/s/reminders"' in browser.get("/s/").content.decode()
    shown = browser.get("/s/reminders").content.decode()
    assert "You are reminded at q…@example.org." in shown
    assert SOMEBODY not in shown, "whoever looks over a shoulder learns no address"
    assert post(browser, f"do=keep&{ADDRESS}=other%40example.org") == 422, "not without the tick"
    assert post(browser, f"do=keep&{ADDRESS}=nonsense&{AGREED}=yes") == 422
    assert post(browser, f"do=keep&{ADDRESS}=other%40example.org&{AGREED}=yes") == 303
    assert identity.address_of(session.participant) == "other@example.org"
    assert post(browser, "do=stop") == 303
    assert identity.address_of(session.participant) == ""
    shown = browser.get("/s/reminders").content.decode()
    assert "You get no reminders." in shown
    assert "delete my address" not in shown
    pass_to(berlin(2027, 3, 23, 8))
    assert outbox() == []
    assert post(browser, f"do=keep&{ADDRESS}=third%40example.org&{AGREED}=yes") == 303
    pass_to(berlin(2027, 3, 24, 8))
    assert [message.to for message in outbox()] == [["third@example.org"]]
    kinds = Event.objects.filter(kind__startswith="reminders.").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["reminders.agreed", "reminders.agreed", "reminders.stopped", "reminders.agreed"]


def test_nobody_is_asked_for_an_address_twice(version: Version) -> None:
    session, asked = newcomer(version), 0
    while page(session).kind != "end":
        if page(session).kind == "home" and not page(session).button:
            opens = session.participant.scheduled.filter(state="planned").order_by("number")[0].opens_at
            assert opens is not None
            pass_to(opens)
            continue
        is_asked = any(field.kind == "email" for field in page(session).fields)
        asked += is_asked
        session = newest_after(session, {ADDRESS: SOMEBODY, AGREED: "yes"}) if is_asked else answer(session)
    assert asked == 1


@pytest.mark.parametrize("decision", [f"do=keep&{ADDRESS}=own%40example.org&{AGREED}=yes", "do=stop"])
def test_who_has_decided_on_the_page_about_reminders_is_not_asked_once_more(version: Version, decision: str) -> None:
    """It can be opened in the first visit, too, by whoever knows its address."""
    session = newcomer(version)
    browser = browser_of(session)
    assert post(browser, decision) == 303
    while session.status == Session.Status.ACTIVE:
        assert not any(field.kind == "email" for field in page(session).fields)
        session = answer(session)
    assert identity.address_of(session.participant) == ("own@example.org" if "keep" in decision else "")
    assert [row.state for row in session.participant.scheduled.order_by("number")] == ["planned"] * 4
    assert [str(one) for one in check(version.study).differences] == []


def newest_after(session: Session, said: dict[str, str]) -> Session:
    assert send(session, **said) == "stored"
    return newest(session)


def test_messages_to_a_mistyped_address_open_nothing_once_it_is_mended(version: Version) -> None:
    """Whoever reads that mailbox is a stranger: neither may they come in, nor stop what now goes to the person."""
    session, stop = stop_link(version)
    way_in = link_in(outbox()[-1], "/j/")
    stranger = Client(headers={"host": "localhost"})
    assert stranger.get(way_in).status_code == 200
    browser = browser_of(session)
    assert post(browser, f"do=keep&{ADDRESS}=right%40example.org&{AGREED}=yes") == 303
    assert stranger.get(way_in).status_code == 404
    assert post(stranger, "List-Unsubscribe=One-Click", stop) == 404
    assert identity.address_of(session.participant) == "right@example.org"
    pass_to(berlin(2027, 3, 24, 8))
    assert outbox()[-1].to == ["right@example.org"]
    newer = link_in(outbox()[-1], "/j/")
    assert stranger.get(newer).status_code == 200
    assert post(browser, "do=stop") == 303
    assert stranger.get(newer).status_code == 404, "taken back on the page: it may not have been the person's"


def test_the_same_address_given_again_changes_nothing(version: Version) -> None:
    """As by a second click: messages of before still stop reminders, and still lead to the person's page."""
    session, stop = stop_link(version)
    way_in, stranger = link_in(outbox()[-1], "/j/"), Client(headers={"host": "localhost"})
    body = f"do=keep&{ADDRESS}={SOMEBODY.replace('@', '%40')}&{AGREED}=yes"
    assert post(browser_of(session), body) == 303
    assert stranger.get(way_in).status_code == 200
    assert Event.objects.filter(kind="reminders.agreed").count() == 1
    assert post(stranger, "List-Unsubscribe=One-Click", stop) == 200
    assert identity.address_of(session.participant) == ""
    assert post(browser_of(session), body) == 303
    assert identity.address_of(session.participant) == SOMEBODY, "given anew"
    assert post(stranger, "List-Unsubscribe=One-Click", stop) == 404


def test_who_stops_them_from_a_message_can_still_come_in_by_it(version: Version) -> None:
    _session, stop = stop_link(version)
    way_in = link_in(outbox()[-1], "/j/")
    assert post(Client(headers={"host": "localhost"}), "", stop) == 200
    assert Client(headers={"host": "localhost"}).get(way_in).status_code == 200


def test_who_is_reminded_otherwise_can_stop_that_too(make: Make) -> None:
    version = make(channels=["recruiter_message"], recruitment={"adapter": "files"})
    session = without_question(version)
    browser = browser_of(session)
    shown = browser.get("/s/reminders").content.decode()
    assert "by the service through which you came" in shown
    assert "e-mail" not in shown
    assert post(browser, "do=stop") == 303
    assert "Send me reminders again" in browser.get("/s/reminders").content.decode()
    pass_to(berlin(2027, 3, 23, 8))
    assert became(session)[0] == ("suppressed", "unsubscribed")
    assert post(browser, "do=resume") == 303
    pass_to(berlin(2027, 3, 24, 8))
    assert became(session)[1] == ("sent", "")


def test_there_is_no_such_page_where_nobody_is_reminded(make: Make) -> None:
    version = make(rules=[], reminders=None)
    browser = browser_of(without_question(version))
    assert browser.get("/s/reminders").status_code == 404
    assert 'href="/s/reminders"' not in browser.get("/s/").content.decode()


def test_nothing_is_kept_of_whoever_has_left(version: Version) -> None:
    session = enrolled(version)
    browser = browser_of(session)
    assert post(browser, "do=withdraw", "/s/leave") == 303
    assert post(browser, f"do=keep&{ADDRESS}=other%40example.org&{AGREED}=yes") == 404
    assert not Contact.objects.exclude(sealed_address="").exists()


def test_way_out_still_answers_whoever_has_left(version: Version) -> None:
    session, link = stop_link(version)
    sessions.leave(session.pk)
    shown = Client(headers={"host": "localhost"}).get(link).content.decode()
    assert "You get no more reminders" in shown
    assert "Your part in the study is over" in shown
    assert "You still take part" not in shown
    assert post(Client(headers={"host": "localhost"}), "", link) == 200


def test_the_page_is_drawn_for_a_study_whose_key_was_lost(version: Version, settings: LazySettings) -> None:
    session = enrolled(version)
    settings.IDENTITY_KEYS = ["another key of at least twenty"]
    assert "You are reminded at …." in browser_of(session).get("/s/reminders").content.decode()
