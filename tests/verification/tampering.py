"""One thing made untrue at a time, past every guard of the database, and what a verification must call it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from events.models import Event
from flow.models import Act, Match
from matching.models import Group, Seat, Ticket
from participants.models import Participant
from scheduling.models import Session
from tests.verification.played import Played

Tamper = Callable[[Played], None]


@dataclass(frozen=True)
class Case:
    """What is done, and the names that must be among the differences."""

    named: tuple[str, ...]
    tamper: Tamper


CASES: dict[str, Case] = {}


def case(*named: str) -> Callable[[Tamper], Tamper]:
    """Enter a function among the cases, under its own name."""

    def enter(tamper: Tamper) -> Tamper:
        CASES[tamper.__name__] = Case(named, tamper)
        return tamper

    return enter


def sql(statement: str, *values: Any) -> None:
    """Run a statement without triggers and foreign keys; it must change something."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        assert cursor.rowcount != 0, f"nothing was tampered with: {statement}"  # -1 for what has no rows
        cursor.execute("SET LOCAL session_replication_role = origin")


def change(row: Any, **values: Any) -> None:
    """Change one row."""
    names = ", ".join(f"{row._meta.get_field(name).column} = %s" for name in values)
    sql(f"UPDATE {row._meta.db_table} SET {names} WHERE id = %s", *values.values(), row.pk)


def remove(row: Any) -> None:
    """Remove one row, whatever names it."""
    sql(f"DELETE FROM {row._meta.db_table} WHERE id = %s", row.pk)


def copy(row: Any, **values: Any) -> None:
    """A second row like one that is there."""
    columns = [field.column for field in row._meta.concrete_fields if not field.primary_key]
    given = {row._meta.get_field(name).column: value for name, value in values.items()}
    chosen = ", ".join("%s" if column in given else column for column in columns)
    table, shown = row._meta.db_table, [given[column] for column in columns if column in given]
    sql(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} WHERE id = %s", *shown, row.pk)


def without(table: str, *constraints: str) -> None:
    """Take guards away, for the rest of the test."""
    with connection.cursor() as cursor:
        for name in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def person(played: Played, exit: str = "completed") -> Participant:  # noqa: A002  the platform's own word
    """Somebody who left by an exit."""
    return Participant.objects.get(study=played.study, exit=exit)


def session(played: Played, exit: str = "completed") -> Session:  # noqa: A002
    """Their visit."""
    return Session.objects.get(participant=person(played, exit))


def ticket(played: Played) -> Ticket:
    """The place in the waiting room of somebody who got a seat."""
    return Ticket.objects.get(session=session(played))


def whole(played: Played) -> Group:
    """The group of people that played to its end: its first round is void, its second complete."""
    return Group.objects.get(seats__participant=person(played))


def match(played: Played, number: int = 2) -> Match:
    """The first match of a round of that group."""
    return whole(played).matches.get(round=number, number=1)


def event(about: Any, kind: str, *, last: bool = False) -> Event:
    """An event of a kind about a row."""
    found = Event.objects.filter(subject_kind=about._meta.model_name, subject_id=about.pk, kind=kind).order_by("pk")
    one = found.last() if last else found.first()
    assert one is not None, f"no {kind}"
    return one


def act(played: Played, path: str, *, round_number: int = 2, **also: Any) -> Act:
    """An act in a match of that group."""
    found = Act.objects.filter(match__group=whole(played), match__round=round_number, path=path, **also).first()
    assert found is not None, f"no act at {path}"
    return found


def outsider(one: Match) -> Seat:
    """A seat of the same group that is not in a match."""
    found = one.group.seats.exclude(placings__match=one).first()
    assert found is not None
    return found
