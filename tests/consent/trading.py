"""People who put words of their own wherever words can be put, in a game with texts and talks."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import connection

from matching.models import Group, Seat
from participants.models import Participant
from tests.machinery.people import fresh, good_value, newcomer, page, stage_id, version_in
from tests.verification.played import GAME, TEXTS, Person, Played

COMPUTER = {
    "occupant": "policy", "policies": ["half"], "label": {"all": ""}, "asked_if_ai": "deflect",
    "delay": {"min_s": 0, "max_s": 0, "think_s": [0, 0]},
}  # fmt: skip
PARTNERS = {"person": {"occupant": "person", "label": {"all": ""}}, "computer": COMPUTER}


class Writer(Person):
    """Somebody whose every text has a mark of theirs in it that stands nowhere else."""

    @property
    def mark(self) -> str:
        """What is in every text of theirs."""
        return f"qz{self.number}jx"

    def go_on(self) -> bool:
        """Answer the page as it is now with words of one's own."""
        session = fresh(self.session)
        here = page(session)
        if session.status != "active" or not here.button:
            return False
        data = {field.key: good_value(session, field) for field in here.fields if field.key != "then"}
        data |= {field.key: f"About {self.mark}, number {self.sent}" for field in here.fields if field.kind == "text"}
        return self.send(**data) in ("stored", "late", "stale")


def trading(home: Path, *, texts: Mapping[str, str] | None = None, **said: Any) -> Played:
    """An open study in which three people and a program trade in two pairs, for one round; with more in its file."""
    game = GAME | {"parameters": {"rounds": 1, "endowment": 10}}
    all_texts = TEXTS | dict(texts or {})
    version = version_in(home, name="trading", texts=all_texts, game=game, partners=PARTNERS, **said)
    return Played(version)


def come(played: Played, stage: str) -> Writer:
    """A new person, at a stage."""
    person = Writer(len(played.people), newcomer(played.version), played.ledger)
    played.people.append(person)
    person.go_to(stage)
    return person


def group_of_three(played: Played) -> tuple[list[Writer], Group]:
    """Three people in a group, at the game."""
    trio = [come(played, "lobby") for _ in range(3)]
    for person in trio:
        person.send()
    for person in trio:
        while stage_id(fresh(person.session)) == "briefing":
            person.go_on()
    return trio, Group.objects.get(seats__session=trio[0].session)


def seat_of(person: Person) -> Seat:
    """Where somebody sits, or sat."""
    return Seat.objects.select_related("group").get(participant=person.session.participant_id)


def participant_of(person: Person) -> Participant:
    """Somebody as the database has them."""
    return Participant.objects.get(pk=person.session.participant_id)


def pair_with(trio: Sequence[Writer], *, program: bool) -> list[Writer]:
    """The two people who met each other; or with `program` the one who met a program."""
    found = []
    for person in trio:
        match = seat_of(person).placings.get().match
        kinds = set(match.placings.exclude(seat=seat_of(person)).values_list("seat__occupant", flat=True))
        if ("person" not in kinds) == program:
            found.append(person)
    return found


def places_with(words: str) -> Iterator[str]:
    """Every column of the database in which some words stand."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_name, column_name FROM information_schema.columns
               WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY')"""
        )
        for table, column in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE "{column}"::text LIKE %s', [f"%{words}%"])
            if cursor.fetchone()[0]:
                yield f"{table}.{column}"


def files_with(folder: Path, words: str) -> list[str]:
    """Every file of a dataset in which some words stand."""
    return [file.name for file in sorted(folder.iterdir()) if words in file.read_text(encoding="utf-8")]
