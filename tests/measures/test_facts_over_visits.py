"""Rules of exclusion and checks of somebody who comes several times: every visit counts, and only the last settles."""

from copy import deepcopy
from datetime import timedelta

import pytest

from events import clock
from exports.scope import Scope
from exports.tables.checks import CHECKS
from measures.facts import rulings_of
from participants.models import Participant
from scheduling.models import Session
from studies.models import Version
from tests.machinery.people import MakeVersion, send
from tests.scheduling.test_visits import FILE, START, answer, berlin, enrolled, newest, pass_to

pytestmark = pytest.mark.django_db
READ = "- {id: read, type: rating, label: Please pick 2., correct: 2, attention: true}\n"
RULES = [
    {"id": "skimmed", "rule": "attention_failed > 1", "when": "post_treatment"},
    {"id": "weeks", "rule": "minutes > 7200", "when": "post_treatment"},
]


@pytest.fixture
def version(make_version: MakeVersion) -> Version:
    clock.simulate()
    clock.stand(START)
    said = deepcopy(FILE) | {"exclusions": RULES}
    said["texts"]["read.yaml"] = READ
    said["waves"][1]["stages"] = [{"id": "feel", "kind": "survey", "items": "read.yaml"}]
    return make_version(**said)


def found(session: Session) -> dict[str, bool | None]:
    person = Participant.objects.get(pk=session.participant_id)
    return {ruling.exclusion.id: ruling.is_met for _, ruling in rulings_of([person])}


def talk(session: Session, day: int, *, read: int) -> Session:
    """The visit of a day in March, begun half a minute after it opens and answered a minute later."""
    pass_to(berlin(2027, 3, day, 8) + timedelta(seconds=30))
    session = answer(session)
    pass_to(clock.now() + timedelta(seconds=60))
    assert send(session, read=str(read)) == "stored"
    return newest(session)


def test_failures_of_all_visits_count_and_nothing_is_settled_between_two(version: Version) -> None:
    session = enrolled(version)
    for day, read in ((23, 3), (26, 1)):
        session = talk(session, day, read=read)
        assert found(session) == {"skimmed": None, "weeks": None}
    session = talk(session, 29, read=2)
    assert found(session) == {"skimmed": True, "weeks": None}
    pass_to(berlin(2027, 3, 31, 8))
    while session.participant.status == Participant.Status.ACTIVE:
        session = answer(session)
    assert found(session) == {"skimmed": True, "weeks": True}


def test_check_counts_all_visits_and_its_time_from_the_start_of_that_of_the_answer(version: Version) -> None:
    session = enrolled(version)
    for day, read in ((23, 3), (26, 2)):
        session = talk(session, day, read=read)
    pass_to(berlin(2027, 3, 29, 9))
    answer(session)  # the third has begun, and nothing is answered yet
    (row,) = CHECKS.rows(Scope(version.study))
    assert [row[name] for name in ("tries", "answer", "passed_first", "passed")] == [2, "2", False, True]
    assert str(row["answer_s"]) == "60.000"
