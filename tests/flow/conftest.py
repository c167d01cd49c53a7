"""A running group of the gift game, made of rows."""

import hashlib
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from django.conf import LazySettings

from flow.models import Match
from flow.services import games
from matching.models import Group, Seat
from participants.models import Participant
from scheduling.models import Session
from studies import registry
from studies.models import SourceFile, Study, Version, VersionFile

_numbers = count(1)

STEPS = ("give", "say", "seen", "guess", "after")
PAGES = [f"{step}_{role}" for step in STEPS for role in ("giver", "taker")] + ["void", "sit_out"]
EXITS = ["completed", "left", "withdrawn", "inactive", "partners_left", "declined", "no_group", "failed_quiz"]


def study_file(**game: Any) -> dict[str, Any]:
    """The definition of a study whose only stage before the end is the gift game."""
    stage = {
        "id": "game",
        "kind": "game",
        "experiment": "gift",
        "pages": "pages",
        "on_timeout": {"strikes": 2, "exit": "inactive"},
        "min_active": {"giver": 1, "taker": 1},
        "on_too_few": {"exit": "partners_left"},
    } | game
    return {
        "schema": "study/1",
        "id": "gifts",
        "version": "1",
        "title": "Gifts",
        "public_title": "A task with others",
        "language": "en",
        "contact": {"name": "Team", "email": "team@example.org"},
        "told": {"ai_may_be_present": False, "share": "none", "who_knows": "nobody"},
        "allocation": {"unit": "group", "block_sizes": [1], "at": "formation"},
        "groups": {
            "pair": {"roles": {"giver": {"humans": 1}, "taker": {"humans": 1}}, "partners": {"human": "person"}}
        },
        "partners": {"person": {"occupant": "person", "label": {"all": ""}}},
        "waves": [{"id": "main", "stages": [stage]}],
        "exits": {name: {"pay": "full", "page": "pages/exit.md"} for name in EXITS},
        "payments": {
            "currency": "GBP",
            "base": "4.00",
            "points": {"rate": "0.02", "max": "6.00"},
            "minimum_hourly": "6.00",
        },
        "estimated_minutes": 10,
        "sample": {"unit": "group", "target": 1},
    }


@pytest.fixture(autouse=True)
def gift_is_installed(settings: LazySettings) -> Iterator[None]:
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.flow.games"]
    registry.experiment.cache_clear()
    yield
    registry.experiment.cache_clear()


@pytest.fixture
def make_group(db: None) -> Callable[..., Group]:
    """`make_group("giver", "taker", "taker!")`: seats by role; with "!" the seat is automated."""

    def make(*roles: str, rounds: int = 2, begin: bool = True, **game: Any) -> Group:
        n = next(_numbers)
        said = study_file(**game)
        study = Study.objects.create(slug=f"gifts-{n}", title="Gifts")
        sha = hashlib.sha256(f"gifts/{n}".encode()).hexdigest()
        version = Version.objects.create(
            study=study, number=1, definition=said | {"frozen": {"files": {}}}, sha256=sha, seed="seed"
        )
        for page in PAGES:
            text = f"# The page {page}\n\nYou have {{{{ endowment }}}} points."
            file, _ = SourceFile.objects.get_or_create(sha256=page.rjust(64, "0"), defaults={"text": text})
            VersionFile.objects.create(version=version, path=f"pages/{page}.md", file=file)
        group = Group.objects.create(version=version, code=f"g{n:010d}", stage="game", rounds=rounds)
        for number, role in enumerate(roles, start=1):
            add_seat(group, number, role)
        if begin:
            games.begin(group.pk)
        return group

    return make


def add_seat(group: Group, number: int, role: str) -> Seat:
    """A person's seat with their session at the game, or an automated one."""
    facts: dict[str, Any] = {"group": group, "number": number, "role": role.rstrip("!")}
    if role.endswith("!"):
        return Seat.objects.create(**facts, kind="ai", occupant="policy", policy="any")
    n = next(_numbers)
    person = Participant.objects.create(
        study=group.version.study, version=group.version, code=f"p{n:010d}", token_sha256=f"{n:064d}", origin="link"
    )
    session = Session.objects.create(participant=person, wave="main")
    return Seat.objects.create(**facts, kind="human", occupant="person", participant=person, session=session)


def act(match: Match, seat: Seat, **values: Any) -> str:
    """One act by whoever sits there."""
    match.refresh_from_db()
    return games.act(match_id=match.pk, path=match.path, seat_id=seat.pk, values=values, source="person")


def person(seat: Seat) -> Participant:
    """Who sits there, as the database has them now."""
    return Participant.objects.get(seats=seat)
