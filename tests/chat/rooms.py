"""Groups of the games in `tests/chat/games`, made of rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.test import Client

from chat.models import Conversation
from flow.models import Match
from flow.services import games
from matching.models import Group, Seat
from participants.access import cookie_name
from participants.models import Participant
from participants.tokens import digest
from scheduling.models import Session
from studies.models import SourceFile, Study, Version, VersionFile

_numbers = count(1)
EXITS = ["completed", "left", "withdrawn", "inactive", "partners_left", "declined", "no_group", "failed_quiz"]
PERSONA = "You like to talk. You have {{ quota }} entries."


@dataclass(frozen=True)
class Sitter:
    """Who is to sit: a person, or an automated occupant with its settings."""

    role: str
    occupant: str = "person"
    policy: str = ""
    label: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


def study_file(experiment: str, *, groups: Mapping[str, Any] | None = None, **game: Any) -> dict[str, Any]:
    """The definition of a study with one game in it."""
    stage = {
        "id": "game", "kind": "game", "experiment": experiment, "pages": "pages",
        "on_timeout": {"strikes": 9, "exit": "inactive"}, "min_active": {}, "on_too_few": {"exit": "partners_left"},
    }  # fmt: skip
    return {
        "schema": "study/1", "id": experiment, "version": "1", "title": "T", "public_title": "A task", "language": "en",
        "contact": {"name": "Team", "email": "team@example.org"},
        "told": {"ai_may_be_present": True, "share": "some", "who_knows": "nobody"},
        "factors": {"label": {"levels": ["hidden", "disclosed"]}},
        "conditions": {"cross": ["label"]},
        "allocation": {"unit": "group", "block_sizes": [2], "at": "formation"},
        "groups": groups or {}, "partners": {"person": {"occupant": "person", "label": {"all": ""}}},
        "waves": [{"id": "main", "stages": [stage | game]}],
        "exits": {name: {"pay": "full", "page": "pages/exit.md"} for name in EXITS},
        "payments": {"currency": "GBP", "base": "4.00", "minimum_hourly": "6.00"},
        "estimated_minutes": 10, "sample": {"unit": "group", "target": 1},
    }  # fmt: skip


def make_version(said: dict[str, Any], files: dict[str, str], *, seed: str = "") -> Version:
    """A frozen version of a definition and the texts it names."""
    n = next(_numbers)
    study = Study.objects.create(slug=f"{said['id']}-{n}", title="T")
    names = {path: f"{n}{path}".rjust(64, "0")[-64:] for path in files}
    definition = said | {"frozen": {"files": names}}
    version = Version.objects.create(
        study=study, number=1, definition=definition, sha256=f"{n:064d}", seed=seed or f"seed{n}"
    )
    for path, text in files.items():
        file, _ = SourceFile.objects.get_or_create(sha256=names[path], defaults={"text": text})
        VersionFile.objects.create(version=version, path=path, file=file)
    return version


def make_match(
    experiment: str, *sitters: Sitter, condition: str = "label=hidden", seed: str = "", code: str = "", **game: Any
) -> Match:
    """A group whose first round is open, with seats numbered from 1 in the order given."""
    texts = {f"pages/{page}.md": f"# {page}\n\nSay something." for page in ("talk", "feed", "draft", "void")}
    version = make_version(study_file(experiment, **game), texts | {"prompts/one.md": PERSONA}, seed=seed)
    n = next(_numbers)
    group = Group.objects.create(
        version=version, code=code or f"g{n:010d}", stage="game", rounds=1, condition=condition
    )
    for number, sitter in enumerate(sitters, start=1):
        add_seat(group, number, sitter)
    games.begin(group.pk)
    return group.matches.get()


def add_seat(group: Group, number: int, sitter: Sitter) -> Seat:
    """One seat, with a person's session where a person sits."""
    facts: dict[str, Any] = {"group": group, "number": number, "role": sitter.role, "label": sitter.label}
    if sitter.occupant != "person":
        return Seat.objects.create(
            **facts, kind="ai", occupant=sitter.occupant, policy=sitter.policy, settings=sitter.settings
        )
    n = next(_numbers)
    person = Participant.objects.create(
        study=group.version.study, version=group.version, code=f"p{n:010d}", token_sha256=f"{n:064d}", origin="link"
    )
    session = Session.objects.create(participant=person, wave="main")
    return Seat.objects.create(**facts, kind="human", occupant="person", participant=person, session=session)


def end_talk(match: Match, path: str = "talk") -> Match:
    """Everybody says to be ready; the match as it is then."""
    for seat in match.group.seats.order_by("number"):
        games.act(match_id=match.pk, path=path, seat_id=seat.pk, values={"then": "ready"}, source=seat.occupant)
    match.refresh_from_db()
    return match


def conversation_of(match: Match) -> Conversation:
    """The open talk of a match."""
    return Conversation.objects.get(match=match, path=match.path)


def browser_of(match: Match, number: int) -> Client:
    """A client that carries the cookie of the person in a seat."""
    person = match.group.seats.get(number=number).participant
    assert person is not None
    secret = f"secret-{person.code}"
    Participant.objects.filter(pk=person.pk).update(token_sha256=digest(secret))
    client = Client(headers={"host": "localhost"})
    client.cookies[cookie_name()] = secret
    return client
