"""One person who talks with the same partner several times, in groups of their own, made of rows and services."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from typing import Any

from asgiref.sync import async_to_sync

from bots.services import listen
from bots.turns import take_turn
from flow.models import Match
from flow.services import games
from llm.exchange import Message
from matching.models import Group, Seat
from participants.models import Participant
from scheduling.models import Session
from studies.models import Version
from tests.bots import answers
from tests.bots.test_turns import claims_of
from tests.chat.rooms import PERSONA, end_talk, make_version, study_file

COMPANION = "companion"
AT_ONCE = {"min_s": 0, "max_s": 0, "chars_per_s": 1000, "think_s": [0, 0], "miss": 0}
MODEL = {"name": "told/one", "max_tokens": 200, "daily_cost_usd": "1.00"}
PARTNER = {
    "occupant": "model", "label": {"all": ""}, "asked_if_ai": "admit", "personas": ["prompts/one.md"], "model": MODEL,
}  # fmt: skip
NOTES_PROMPT = "Note what a friend would remember. There are {{ quota }} entries."
TEXTS = {f"pages/{page}.md": f"# {page}\n\nSay something." for page in ("talk", "void")} | {
    "prompts/one.md": PERSONA, "prompts/notes.md": NOTES_PROMPT,
}  # fmt: skip
TEXTS |= {"prompts/away.txt": "I was away.\n\nSorry, my door bell rang.\n"}
_numbers = count(1)


def version_with(
    memory: Any,
    *,
    shows_typing: str = "off",
    safety: dict[str, Any] | None = None,
    language: str = "en",
    forbidden: Sequence[str] = (),
    longest: int = 120,
    seed: str = "",
    turns: int = 0,
    **facts: Any,
) -> Version:
    """A frozen study in which one person talks with a partner that remembers by a rule, or by none.

    Args:
        forbidden: Words that no model may say.
        longest: Seconds that a talk lasts at most.
        seed: Of the version; the mark in its instructions is drawn from it.
        turns: Messages that somebody has to write before they may end it.
        facts: What else the study file says of the partner.
    """
    parameters = {"quota": 0, "chars": 200, "typing": shows_typing, "longest": longest, "turns": turns}
    said = study_file("chatting", parameters=parameters) | {"language": language, "forbidden_words": [*forbidden]}
    partner = PARTNER | facts if memory is None else PARTNER | facts | {"memory": memory}
    said["partners"][COMPANION] = partner
    seats = {"roles": {"talker": {"humans": 1, "ai": 1}}, "partners": {"human": "person", "ai": COMPANION}}
    said |= {"groups": {"pair": seats}} | ({"safety": safety} if safety else {})
    return make_version(said, TEXTS | {"card.md": "# Help\n\nCall them."}, seed=seed)


@dataclass
class Acquainted:
    """A person and how often they have met the partner."""

    version: Version
    person: Participant = field(init=False)
    met: int = 0

    def __post_init__(self) -> None:
        n = next(_numbers)
        token = sha256(f"acquainted {n}".encode()).hexdigest()
        self.person = Participant.objects.create(
            study=self.version.study, version=self.version, code=f"pacq{n:07d}", token_sha256=token, origin="link"
        )

    def meet(self, condition: str = "label=hidden") -> Match:
        """A new visit, a new group, and its open talk."""
        self.met += 1
        session = Session.objects.create(participant=self.person, wave="main", repeat=self.met)
        code = f"gacq{next(_numbers):07d}"
        group = Group.objects.create(version=self.version, code=code, stage="game", rounds=1, condition=condition)
        facts: dict[str, Any] = {"group": group, "role": "talker"}
        Seat.objects.create(
            **facts, number=1, kind="human", occupant="person", partner="person", participant=self.person,
            session=session,
        )  # fmt: skip
        said = self.version.definition["partners"][COMPANION]
        settings = {"delay": AT_ONCE, "asked_if_ai": said["asked_if_ai"], "model": said["model"]}
        settings |= {"wizard": said["wizard"]} if "wizard" in said else {}
        Seat.objects.create(
            **facts, number=2, kind="ai", occupant="model", partner=COMPANION, policy="prompts/one.md",
            settings=settings,
        )  # fmt: skip
        games.begin(group.pk)
        return group.matches.get()

    def talk(self, *words: str, condition: str = "label=hidden") -> Match:
        """A whole conversation: each of the person's words after one of the partner's."""
        match = self.meet(condition)
        for number, said in enumerate(words):
            hear(match, f"reply {number}")
            say(match, said)
        return end_talk(match)


def say(match: Match, words: str) -> None:
    """The person writes a message."""
    person = match.group.seats.get(occupant="person")
    games.act(match_id=match.pk, path="talk", seat_id=person.pk, values={"message": words}, source="person")
    listen(match.pk, "talk")


def hear(match: Match, words: str) -> list[Message]:
    """The partner is asked for its next message, and writes it; what it was asked."""
    answers.will(f'{{"message": "{words}", "then": "more"}}')
    for claim in claims_of(match):
        assert async_to_sync(take_turn)(claim) == "delivered"
    return list(answers.asked[0].messages)
