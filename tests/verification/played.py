"""A study with nearly everything in it that can happen, played through the services, and the ledger of its people."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from events import clock, runner
from flow.models import Match
from flow.queries import rev_of
from flow.services import games, rescue, sessions
from flow.services.forming import run_groups
from matching.models import Group, Seat
from scheduling.models import Session
from simulation.ledger import Acknowledged, acknowledged
from studies.models import Study, Version
from tests.machinery.people import fresh, good_value, newcomer, page, stage_id, version_in

STEPS = ("give", "chat", "say", "guess", "result")
TEXTS = {f"pages/trade/{step}_{role}.md": "# Your turn\n\nGo on." for step in STEPS for role in ("giver", "taker")}
TEXTS |= {f"pages/trade/{name}.md": "# One moment\n\nGo on." for name in ("void", "sit_out")}
GAME = {"experiment": "trade", "pages": "pages/trade", "parameters": {"rounds": 2, "endowment": 10, "prize": 3}}


@dataclass
class Person:
    """Somebody on the way through the study. Chance is seeded by the number."""

    number: int
    session: Session
    ledger: list[Acknowledged]
    sent: int = 0
    rng: Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = Random(self.number)

    @property
    def role(self) -> str:
        """Of the seat."""
        return Seat.objects.get(session=self.session).role

    def send(self, **data: str) -> str:
        """Send a form from the page as it is now, and keep what was acknowledged."""
        self.sent += 1
        session = fresh(self.session)
        key = UUID(int=Random(f"{self.number}/{self.sent}").getrandbits(128), version=4)
        form = {"key": str(key), "rev": rev_of(session), **data}
        outcome = sessions.submit(session.pk, key=key, rev=form["rev"], data=data).outcome
        if outcome != "refused":
            self.ledger.append(acknowledged(self.number, outcome, form, title=page(session).title))
        return outcome

    def go_on(self) -> bool:
        """Answer the page as it is now, if it asks for anything."""
        session = fresh(self.session)
        here = page(session)
        if session.status != Session.Status.ACTIVE or not here.button:
            return False
        is_game = stage_id(session) == "game"
        answers = {f.key: str(f.simulate(self.rng)) if is_game else good_value(session, f) for f in here.fields}
        return self.send(**answers) in ("stored", "late", "stale")

    def go_to(self, stage: str) -> "Person":
        """Answer until a stage is reached."""
        while stage_id(fresh(self.session)) != stage:
            assert self.go_on(), f"stuck at {stage_id(fresh(self.session))}"
        return self


@dataclass
class Played:
    """What the fixture gives."""

    version: Version
    ledger: list[Acknowledged] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)

    @property
    def study(self) -> Study:
        """The study, read anew."""
        return Study.objects.get(pk=self.version.study_id)

    def come(self, stage: str = "consent") -> Person:
        """Somebody new, at a stage."""
        person = Person(len(self.people), newcomer(self.version), self.ledger)
        self.people.append(person)
        return person.go_to(stage)

    def seated(self) -> tuple[list[Person], Group]:
        """Three people in a group of their own, at the game."""
        trio = [self.come("lobby") for _ in range(3)]
        for person in trio:
            person.send()
        for person in trio:
            while stage_id(fresh(person.session)) == "briefing":
                person.go_on()
        return trio, Group.objects.get(seats__session=trio[0].session)


def play(people: Sequence[Person], group: Group) -> None:
    """Let people and automated seats act until the game is over; where nobody can, time passes."""
    for _ in range(60):
        runner.drain("bots")
        group.refresh_from_db()
        if group.status != Group.Status.ACTIVE:
            return
        # All of them, not only until the first who could. The act of one may end the game: then the next must not
        # answer what comes after it.
        did = [person.go_on() for person in people if stage_id(fresh(person.session)) == "game"]
        if not any(did):
            let_time_pass(group)
    raise AssertionError("the game does not end")


def let_time_pass(group: Group) -> None:
    """The open steps of a group are over without those who have not acted."""
    for match in group.matches.exclude(path=""):
        Match.objects.filter(pk=match.pk).update(deadline_at=clock.now() - timedelta(seconds=10))
        games.close_overdue(match_id=match.pk, rev=match.rev)


def play_everything(home: Path) -> Played:
    """Six ways to end, groups complete, ended and running, void rounds, a stand-in, and a group without people.

    Of the two who ask that their data be deleted one is erased, and the other waits for it.
    """
    fast = {"delay": {"min_s": 0, "max_s": 0, "think_s": [0, 0]}}
    computer = {"occupant": "policy", "policies": ["half"], "label": {"all": ""}, "asked_if_ai": "deflect"} | fast
    person = {"occupant": "person", "label": {"all": ""}}
    partners = {"person": person, "computer": computer}
    fill = {"after_seconds": 30}
    # simulated: codes come from the seed, and with them all roles
    points = {"rate": "0.02", "max": "6.00", "pay": "one_random_round"}
    payments = {"currency": "GBP", "base": "4.00", "points": points, "minimum_hourly": "6.00"}
    version = version_in(
        home,
        name="verified",
        is_simulated=True,
        texts=TEXTS,
        game=GAME,
        fill=fill,
        partners=partners,
        payments=payments,
    )
    played = Played(version)
    played.come().send(decline="1")
    waiting = played.come("lobby")
    waiting.send(leave="1")
    rescue.withdraw(waiting.session.participant.code, reason="a test")
    second = _complete_group(played)
    _ended_group(played)
    _running_group(played)
    run_groups(version, "game", n=1)
    played.come("quiz")
    runner.drain()
    sessions.leave(second.session.pk, withdraw=True)
    return played


def _complete_group(played: Played) -> Person:
    """A round in which somebody misses an act; one goes on to the end, two stay at the questions; return the first."""
    trio, group = played.seated()
    while any(match.path == "give" for match in group.matches.all()):
        trio[0].go_on() or trio[1].go_on() or trio[2].go_on()
    runner.drain("bots")
    play_to_void(group)
    play(trio, group)
    for person in trio[:1]:
        person.go_on()
        person.go_on()
    return trio[1]


def play_to_void(group: Group) -> None:
    """Nobody says anything more: talks end by time, and the decision after them voids the round."""
    let_time_pass(group)
    let_time_pass(group)


def _ended_group(played: Played) -> None:
    """A giver leaves while others wait, and a researcher ends the game."""
    trio, group = played.seated()
    givers = [person for person in trio if person.role == "giver"]
    givers[0].go_on()
    sessions.leave(givers[1].session.pk)
    rescue.end_group(group.code, reason="a test")


def _running_group(played: Played) -> None:
    """A taker is replaced by a stand-in, and the others play on."""
    trio, _group = played.seated()
    for person in trio:
        person.go_on()
    runner.drain("bots")
    taker = next(person for person in trio if person.role == "taker")
    rescue.replace(fresh(taker.session).participant.code, policy="half", reason="a test", exit_name="left")
    for person in trio:
        person.go_on()
