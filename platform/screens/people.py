"""People who have come for their pages to be drawn: each has a session and a browser without a window."""

from collections.abc import Mapping
from secrets import token_hex
from urllib.parse import urlencode
from uuid import UUID

from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse

from flow.addresses import ASKS_ADDRESS
from flow.between import is_between
from flow.page import Page
from flow.queries import page_of, rev_of, visit_of
from flow.services import sessions
from flow.zones import ASKS_ZONE
from participants import services as people
from participants.access import cookie_name
from participants.models import Participant
from scheduling.models import Session
from studies import definition
from studies.models import Version

HOST = "localhost"
STALE_REV = "0.0"  # of no page there ever was
LAST_QUESTION, BEHIND = (
    999_999,
    1_000_000,
)  # in place of a stage: all are over but for what is asked then, or altogether


class Browser:
    """Asks for pages through the whole stack, middleware included, in this thread and so in its transaction."""

    def __init__(self) -> None:
        # an address of its own: whoever follows unknown links too often is answered otherwise
        address = f"screens-{token_hex(8)}"
        self._client = Client(headers={"host": HOST}, raise_request_exception=False, REMOTE_ADDR=address)

    def carry(self, secret: str) -> None:
        """Keep the secret that says who this is."""
        self._client.cookies[cookie_name()] = secret

    def get(self, path: str) -> str:
        """A page, whatever its status."""
        return _text(self._client.get(path, follow=True))

    def post(self, path: str, data: Mapping[str, str]) -> str:
        """The page after a form."""
        return _text(self._client.post(path, dict(data), follow=True))

    def send_form(self, path: str, data: Mapping[str, str]) -> str:
        """The page after a form of the participant's page, urlencoded as browsers send it."""
        return self.send_raw(path, urlencode(data))

    def send_raw(self, path: str, body: str, kind: str = "application/x-www-form-urlencoded") -> str:
        """The page after whatever was sent."""
        return _text(self._client.post(path, body, content_type=kind, follow=True))


def _text(response: HttpResponseBase) -> str:
    content: bytes = response.content  # type: ignore[attr-defined]
    return content.decode()


class Visitor:
    """Somebody in the study."""

    def __init__(self, version: Version, number: int) -> None:
        token = people.make_link(version.study, origin=Participant.Origin.SIMULATED)
        entry = people.enter(token)
        self.number = number
        self.browser = Browser()
        self.browser.carry(entry.secret)
        self._participant = entry.participant
        self._forms = 0

    @property
    def session(self) -> Session:
        """As it stands now."""
        visit = visit_of(self._participant)
        assert visit is not None, "whoever has entered has a session"
        return visit.session

    @property
    def participant(self) -> Participant:
        """As they stand now."""
        return self.session.participant

    @property
    def is_over(self) -> bool:
        """Whether an exit has been reached."""
        return self.participant.status != Participant.Status.ACTIVE

    @property
    def is_between(self) -> bool:
        """Whether a visit is over and another may come."""
        return is_between(self.session)

    @property
    def is_asked_zone(self) -> bool:
        """Whether the first visit is over but for the question by which clock the others open."""
        session = self.session
        return session.status == Session.Status.ACTIVE and ASKS_ZONE in session.facts

    @property
    def is_asked_address(self) -> bool:
        """Whether it is over but for the question whether they want to be reminded."""
        session = self.session
        return session.status == Session.Status.ACTIVE and ASKS_ADDRESS in session.facts

    @property
    def place(self) -> tuple[int, int]:
        """How far they are: the number of the visit, and the index of its open stage or what comes after the last."""
        session = self.session
        number = definition.visit_number(session.participant.version, session.wave, session.repeat)
        if session.status != Session.Status.ACTIVE:
            return number, BEHIND
        return number, LAST_QUESTION if {ASKS_ZONE, ASKS_ADDRESS} & set(session.facts) else session.stage

    def is_at(self, stage: int) -> bool:
        """Whether the open stage is the one with this index."""
        return self.place[1] == stage

    def page(self) -> Page:
        """What the page is made of."""
        return page_of(self.session)

    def html(self) -> str:
        """The page as the browser gets it."""
        return self.browser.get(reverse("session"))

    def leave_page(self) -> str:
        """The page on pausing and leaving."""
        return self.browser.get(reverse("leave"))

    def past_page(self) -> str:
        """The first of one's earlier conversations."""
        return self.browser.get(reverse("earlier", args=[1]))

    def is_there(self) -> None:
        """Give a sign of life."""
        visit = visit_of(self._participant)
        assert visit is not None
        sessions.show_life(visit)

    def send(self, data: Mapping[str, str]) -> str:
        """Send a form from the page as it is; return what became of it."""
        session = self.session
        return sessions.submit(session.pk, key=self._key(), rev=rev_of(session), data=data).outcome

    def send_and_see(self, data: Mapping[str, str], *, rev: str = "", to: str = "") -> str:
        """Send a form by the browser, and return the page that answers it."""
        form = {"key": str(self._key()), "rev": rev or rev_of(self.session), **data}
        return self.browser.send_form(to or reverse("session"), form)

    def _key(self) -> UUID:
        self._forms += 1
        return UUID(int=(self.number << 64) + self._forms)
