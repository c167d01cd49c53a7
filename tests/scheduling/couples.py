"""A study in which two people stay partners over their visits, and two people on their way through it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from events import clock, runner
from matching.models import Seat
from participants.models import Participant
from scheduling.models import Pair, PairVisit, ScheduledSession, Session
from studies.models import Version
from tests.machinery.people import FOLDER, fresh, page, send, show_life
from tests.machinery.study_files import read_study
from tests.scheduling.test_visits import FILE
from verification.check import check

START = datetime(2027, 3, 22, 13, 0, tzinfo=UTC)  # a Monday, six days before clocks go forward in Berlin
LASTS: dict[str, Any] = {
    "least": "30m",
    "on_short": "excuse",
    "on_absent": {"then": "end_visit"},
    "on_drop_out": {"then": "end_pair", "exit": "partners_left"},
}
COMPUTER = {
    "occupant": "policy", "policies": ["half"], "label": {"all": "Program"}, "asked_if_ai": "admit",
    "delay": {"min_s": 3, "max_s": 3},
}  # fmt: skip
TALK = {
    "id": "talk",
    "repeat": 2,
    "opens": {"anchor": "enrolment", "offset": "1d", "every": "3d", "at": "18:00"},
    "closes": {"after": "90m"},
    "grace": "1h",
    "min_gap": "20h",
}


def couple_file(*, lasts: dict[str, Any] | None = None, talk: dict[str, Any] | None = None) -> dict[str, Any]:
    """The study file: the two meet first in the intake, then in two talks; the last visit is each one's own."""
    base = read_study(FOLDER)
    stages = {stage["id"]: stage for stage in base["waves"][0]["stages"]}
    game = stages["game"] | {"parameters": {"rounds": 1, "endowment": 12}, "min_active": {"giver": 1, "taker": 1}}
    lobby = stages["lobby"] | {"max_wait_seconds": 900}
    intake, talk_stages, final = FILE["waves"]
    rule = LASTS | (lasts or {})
    is_replaced = rule["on_drop_out"]["then"] == "replace_with_ai"
    consent = "Some players may be programs." if is_replaced else "You meet the same person each time."
    groups = {
        "roles": {"giver": {"humans": 1}, "taker": {"humans": 1}}, "partners": {"human": "person"}, "lasts": rule,
    }  # fmt: skip
    partners: dict[str, Any] = {"person": {"occupant": "person", "label": {"all": "Person"}}}
    first = intake | {"stages": [*intake["stages"], lobby | {"id": "meet"}, game | {"id": "first"}]}
    return FILE | {
        "waves": [first, TALK | {"stages": [lobby, game, *talk_stages["stages"]]} | (talk or {}), final],
        "groups": {"pair": groups},
        "partners": partners | ({"computer": COMPUTER} if is_replaced else {}),
        "told": {
            "ai_may_be_present": is_replaced, "share": "some" if is_replaced else "none", "who_knows": "everybody",
            **({"sentence": "Some players may be programs."} if is_replaced else {}),
        },
        "texts": {**FILE["texts"], "pages/consent.md": f"# Taking part\n\n{consent}\n"},
        "payments": base["payments"] | {"per_wave": {"talk": "1.00"}},
        "attendance": {"max_missed": 1, "max_excused": 2, "on_exceed": {"exit": "inactive"}},
        "exits": base["exits"],
    }  # fmt: skip


def made(make_version: Callable[..., Version], **facts: Any) -> Version:
    """The study, frozen and open, on a clock that stands. The group keeps its two seats."""
    clock.simulate()
    clock.stand(START)
    said = json.loads(json.dumps(couple_file(**facts)))  # nothing twice: no aliases in the file
    return make_version(roles=dict(said["groups"]["pair"]["roles"]), **said)


def newest(session: Session) -> Session:
    """The person's newest visit."""
    return fresh(Session.objects.filter(participant=session.participant_id).latest("pk"))


def answer(session: Session, *, zone: str = "Europe/Berlin") -> None:
    """Send what leads on."""
    known = {"tick": "yes", "zone": zone}
    session = newest(session)
    data = {field.key: known.get(field.kind) or str(field.simulate(Random(1))) for field in page(session).fields}
    assert send(session, **data) == "stored"


def rows(session: Session) -> list[ScheduledSession]:
    return list(ScheduledSession.objects.filter(participant=session.participant_id).order_by("number"))


def states(session: Session) -> list[str]:
    return [row.state for row in rows(session)]


def reasons(session: Session) -> list[str]:
    return [row.reason for row in rows(session)]


def person_of(session: Session) -> Participant:
    return Participant.objects.get(pk=session.participant_id)


def pass_to(at: datetime, *there: Session) -> None:
    """Let time pass, and everything be done that is due by then; some are there all the while."""
    clock.stand(at)
    for one in there:
        show_life(newest(one))
    runner.drain("bots", "jobs")


def pass_on(seconds: float, *there: Session) -> None:
    """As `pass_to`, with looks in between as a page has them."""
    end = clock.now() + timedelta(seconds=seconds)
    while clock.now() < end:
        pass_to(min(end, clock.now() + timedelta(seconds=10)), *there)


def go_through(*people: Session, zones: tuple[str, ...] = (), until: str = "") -> None:
    """Let people play along until nobody has a button any more, or all are at a kind of page."""
    for _ in range(60):
        waiting = False
        for number, one in enumerate(people):
            here = page(newest(one))
            if here.button and here.button != "Begin" and here.kind != until:
                answer(one, zone=zones[number] if zones else "Europe/Berlin")
                waiting = True
        over = [newest(one).status != Session.Status.ACTIVE for one in people]
        if all(over) or (until and not waiting):
            return
        pass_to(clock.now() + timedelta(seconds=5), *people)
    raise AssertionError([page(newest(one)).title for one in people])


def arrived(version: Version, newcomer: Callable[[Version], Session]) -> tuple[Session, Session]:
    """Two people in the first waiting room."""
    both = (newcomer(version), newcomer(version))
    for one in both:
        while page(newest(one)).kind != "waiting":
            answer(one)
    return both


def enrolled(
    version: Version,
    newcomer: Callable[[Version], Session],
    zones: tuple[str, str] = ("Europe/Berlin", "Europe/Berlin"),
) -> tuple[Session, Session]:
    """Two people who have met in the first visit, and confirmed their zones."""
    both = arrived(version, newcomer)
    go_through(*both, zones=zones)
    runner.drain("bots", "jobs")
    return both


def begin(*people: Session) -> None:
    """Begin the visit that is open."""
    for one in people:
        assert page(newest(one)).button == "Begin"
        answer(one)


def meet(*people: Session) -> None:
    """Begin the visit that is open, and go through all of it."""
    begin(*people)
    go_through(*people)
    runner.drain("bots", "jobs")


def differences(version: Version) -> list[str]:
    return [str(one) for one in check(version.study, late_after_seconds=1e6).differences]


def pair() -> Pair:
    return Pair.objects.get()


def visits() -> list[PairVisit]:
    return list(PairVisit.objects.order_by("number"))


def partners_in(session: Session) -> list[str]:
    """With whom somebody sat in their newest visit: kinds of occupants, and whether a person was the partner."""
    seat = Seat.objects.filter(session=newest(session)).latest("pk")
    return [other.occupant for other in seat.group.seats.exclude(pk=seat.pk)]
