"""What a reminder says and carries, in both languages; what becomes of it where the mail server says no, or nothing."""

import io
import logging
import re
import smtplib
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from config.logs import JsonFormatter
from events import clock, fading
from events.models import Due, Event
from flow.letters import Letter, NotSentError
from flow.mail import AWAY, Email
from participants import identity
from participants.access import cookie_name
from participants.models import Contact, EntryLink, Participant
from participants.tokens import digest
from scheduling.reminders import State
from studies.models import Version
from tests.machinery.people import page
from tests.reminders.conftest import SOMEBODY, became, enrolled, link_in, outbox, reminders
from tests.scheduling.test_changed_visits import browser_of
from tests.scheduling.test_visits import berlin, newest, pass_to, take_part
from verification.check import check

pytestmark = pytest.mark.django_db
Make = Callable[..., Version]
LETTER = Letter("k" * 32, "Subject", "Text\n", "http://localhost/u/x", "team@example.org", is_trial=False)
FAULTS: dict[str, Exception] = {}
CALLS: list[str] = []


class Faulty(EmailBackend):
    """A mail server that fails as `FAULTS` says: when it is called, or when it has taken the message over."""

    def open(self) -> bool:
        CALLS.append("open")
        if "open" in FAULTS:
            raise FAULTS["open"]
        return True

    def send_messages(self, messages: Any) -> int:
        if "before" in FAULTS:
            raise FAULTS["before"]
        count: int = super().send_messages(messages)
        if "after" in FAULTS:
            raise FAULTS["after"]
        return count


@pytest.fixture(autouse=True)
def no_faults() -> Iterator[None]:
    yield
    FAULTS.clear()
    CALLS.clear()
    fading.end(AWAY)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What our formatter writes during the test."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)


def test_message_says_when_and_leads_to_the_persons_page(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    (message,) = outbox()
    study = version.definition
    assert message.subject == f"{study['public_title']}: visit 1 of 4"
    body = str(message.body)
    assert "It is open now. You can begin until Thursday, March 25, 08:00." in body
    assert "by the clock of Europe / Berlin" in body
    assert (message.to, message.reply_to) == ([SOMEBODY], [study["contact"]["email"]])
    for inside in (study["title"], session.participant.code, "Rapport", "condition"):
        assert inside not in body + message.subject
    browser = Client(headers={"host": "localhost"})
    landing = link_in(message, "/j/")
    shown = browser.get(landing).content.decode()
    assert "Welcome back." in shown
    assert "To my page" in shown
    assert browser.post(landing, {"form_key": "k" * 40}).status_code == 303
    assert "Your next visit is open" in browser.get("/s/").content.decode()


def test_message_is_in_german_where_the_study_is(make: Make) -> None:
    version = make(language="de")
    enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    (message,) = outbox()
    assert message.subject.endswith(": Besuch 1 von 4")
    assert "Er ist jetzt offen. Sie können anfangen bis: Donnerstag, 25. März, 08:00." in str(message.body)
    assert "Wenn Sie keine Erinnerungen mehr möchten:" in str(message.body)
    browser = Client(headers={"host": "localhost"})
    assert "Erinnerungen beenden" in browser.get(link_in(message, "/u/")).content.decode()


def test_own_text_takes_the_place_of_ours(make: Make) -> None:
    text = "# Come *back*, {{ visit }}\n\n{{ when }} {{ contact_name }}: {{ link }}\n\n{{ stop_link }}\n"
    rules = [{"at": {"from": "opens", "plus": "0m"}, "if": "not_started", "text": "pages/remind.md"}]
    file = {"texts": {"pages/remind.md": text, "pages/consent.md": "# Yes\n\nYes.", "pages/exit.md": "# End\n\nEnd."}}
    enrolled(make(rules=rules, **file))
    pass_to(berlin(2027, 3, 23, 8))
    (message,) = outbox()
    assert message.subject == "Come *back*, 1"
    assert str(message.body).startswith("It is open now. You can begin until Thursday, March 25, 08:00. ")


def test_headers_let_a_mailbox_stop_them_with_one_click(version: Version) -> None:
    enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    pass_to(berlin(2027, 3, 24, 8))
    first, second = outbox()
    for message in (first, second):
        headers = message.message()
        assert headers["List-Unsubscribe"] == f"<http://localhost:8000{link_in(message, '/u/')}>"
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert headers["Auto-Submitted"] == "auto-generated"
        assert headers["Message-ID"].endswith("@localhost>")
        assert headers.get_content_type() == "text/plain"
    assert first.message()["Message-ID"] != second.message()["Message-ID"]


def test_link_ends_with_the_visit_and_leads_whoever_is_known_home(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    landing = link_in(outbox()[0], "/j/")
    known, stranger = Client(headers={"host": "localhost"}), Client(headers={"host": "localhost"})
    Participant.objects.filter(pk=session.participant_id).update(token_sha256=digest("secret"))
    known.cookies[cookie_name()] = "secret"
    assert stranger.get(landing).status_code == 200
    pass_to(berlin(2027, 3, 25, 12))  # the end of its grace
    assert stranger.get(landing).status_code == 404
    assert stranger.post(landing, {"form_key": "k" * 40}).status_code == 404
    assert known.get(landing)["Location"] == "/s/"
    other = newest(enrolled(version, address=""))
    Participant.objects.filter(pk=other.participant_id).update(token_sha256=digest("another"))
    known.cookies[cookie_name()] = "another"
    assert known.get(landing).status_code == 404, "it is somebody else's"


def test_link_leads_to_nobody_else_s_page_in_a_browser_that_two_share(version: Version) -> None:
    one, other = enrolled(version), enrolled(version, address="other@example.org")
    browser = browser_of(one)
    pass_to(berlin(2027, 3, 23, 8))
    links = {message.to[0]: link_in(message, "/j/") for message in outbox()}
    own, strange = links[SOMEBODY], links["other@example.org"]
    assert browser.get(own).headers["Location"] == "/s/"
    landing = browser.get(strange)
    assert landing.status_code == 200, "they are asked, and not led to the page of whoever was here before"
    key = re.search(r'name="form_key" value="([^"]+)"', landing.content.decode())
    assert key is not None
    assert browser.post(strange, {"form_key": key[1]}).status_code == 303
    known = Participant.objects.get(token_sha256=digest(browser.cookies[cookie_name()].value))
    assert known.pk == other.participant_id
    assert browser.get(own).status_code == 200


def test_tokens_stand_nowhere_and_are_new_in_each_message(version: Version, logged: io.StringIO) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    pass_to(berlin(2027, 3, 24, 8))
    tokens = {link_in(message, "/j/").removeprefix("/j/") for message in outbox()}
    stops = {link_in(message, "/u/").removeprefix("/u/") for message in outbox()}
    assert (len(tokens), len(stops)) == (2, 1)
    assert {len(token) for token in tokens | stops} == {43}
    links = EntryLink.objects.filter(participant=session.participant_id, ends_at__isnull=False)
    assert {link.token_sha256 for link in links} == {digest(token) for token in tokens}
    kept = f"{list(Event.objects.values())}{list(Due.objects.values())}{list(Participant.objects.values())}"
    for secret in (*tokens, *stops, SOMEBODY):
        assert secret not in kept
        assert secret not in logged.getvalue()


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\nBcc: b@example.org", "a@example.org\r\n", "a@example.org, b@example.org", "a b@example.org",
        "Anna <a@example.org>", '"a"@example.org', "a@example", "@example.org", "a@-example.org", "a..b@example.org",
        "ä@example.org", "a@exämple.org", "a@example.org\0", "a@example.org;b@example.org", "a@[127.0.0.1]",
        f"{'a' * 65}@example.org", f"a@{'b' * 250}.org", "", "a@example.org>", "%0aBcc:x@example.org\n",
    ],
)  # fmt: skip
def test_what_could_smuggle_a_header_in_is_no_address(address: str, version: Version) -> None:
    session = enrolled(version, address="")
    assert not identity.is_address(address)
    with pytest.raises(Exception, match="no e-mail address"):
        identity.keep_address(session.participant, address)
    assert identity.address_of(session.participant) == ""


@pytest.mark.parametrize("address", [SOMEBODY, "o'neil+study@mail.example.co.uk", "x@y.zz", f"{'a' * 64}@example.org"])
def test_plain_addresses_are_taken(address: str) -> None:
    assert identity.is_address(address)


def test_a_subject_of_two_lines_never_leaves() -> None:
    spoiled = Letter(
        "k" * 32, "One\nBcc: x@example.org", "Text", "http://localhost/u/x", "team@example.org", is_trial=False
    )
    with pytest.raises(NotSentError) as refused:
        Email().send(SOMEBODY, spoiled)
    assert (refused.value.code, refused.value.is_final) == ("bad_header", True)
    assert outbox() == []


REFUSED = smtplib.SMTPRecipientsRefused({SOMEBODY: (550, b"no such user quirin.zwiebel@example.org")})
BUSY = smtplib.SMTPRecipientsRefused({SOMEBODY: (451, b"greylisted")})


@pytest.mark.parametrize(
    ("where", "fault", "expected", "left"),
    [
        ("open", ConnectionRefusedError("no"), ("queued", "no_connection"), 0),
        ("open", smtplib.SMTPAuthenticationError(535, b"no"), ("queued", "no_connection"), 0),
        ("before", REFUSED, ("failed", "refused"), 0),
        ("before", BUSY, ("queued", "refused"), 0),
        ("before", smtplib.SMTPSenderRefused(553, b"no", "x"), ("failed", "refused"), 0),
        ("before", smtplib.SMTPDataError(452, b"full"), ("queued", "refused"), 0),
        ("after", smtplib.SMTPServerDisconnected("gone"), ("unknown", "no_answer"), 1),
        ("after", TimeoutError("quirin.zwiebel@example.org"), ("unknown", "no_answer"), 1),
    ],
)
def test_only_what_certainly_did_not_leave_is_tried_again(
    version: Version,
    settings: LazySettings,
    logged: io.StringIO,
    where: str,
    fault: Exception,
    expected: tuple[str, str],
    left: int,
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Faulty"
    session = enrolled(version)
    FAULTS[where] = fault
    pass_to(berlin(2027, 3, 23, 8))
    assert became(session)[0] == expected
    FAULTS.clear()
    pass_to(berlin(2027, 3, 23, 8, 30))
    again = 1 if expected[0] == "queued" else 0
    assert len(outbox()) == left + again
    assert became(session)[0] == (("sent", "") if again else expected)
    assert SOMEBODY not in logged.getvalue(), "an exception may quote the address"
    assert [str(each) for each in check(version.study).differences] == []


def test_a_server_that_stays_away_ends_in_failed(version: Version, settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Faulty"
    session = enrolled(version)
    FAULTS["open"] = ConnectionRefusedError("no")
    for minutes in range(0, 130, 5):
        pass_to(berlin(2027, 3, 23, 8 + minutes // 60, minutes % 60))
    row = reminders(session)[0]
    assert (row.state, row.reason, row.attempt) == ("failed", "no_connection", 25)
    assert outbox() == []
    assert [str(each) for each in check(version.study).differences] == []


def test_a_server_that_is_away_is_not_called_for_each_message(version: Version, settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Faulty"
    people = [enrolled(version, address=f"somebody{n}@example.org") for n in range(3)]
    FAULTS["open"] = TimeoutError()
    pass_to(berlin(2027, 3, 23, 8))
    assert [became(one)[0] for one in people] == [("queued", "no_connection")] * 3
    assert CALLS == ["open"], "the others do not wait for it, too"
    pass_to(berlin(2027, 3, 23, 8, 6))
    assert CALLS == ["open"] * 2, "it is asked again after a while"
    FAULTS.clear()
    pass_to(berlin(2027, 3, 23, 8, 12))
    assert [became(one)[0] for one in people] == [("sent", "")] * 3
    assert len(outbox()) == 3
    assert [str(each) for each in check(version.study).differences] == []


def test_what_is_simulated_leaves_by_no_mail_server(make: Make, settings: LazySettings) -> None:
    settings.SENDS_EMAIL = True
    version = make(is_simulated=True)
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    assert became(session)[0] == ("sent", "")
    assert outbox() == []
    (file,) = Path(settings.EMAIL_FILE_PATH).iterdir()
    message = message_from_bytes(file.read_bytes())
    assert message["To"] == SOMEBODY


def test_a_server_for_people_without_a_mail_server_sends_nothing(version: Version, settings: LazySettings) -> None:
    settings.IS_PRODUCTION = True
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 8))
    assert became(session)[0] == ("suppressed", "not_set_up")
    assert outbox() == []


def test_an_address_under_a_lost_key_is_shown_to_a_person(version: Version, settings: LazySettings) -> None:
    session = enrolled(version)
    settings.IDENTITY_KEYS = ["another key of at least twenty"]
    pass_to(berlin(2027, 3, 23, 8))
    assert became(session)[0] == ("failed", "unreadable")
    assert outbox() == []


def test_keys_can_be_changed(version: Version, settings: LazySettings) -> None:
    session = enrolled(version)
    settings.IDENTITY_KEYS = ["a new key of at least twenty", *settings.IDENTITY_KEYS]
    pass_to(berlin(2027, 3, 23, 8))
    assert became(session)[0] == ("sent", "")
    identity.keep_address(session.participant, "other@example.org")
    settings.IDENTITY_KEYS = settings.IDENTITY_KEYS[:1]
    assert identity.address_of(session.participant) == "other@example.org"


def test_visits_that_took_place_leave_nothing_to_be_reminded_of(version: Version) -> None:
    session = enrolled(version)
    for day in (23, 26, 29):
        pass_to(berlin(2027, 3, day, 7, 59))
        pass_to(berlin(2027, 3, day, 8))
        session = take_part(session)
    pass_to(berlin(2027, 3, 30, 8))
    session = take_part(session)
    assert page(session).kind == "end"
    assert len(outbox()) == 3
    assert not Contact.objects.exclude(sealed_address="").exists(), "it went with the last visit"
    assert State.QUEUED not in {row.state for visit in (1, 2, 3) for row in reminders(session, visit)}
    assert clock.now() == berlin(2027, 3, 30, 8)
