"""What a dataset asks of the database does not grow with its people, and no row brings a whole definition along."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exports.scope import Scope
from exports.tables import tables_of
from studies.models import Study
from tests.exports import rows

pytestmark = pytest.mark.django_db
# Tables of acts, views and words read those of one group at a time: they may be long.
OF_PEOPLE = (
    *("allocations", "answers", "check_rates", "checks", "debriefings", "events", "exclusions", "pages"),
    *("participants", "payments", "sessions", "waits"),
)
NEW = 3
DEFINITION = '"studies_version"."definition"'


def played(study: Study, code: str) -> None:
    society = rows.make_society(study, code)
    society.play(number=1, choice="A")
    rows.make_answer(society.selector, "after", "gender", "woman")
    rows.make_page(society.selector, "after", asked=["gender"])


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
    assert {name: len(many[name]) for name in OF_PEOPLE} == {name: len(few[name]) for name in OF_PEOPLE}


def test_no_row_brings_a_definition_along() -> None:
    study = rows.make_study()
    played(study, "gabcdefg2jk")
    joined = {name for name, said in asked(study).items() for sql in said if DEFINITION in sql and " JOIN " in sql}
    assert joined == set()
