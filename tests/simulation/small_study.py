"""A study of six people whose every number can be worked out on paper."""

from datetime import timedelta
from decimal import Decimal

from flow.models import Match
from matching.models import Group, Ticket
from participants.models import Consent, Participant
from scheduling.models import Session
from simulation.profile import Assumption
from simulation.report import RunFacts
from studies.models import Study
from tests.exports import rows
from tests.machinery.erasing import erasing

FACTS = RunFacts(
    mode="ordered",
    seed="7",
    participants=8,
    simulated_seconds=5400.0,
    wall_seconds=12.34,
    assumptions=[Assumption("late_acts", 0.025, "share", "Acts in the game that are sent after the limit", "ours")],
)
WAY = ["consent", "quiz", "lobby", "game", "after"]


def played() -> rows.Society:
    """Two sat and completed, one found no group, one failed the quiz, one declined, one is on the way.

    | who       | exit        | minutes | owed | an hour |
    |-----------|-------------|---------|------|---------|
    | selector  | completed   |      30 | 4.64 |    9.28 |
    | candidate | completed   |      20 | 4.56 |   13.68 |
    | pnogroup  | no_group    |      10 | 1.20 |    7.20 |
    | pfailed   | failed_quiz |       6 | 0.50 |    5.00 |
    | pdeclined | declined    |       1 | 0.00 |         |
    | pgoing    |             |         |      |         |
    """
    study = rows.make_study(is_simulated=True)
    society = rows.make_society(study)
    first = society.play(number=1, choice="A")
    Match.objects.filter(pk=first.pk).update(closed_at=rows.BEGAN + timedelta(seconds=100))  # 20 s before round 2
    void = society.play(number=2, choice=None)
    society.rest("person", number=3)
    rows.make_call(first.bot_turns.get(path="decide"), cost_usd=Decimal("0.0123"))
    rows.make_call(void.bot_turns.get(path="decide"))
    Group.objects.update(status=Group.Status.COMPLETE, ended_at=rows.BEGAN + timedelta(seconds=300))
    leaves(society.selector, "completed", 30, WAY, base=400, bonus=44, waiting=20)
    leaves(society.candidate, "completed", 20, WAY, base=400, bonus=56)
    no_group, failed, declined, going = (
        rows.make_participant(study, code) for code in ("pnogroup", "pfailed", "pdeclined", "pgoing")
    )
    leaves(no_group, "no_group", 10, WAY[:3], base=100, waiting=20)
    leaves(failed, "failed_quiz", 6, WAY[:2], base=50)
    leaves(declined, "declined", 1, WAY[:1])
    passes(study, going, WAY[:3])
    consents = Consent.objects.filter(participant=declined)
    with erasing():
        consents.update(agreed=False)
    rows.make_ticket(society.selector, waited_seconds=61)
    wait = rows.make_ticket(no_group, waited_seconds=600)
    Ticket.objects.filter(pk=wait.pk).update(status="expired")
    wait = rows.make_ticket(going, waited_seconds=0)
    Ticket.objects.filter(pk=wait.pk).update(status="waiting")
    return society


def passes(study: Study, person: Participant, stages: list[str]) -> Session:
    """Somebody comes to the last of some stages, as the log tells it."""
    session = person.sessions.get()
    for at, stage in enumerate(stages):
        if at:
            rows.record(study, "stage.closed", ("session", session.pk), stage=stages[at - 1])
        rows.record(study, "stage.opened", ("session", session.pk), stage=stage)
    return session


def leaves(
    person: Participant,
    leaving: str,
    minutes: int,
    stages: list[str],
    *,
    base: int = 0,
    bonus: int = 0,
    waiting: int = 0,
) -> None:
    """Somebody ends at the last of some stages; by `completed` after it is done."""
    session = passes(person.study, person, stages)
    if leaving == "completed":
        rows.record(person.study, "stage.closed", ("session", session.pk), stage=stages[-1])
    session.status, session.finished_at = "finished", rows.BEGAN + timedelta(minutes=minutes)
    session.save()
    person.status, person.exit = "finished", leaving
    person.save()
    rows.make_settlement(person, base_minor=base, bonus_minor=bonus, waiting_minor=waiting, points=bonus // 2)
