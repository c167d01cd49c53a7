"""Play a loaded study with people of many zones, in the installation whose environment this has.

`python -m tests.weeks.play STUDY PEOPLE SEED OUT` writes `ledger.jsonl` and `played.json` into OUT.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402  Django first
from django.urls import reverse  # noqa: E402

from events import clock  # noqa: E402
from events.offload import POOL  # noqa: E402
from participants.models import Participant  # noqa: E402
from participants.queries import link_of  # noqa: E402
from participants.services import make_link  # noqa: E402
from simulation.conduct import right_answers  # noqa: E402
from simulation.door import Door, new_connector  # noqa: E402
from simulation.engine import Life  # noqa: E402
from simulation.ledger import Ledger  # noqa: E402
from simulation.person import Person  # noqa: E402
from simulation.play import DB_THREADS, LONGEST_CALENDAR  # noqa: E402
from studies import queries  # noqa: E402
from tests.weeks.jumping import Jumping  # noqa: E402
from tests.weeks.people import Talker  # noqa: E402
from tests.weeks.study import LEDGER, PLAYED  # noqa: E402

PATIENCE_SECONDS = 300.0  # with servers that are killed


def spring() -> datetime:
    """Before clocks change in the north and the south: in the next March that has not begun."""
    now = clock.now()
    year = now.year if now < datetime(now.year, 3, 20, 9, tzinfo=UTC) else now.year + 1
    return datetime(year, 3, 20, 9, tzinfo=UTC)


async def played(lives: list[Life], at: datetime) -> Jumping:
    """Everybody's weeks."""
    engine = Jumping(lives, at=at, is_ordered=False, longest=LONGEST_CALENDAR)
    await engine.play()
    return engine


@dataclass(frozen=True)
class Start:
    """Where and when people come in, and what is right in the quizzes."""

    at: datetime
    links: Sequence[tuple[str, int]]
    answers: Mapping[str, str]


async def play(start: Start, seed: str, ledger: Ledger) -> Jumping:
    """Let everybody come by a link of their own, and play."""
    with ThreadPoolExecutor(DB_THREADS, thread_name_prefix="weeks-db") as pool:
        POOL.set(pool)
        lives = []
        async with new_connector() as connector:
            for number, (address, link) in enumerate(start.links):
                door = Door(
                    address, person=number, ledger=ledger, connector=connector, patience_seconds=PATIENCE_SECONDS
                )
                mind = Talker(number, seed=seed, answers=start.answers)
                lives.append(Life(Person(door, mind), link, start.at))
            return await played(lives, start.at)


def make_start(study: str, people: int) -> Start:
    """An entry link for each, and the clock where it shall begin."""
    at, found = spring(), queries.study_named(study)
    clock.shift(at - clock.now())
    links = []
    for _ in range(people):
        token = make_link(found, origin=Participant.Origin.LINK)
        link = link_of(token)
        assert link is not None
        links.append((f"{settings.ORIGIN}{reverse('landing', args=[token])}", link.pk))
    return Start(at, links, right_answers(queries.version_of(found)))


def main(study: str, people: str, seed: str, out: str) -> None:
    """Play, and write down what became of it."""
    ledger, began = Ledger(), time.time()
    engine = asyncio.run(play(make_start(study, int(people)), seed, ledger))
    ledger.write(Path(out) / LEDGER)
    persons = [life.person for life in engine.lives]
    facts = {
        "seconds": round(time.time() - began, 1),
        "failures": [f"person {one.number}: {one.failure}" for one in persons if one.failure],
        "retries": sum(len(one.door.server_errors) + len(one.door.transport_errors) for one in persons),
        "sent": len(ledger),
        "changes": [[one.person, one.after, one.by] for one in engine.changes],
        "heard": engine.heard,
        "left": engine.left,
        "steps": engine.steps,
        "longest_seconds": round(engine.longest_seconds, 2),
    }
    (Path(out) / PLAYED).write_text(json.dumps(facts))


if __name__ == "__main__":
    main(*sys.argv[1:])
