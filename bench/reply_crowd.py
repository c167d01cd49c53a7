"""People who write with models, without browsers: a process of the installation that stores messages as sockets do.

python -m bench.reply_crowd STUDY            in the installation's environment

Each line that it reads is a task, each line that it prints what came of it:

{"do": "gather", "talks": 200}               makes so many more people, each in a talk with a model, which opens it
{"do": "talk", "talks": 50, "ramp": 3, "seconds": 10}
                                             whoever has an answer writes the next message at once; what is told is when
                                             it was measured, by the database's clock, and who had no answer in the end
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "platform"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

if __name__ == "__main__":
    django.setup()

from django.db import transaction

from bench.talk import TEXT, word_of
from chat import saying
from chat.lines import Room, room_of
from chat.models import Conversation
from events import clock
from flow.said import Said
from flow.services import games
from matching.models import Group, Ticket
from matching.services import seat_group
from participants.models import Participant
from participants.tokens import digest, new_code, new_token, stream_name
from scheduling.models import Session
from studies.models import Version

GAME = "game"
LOOK_SECONDS = 0.03  # seldom enough to leave the cores to what is measured
OPENED_SECONDS = 120.0
LAST_SECONDS = 30.0
"""For answers that are under way at the end."""


@dataclass
class Talker:
    """A person in an open conversation, and the number of the newest thing that they have said."""

    person: int
    stream: str
    room: Room
    said: int = 0


class Crowd:
    """All who write in this process.

    Args:
        version: Of a study with one game, whose groups are a person and a model.
    """

    def __init__(self, version: Version) -> None:
        self.version = version
        self.talkers: list[Talker] = []
        self.refused = 0
        self._words = 0

    def gather(self, talks: int) -> dict[str, Any]:
        """More people, each in a talk of their own; how many talks there are that their models have opened."""
        until = time.monotonic() + OPENED_SECONDS
        new = [self._seated() for _ in range(talks)]
        opened = Conversation.objects.filter(match__in=[match for _, _, match in new])
        while time.monotonic() < until and opened.count() < talks:
            time.sleep(0.2)
        rooms = [(person, stream, room_of(person)) for person, stream, _ in new]
        self.talkers += [Talker(person, stream, room) for person, stream, room in rooms if room is not None]
        return {"talks": self._answered(self.talkers, until=until)}

    def _seated(self) -> tuple[int, str, int]:
        """A person who has come to the game, in a group of their own that has begun: their key, stream and match."""
        token = digest(new_token())
        with transaction.atomic():
            person = Participant.objects.create(
                study=self.version.study, version=self.version, code=new_code("p"), token_sha256=token, origin="link"
            )
            stages = [stage["id"] for stage in self.version.definition["waves"][0]["stages"]]
            wave = self.version.definition["waves"][0]["id"]
            session = Session.objects.create(participant=person, wave=wave, stage=stages.index(GAME))
            ticket = Ticket.objects.create(session=session, version=self.version, stage="lobby", status="ready")
            group = seat_group(self.version, GAME, [ticket], origin=Group.Origin.LIVE)
            games.begin(group.pk)
        match = group.matches.get()
        seat = group.seats.get(participant=person)
        games.act(match_id=match.pk, path=match.path, seat_id=seat.pk, values={}, source="person")
        return person.pk, stream_name(token), match.pk

    def _answered(self, talkers: Sequence[Talker], *, until: float) -> int:
        """Wait until the newest thing in each conversation is the model's; how many it is."""
        while time.monotonic() < until:
            if len(self._ready(talkers)) == len(talkers):
                break
            time.sleep(0.1)
        return len(self._ready(talkers))

    @staticmethod
    def _ready(talkers: Sequence[Talker]) -> list[Talker]:
        """Those in whose conversation something has come since they spoke."""
        found = Conversation.objects.filter(pk__in=[one.room.talk for one in talkers]).values_list("pk", "last_seq")
        newest = dict(found)
        return [one for one in talkers if newest.get(one.room.talk, 0) > one.said]

    def _say(self, one: Talker) -> bool:
        self._words += 1
        said = Said(one.room.name, str(uuid4()), TEXT.format(word_of(self._words)))
        taken = saying.say(one.person, one.stream, one.room, said)
        one.said = taken.seq or one.said
        self.refused += not taken.seq
        return bool(taken.seq)

    def talk(self, talks: int, *, ramp: float, seconds: float) -> dict[str, Any]:
        """A closed loop of so many conversations, measured once it has gone on for `ramp` seconds."""
        here = self.talkers[:talks]
        refused, said = self.refused, self._keep_talking(here, seconds=ramp)
        began = clock.now()
        said += self._keep_talking(here, seconds=seconds)
        ended = clock.now()
        answered = self._answered(here, until=time.monotonic() + LAST_SECONDS)
        return {
            "began": began.isoformat(), "ended": ended.isoformat(), "said": said,
            "unanswered": len(here) - answered, "refused": self.refused - refused,
        }  # fmt: skip

    def _keep_talking(self, talkers: Sequence[Talker], *, seconds: float) -> int:
        said, until = 0, time.monotonic() + seconds
        while time.monotonic() < until:
            for one in self._ready(talkers):
                said += self._say(one)
            time.sleep(LOOK_SECONDS)
        return said


def main() -> None:
    """Do what is asked, line by line."""
    crowd = Crowd(Version.objects.select_related("study").get(study__slug=sys.argv[1]))
    for line in sys.stdin:
        match json.loads(line):
            case {"do": "gather", "talks": int(talks)}:
                answer = crowd.gather(talks)
            case {"do": "talk", "talks": int(talks), "ramp": ramp, "seconds": seconds}:
                answer = crowd.talk(talks, ramp=float(ramp), seconds=float(seconds))
            case other:
                answer = {"error": f"no such task: {other}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
