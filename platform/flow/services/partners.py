"""Where two people stay partners: what follows for each from what the other did. They meet, or one is let go, paid."""

from collections.abc import Callable, Sequence

from events import clock, due
from flow.between import is_between
from flow.deadlines import GRACE, stage_deadline
from flow.services import visits
from flow.services.locking import lock_newest, retry_lock
from matching.models import Seat
from participants.models import Participant
from scheduling import meetings
from scheduling.calendars import next_of
from scheduling.meetings import PARTNER_ABSENT
from scheduling.models import Pair, PairVisit, ScheduledSession, Session
from scheduling.pairs import GO_ON, ending_of, last_pair_of
from scheduling.services import TURN, key_of
from scheduling.states import OVER, State
from studies import definition

AGAIN_AFTER_SECONDS = 3600.0


def go_on(participant_id: int, *, settle: Callable[[], None] | None = None) -> str:
    """See what follows for somebody whose partner has gone on, left, or is as far as they are.

    Any number of callers may come at once, late or in vain: each looks again under the lock.

    Returns:
        What was done.
    """

    def work() -> str:
        session = lock_newest(participant_id)
        outcome = _go_on(session)
        if settle is not None:
            settle()
        return outcome

    return retry_lock(work)


def _go_on(session: Session) -> str:
    person = session.participant
    if session.status == Session.Status.ACTIVE:
        if definition.stage(person.version, session.stage).kind != "waiting_room":
            return "busy"
        stage_deadline(session, clock.now() - GRACE)  # the room says what follows, under this same lock
        return "waiting"
    if not is_between(session):
        return "over"
    row = next_of(person)
    if ending_of(person) is None and not is_unplanned(row):
        return "nothing"
    visits.go_on_after(session)
    visits.turn_page(session)
    return "went on"


def go_on_later(participant_id: int, *, settle: Callable[[], None]) -> None:
    """It failed, however often it was tried: try again later, since nothing else might."""

    def work() -> None:
        facts = {"participant": participant_id}
        due.schedule(GO_ON, f"participant:{participant_id}", None, facts=facts, after_seconds=AGAIN_AFTER_SECONDS)
        settle()

    retry_lock(work)


def is_unplanned(row: ScheduledSession | None) -> bool:
    """Whether a visit is next that waits for the partner to be as far, or for somebody to see that they are."""
    return row is not None and row.state == State.PLANNED and row.opens_at is None


def have_met(pair: Pair, sessions: Sequence[Session]) -> bool:
    """Keep that the two of a pair sit together, in a transaction that holds the locks of their visits.

    A visit that was planned with a partner of before, whose pair ended while it was open, is nobody's meeting.

    Returns:
        Whether the pair still lasts.
    """
    planned = (found for found in map(meetings.visit_of, sessions) if found is not None and found.pair_id == pair.pk)
    for visit in {found.pk: found for found in planned}.values():
        meetings.settle_visit(_locked(visit, pair), PairVisit.Outcome.MET)
    return Pair.objects.filter(pk=pair.pk, status=Pair.Status.LASTING).exists()


def _locked(visit: PairVisit, pair: Pair) -> PairVisit:
    visit = meetings.lock_visit(visit)
    visit.pair = pair
    return visit


def let_go(session: Session, visit: PairVisit) -> None:
    """Nobody came for somebody who waited: their visit is over, and completed; who has not begun it has missed it.

    The caller holds the lock of the session.
    """
    meetings.settle_visit(_locked(visit, visit.pair), PairVisit.Outcome.IN_VAIN)
    tell_partner(session, visit)
    visits.end_visit(session, reason=PARTNER_ABSENT, state=State.COMPLETED)


def tell_partner(session: Session, visit: PairVisit) -> None:
    """Have it looked at what follows for the other, who must not wait for somebody who is gone."""
    row = meetings.partner_row(visit, session.participant)
    if row is None or row.state in OVER:
        return
    now = clock.now()
    if row.state == State.OPEN and visit_is_over(visit):
        due.schedule(TURN, key_of(row, row.state), now, facts={"window": row.pk})
    elif row.session is not None and row.session.status == Session.Status.ACTIVE:
        due.schedule(GO_ON, f"participant:{row.participant_id}", None, facts={"participant": row.participant_id})


def visit_is_over(visit: PairVisit) -> bool:
    """Whether the two cannot meet any more in a visit, as one was let go."""
    return PairVisit.objects.filter(pk=visit.pk, outcome=PairVisit.Outcome.IN_VAIN).exists()


def is_partner_gone(visit: PairVisit, person: Participant) -> bool:
    """Whether the partner has this visit behind them, or was let go, so that nobody will come."""
    row = meetings.partner_row(visit, person)
    return row is None or row.state in OVER or visit_is_over(visit)


def has_waited(visit: PairVisit, person: Participant) -> bool:
    """Whether the partner was let go after having waited as long as anybody waits."""
    row = meetings.partner_row(visit, person)
    return row is not None and row.state == State.COMPLETED and row.reason == PARTNER_ABSENT


def is_first_without(person: Participant) -> bool:
    """Whether somebody's pair is over, and they have met nobody since: then they are told that it will be another."""
    pair = last_pair_of(person)
    if pair is None or pair.status == Pair.Status.LASTING or pair.ended_at is None:
        return False
    return not Seat.objects.filter(participant=person, group__formed_at__gt=pair.ended_at).exists()
