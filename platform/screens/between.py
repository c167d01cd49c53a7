"""What a person meets between two visits: a question about the clock, a page that waits, and what may go wrong."""

from datetime import timedelta

from django.urls import reverse

from events import clock
from flow.deadlines import GRACE
from flow.lookup import stage_of
from scheduling.calendars import next_of
from scheduling.models import ScheduledSession, Session
from screens import answers
from screens.people import BEHIND, Visitor
from screens.screen import BETWEEN, Key
from screens.tour import EMPTY, Between, Tour, empty_form, leaving, turning
from screens.visits import let_open
from studies.definition import visit_name

A_MOMENT = timedelta(seconds=1)
ZONE, OTHER_ZONE = "asked about their clock", "another clock"
ADDRESS = "asked whether they want to be reminded"
BESIDE = {
    "consent": "what one agreed to",
    "own_data": "a copy of one's data",
    "reminders": "reminders",
    "zone": OTHER_ZONE,
}
"""Pages to which that between two visits may lead: name of the address → what is there."""
CLOSED, OPEN = "before it opens", "open"
MISSED, NOT_FINISHED = "after a visit that was missed", "after a visit that was not finished"
TOO_LATE = "an answer came after the visit"


def before(tour: Tour) -> bool:
    """Draw the page that leads to the visit of the tour, with what turns off there, and begin the visit.

    Returns:
        Whether it was begun: there may have been no time for it.
    """
    lead = tour.leads[0][1]
    row = _next(lead)
    if row.number != tour.visit.number - 1:
        return False
    opens_at = row.opens_at
    if opens_at is not None and opens_at > clock.now():
        tour.draw(Key(BETWEEN, state=CLOSED), lead.html())
    if tour.is_thorough:
        _beside(tour, lead)
        _missed(tour, lead)
    let_open(lead)
    tour.draw(Key(BETWEEN, state=OPEN), lead.html())
    tour.go_on(lead)
    if tour.is_thorough:
        _time_is_up(tour, lead)
    return True


def after(tour: Tour) -> None:
    """Ask what is asked at the end of the first visit, and let the others come to the end of this one, too."""
    for role, lead in tour.leads:
        if lead.is_asked_zone:
            key = Key(BETWEEN, role=role, state=ZONE)
            tour.draw(key, lead.html())
            empty_form(tour, key, lead)
            tour.go_on(lead)
        if lead.is_asked_address:
            tour.draw(Key(BETWEEN, role=role, state=ADDRESS), lead.html())
            tour.go_on(lead)
    for one in tour.people if tour.visit.name else ():
        tour.bring(one, BEHIND)


def _next(lead: Visitor) -> ScheduledSession:
    found = next_of(lead.participant)
    assert found is not None, "whoever is between two visits has one to come"
    return found


def _beside(tour: Tour, lead: Visitor) -> None:
    """The pages to which that between two visits leads."""
    leaving(tour, Key(BETWEEN), lead)
    home = lead.html()
    for name, state in BESIDE.items():
        if f'href="{reverse(name)}"' in home:
            tour.draw(Key(BETWEEN, state=state), lead.browser.get(reverse(name)))
    if f'href="{reverse("zone")}"' in home:
        tour.draw(Key(BETWEEN, state=f"{OTHER_ZONE}, {EMPTY}"), lead.send_and_see({}, to=reverse("zone")))


def _missed(tour: Tour, lead: Visitor) -> None:
    """Stay away from one visit after the other, until that ends one's part."""
    with turning(tour, lead, "", "after missing too many visits"):
        while not lead.is_over:
            row = _next(lead)
            was_open = row.state == ScheduledSession.State.OPEN
            at = row.closes_at if was_open else row.opens_at
            assert at is not None, "the next visit always has a window"
            clock.stand(max(clock.now(), at))
            lead.is_there()
            if was_open and not lead.is_over:
                _draw_next(tour, lead, MISSED)


def _time_is_up(tour: Tour, lead: Visitor) -> None:
    """Begin a visit and do not finish it in time; what comes then is too late."""
    session = lead.session
    if session.status != Session.Status.ACTIVE:
        return  # nothing in it is for this person
    right = answers.right(session, lead.page().fields, stage_of(session))
    with turning(tour, lead, "", f"when the time of {tour.visit.name} was up"):
        until = session.scheduled.grace_until
        assert until is not None, "a visit that was begun has a window"
        clock.stand(until + GRACE + A_MOMENT)
        stage = tour.stages[session.stage].id
        tour.draw(Key(stage, state=TOO_LATE), lead.send_and_see(right))
        if not lead.is_over:
            _draw_next(tour, lead, NOT_FINISHED)


def _draw_next(tour: Tour, lead: Visitor, state: str) -> None:
    """Draw the page between two visits under the name of the one that is next."""
    row = _next(lead)
    tour.draw(Key(BETWEEN, state=state, visit=visit_name(tour.version, row.wave, row.repeat)), lead.html())


BETWEEN_VISITS = Between(before, after)
