"""Rows of somebody who came twice to the same wave: each says of which visit it is."""

import pytest

from flow.models import PracticeStep
from matching.models import Seat, Ticket
from measures.models import Answer, PageShown
from scheduling.models import Session
from tests.exports import rows
from tests.exports.test_tables import only, table

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("name", ["answers", "waits", "pages", "practice"])
def test_row_names_the_visit_that_it_is_of(name: str) -> None:
    study = rows.make_study()
    person = rows.make_participant(study, "pabcdefghjk")
    Session.objects.create(participant=person, wave="main", repeat=2, started_at=rows.BEGAN)
    for one in person.sessions.order_by("pk"):
        Answer.objects.create(session=one, stage="quiz", item="earn", position=1, value=10, at=rows.BEGAN)
        Ticket.objects.create(session=one, version=person.version, stage="lobby", status="seated")
        PageShown.objects.create(
            session=one, version=person.version, stage="quiz", rev=1, facts={}, sha256="0" * 64, at=rows.BEGAN
        )
        PracticeStep.objects.create(
            session=one, stage="try_out", number=1, role="selector", round=1, path="decide", view={}, sha256="0" * 64
        )
    assert only(table(study, name), "wave", "repeat") == [("main", "1"), ("main", "2")]


def test_seat_names_the_visit_of_its_person_unless_they_asked_for_deletion() -> None:
    study = rows.make_study()
    society = rows.make_society(study)
    again = Session.objects.create(participant=society.selector, wave="main", repeat=2)
    Seat.objects.filter(pk=society.seats["selector"].pk).update(session=again)
    society.candidate.status, society.candidate.exit = "withdrawn", "withdrawn"
    society.candidate.save()
    assert only(table(study, "seats"), "wave", "repeat") == [("main", "2"), ("", ""), ("", "")]
