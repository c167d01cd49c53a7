"""What a dataset asks of the database does not grow with its people, and no row brings a whole definition along."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exports.scope import Scope
from exports.tables import tables_of
from studies.models import Study
from tests.exports import rows

pytestmark = pytest.mark.django_db
# Each group's acts, views and words are read by themselves: they may be long, and fifty groups are held at once.
BY_GROUP = {"beliefs", "bot_turns", "choice_sets", "decisions", "entries", "exposures", "rounds"}
NEW = 3
DEFINITION = '"studies_version"."definition"'


def played(study: Study, code: str) -> None:
    society = rows.make_society(study, code)
    society.play(number=1, choice="A")
    rows.make_answer(society.selector, "after", "gender", "woman")


def asked(study: Study) -> dict[str, list[str]]:
    """The statements of each table."""
    found = {}
    for table in tables_of(study):
        scope = Scope(Study.objects.get(pk=study.pk))
        with CaptureQueriesContext(connection) as queries:
            list(table.rows(scope))
        found[table.name] = [query["sql"] for query in queries]
    return found


def test_statements_do_not_grow_with_people_and_groups() -> None:
    study = rows.make_study()
    played(study, "gabcdefg2jk")
    asked(study)  # definitions and texts are read once for each process
    few = asked(study)
    for number in range(NEW):
        played(study, f"gabcdefg{number + 3}jk")
    many = asked(study)
    grown = {name for name, said in many.items() if len(said) > len(few[name])}
    assert grown <= BY_GROUP
    assert all(len(many[name]) - len(few[name]) <= 2 * NEW for name in grown)


def test_definitions_are_read_once_for_a_table() -> None:
    study = rows.make_study()
    for code in ("gabcdefg2jk", "gabcdefg3jk"):
        played(study, code)
    asked(study)
    often = {name: [sql for sql in said if DEFINITION in sql] for name, said in asked(study).items()}
    assert {name: len(said) for name, said in often.items() if len(said) > 1} == {}
    joined = [sql for said in often.values() for sql in said if " JOIN " in sql.upper()]
    assert joined == []
