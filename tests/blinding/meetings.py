"""From a running installation to recorded meetings: who received what, and whom they met."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from simulation.door import new_connector
from simulation.ledger import Ledger
from simulation.person import Person
from simulation.realtime import play, raise_failures
from tests.blinding.people import Paced
from tests.blinding.recorder import Frame, RecordingDoor
from tests.machinery.dataset import ask
from tests.machinery.running import Running

GROUP = 3  # people in a group
APART_SECONDS = 0.1

PARTNERS = """
    SELECT sub.key::text, g.code, m.round, other.occupant
    FROM flow_submission sub
    JOIN matching_seat own ON own.session_id = sub.session_id AND own.role = 'observer'
    JOIN matching_group g ON g.id = own.group_id
    JOIN flow_placing here ON here.seat_id = own.id
    JOIN flow_match m ON m.id = here.match_id
    JOIN flow_placing there ON there.match_id = m.id AND there.seat_id <> own.id
    JOIN matching_seat other ON other.id = there.seat_id
    WHERE sub.key = ANY(%s::uuid[])
"""


@dataclass(frozen=True)
class Observer:
    """What one observer received in a whole session, and the truth, which came from the database afterwards.

    Attributes:
        group: The code of the group.
        frames: In order.
        programs: Round → whether the partner was a program.
    """

    group: str
    frames: Sequence[Frame]
    programs: dict[int, bool]


@dataclass(frozen=True)
class Play:
    """How much is played: groups of two observers and two partners, each for some rounds.

    Attributes:
        by_model: Whether the programs are language models.
    """

    seed: str
    groups: int
    rounds: int
    pace: Mapping[str, Any]
    seconds: float = 1200.0
    by_model: bool = False


def observe(running: Running, link: str, wanted: Play) -> list[Observer]:
    """Let groups of people play until they are done, and return what their observers received.

    Raises:
        SimulationError: somebody could not play to the end.
    """
    ledger = Ledger()
    people = _play(link, ledger, wanted)
    raise_failures(people)
    keys = {entry.key: entry.person for entry in ledger if entry.outcome == "stored"}
    first = {person: key for key, person in reversed(keys.items())}
    met: dict[int, dict[int, bool]] = {}
    group_of: dict[int, str] = {}
    for key, group, number, occupant in ask(running, PARTNERS, list(first.values())):
        met.setdefault(keys[key], {})[number] = occupant != "person"
        group_of[keys[key]] = group
    frames = {person.number: person.door.frames for person in people if isinstance(person.door, RecordingDoor)}
    return [Observer(group_of[number], frames[number], programs) for number, programs in sorted(met.items())]


def _play(link: str, ledger: Ledger, wanted: Play) -> list[Person]:
    people: list[Person] = []
    arrivals = [APART_SECONDS * number for number in range(wanted.groups * GROUP)]

    async def main() -> None:
        async with new_connector() as connector:
            for number in range(len(arrivals)):
                door = RecordingDoor(link, person=number, ledger=ledger, connector=connector)
                mind = Paced(number, seed=wanted.seed, pace=wanted.pace, travel=door)
                people.append(Person(door, mind))
            await play(people, seconds=wanted.seconds, arrive_after=arrivals)

    with ThreadPoolExecutor(1, thread_name_prefix="people") as pool:
        pool.submit(asyncio.run, main()).result()
    return people
