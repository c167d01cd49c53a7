"""A frozen study, people on their way through it, and moments that pass without waiting."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from threading import Barrier, Thread
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db import connection

from events import clock
from events.models import Due
from flow.page import Page
from flow.queries import page_of, rev_of, visit_of
from flow.services import sessions
from matching.models import Ticket
from participants import services as people
from participants.models import Participant
from scheduling.models import Session
from studies import registry
from studies.items import items
from studies.models import Study, Version
from studies.services import load
from studies.slots import slots
from tests.machinery.study_files import read_study, write_study

FOLDER = Path(__file__).parent.parent / "studies" / "folder"
MakeVersion = Callable[..., Version]
T = TypeVar("T")


@pytest.fixture(autouse=True)
def sharing_is_installed(settings: LazySettings) -> Iterator[None]:
    """The experiment of the test study."""
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.studies.experiments"]
    registry.experiment.cache_clear()
    registry._module_of.cache_clear()
    yield
    registry.experiment.cache_clear()
    registry._module_of.cache_clear()


@pytest.fixture
def make_version(tmp_path: Path) -> MakeVersion:
    """`make_version(fill=None, lobby={"ready_seconds": 5})`: see `version_in`."""
    return partial(version_in, tmp_path)


def version_in(
    home: Path,
    *,
    name: str = "",
    is_demo: bool = False,
    is_simulated: bool = False,
    roles: Any = None,
    fill: Any = None,
    texts: Mapping[str, str] | None = None,
    **stages: Any,
) -> Version:
    """The test study, open, with other words in its file.

    `roles`, `fill`, `allocation`, … as named below; `texts` adds files; any stage's id changes that stage. The seed
    follows from the name.
    """
    folder = home / (name or f"study-{uuid4().hex[:8]}")
    shutil.copytree(FOLDER, folder)
    for path, text in (texts or {}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    said = read_study(folder)
    said["id"] = folder.name
    said["groups"]["pair"]["roles"] = roles or {"giver": {"humans": 2}, "taker": {"humans": 1, "ai": 1}}
    said["groups"]["pair"].pop("fill", None)
    if fill:
        told = {"approved_by": "board", "reference": "IRB-1", "debrief": "pages/debrief.md"}
        said["deception"].append({"what": "false_label", **told})
        said["groups"]["pair"]["fill"] = {"label_as": "person", "policies": ["half"], **fill}
    for stage in said["waves"][0]["stages"]:
        stage.update(stages.pop(stage["id"], {}))
    said.update(stages)
    write_study(folder, said)
    if is_simulated:  # decided before the first version, for ever
        Study.objects.create(slug=folder.name, title=folder.name, is_simulated=True)
    return load(folder, seed=f"seed-{folder.name}", is_demo=is_demo, is_open=True)


def newcomer(version: Version, *, origin: str = Participant.Origin.LINK) -> Session:
    """Somebody who has just pressed [Start]."""
    token = people.make_link(version.study, origin=origin)
    participant = people.enter(token).participant
    return fresh(Session.objects.get(participant=participant))


def at_stage(version: Version, stage: str, **facts: Any) -> Session:
    """Somebody who has just come to a stage."""
    session = newcomer(version, **facts)
    for _ in range(20):
        if stage_id(session) == stage:
            return session
        session = go_on(session)
    raise AssertionError(f"never came to {stage}")


def stage_id(session: Session) -> str:
    """The id of the stage a session is at."""
    stages = session.participant.version.definition["waves"][0]["stages"]
    return str(stages[session.stage]["id"])


def go_on(session: Session) -> Session:
    """Give the answers that lead on, and return the session as it stands then."""
    session = fresh(session)
    answers = {field.key: good_value(session, field) for field in page_of(session).fields}
    assert send(session, **answers) == "stored"
    return fresh(session)


def good_value(session: Session, field: Any) -> str:
    """The right answer of a quiz, and something acceptable elsewhere."""
    if field.kind == "tick":
        return "yes"
    version = session.participant.version
    right = {item.id: item.correct for item in items(version, "quiz.yaml", slots(version))}
    if stage_id(session) == "quiz" and right.get(field.key) is not None:
        return str(right[field.key])
    return str(field.simulate(Random(1)))


def send(session: Session, /, **data: str) -> str:
    """Send a form from the page as it is now; return what became of it."""
    return sessions.submit(session.pk, key=uuid4(), rev=rev_of(fresh(session)), data=data).outcome


def show_life(session: Session) -> bool:
    """What a browser with this session does by being there; whether that may have moved the session."""
    visit = visit_of(session.participant)
    assert visit is not None
    return sessions.show_life(visit)


def fresh(session: Session) -> Session:
    """The session as the database has it."""
    return Session.objects.select_related("participant__version", "participant__study").get(pk=session.pk)


def page(session: Session) -> Page:
    """What the person sees."""
    return page_of(fresh(session))


def ticket(session: Session) -> Ticket:
    """Their place in the waiting room."""
    return Ticket.objects.get(session=session)


def let_pass(seconds: float, *sessions_: Session) -> None:
    """As if a time had passed for these people's waiting, with signs of life until now."""
    back = timedelta(seconds=seconds)
    for one in Ticket.objects.filter(session__in=sessions_):
        for name in ("joined_at", "asked_at", "ready_at"):
            if getattr(one, name):
                setattr(one, name, getattr(one, name) - back)
        one.seen_at = clock.now()
        one.save()
    for session in Session.objects.filter(pk__in=[one.pk for one in sessions_]):
        if "until" in session.facts:
            session.facts["until"] = (datetime.fromisoformat(session.facts["until"]) - back).isoformat()
            session.save()


def is_due(reaction: str, key: str) -> bool:
    """Whether something is planned."""
    return Due.objects.filter(reaction=reaction, key=key, outcome="").exists()


def at_once(work: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """Do everything at the same moment, each in a thread with a connection of its own."""
    barrier, results = Barrier(len(work)), [None] * len(work)

    def run(index: int, one: Callable[[], T]) -> None:
        barrier.wait(timeout=10)
        try:
            results[index] = one()  # type: ignore[call-overload]
        except Exception as error:
            results[index] = error  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [Thread(target=run, args=(index, one)) for index, one in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results  # type: ignore[return-value]


def study_of(version: Version) -> Study:
    """The study, read anew."""
    return Study.objects.get(pk=version.study_id)
