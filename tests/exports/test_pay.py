"""Pay as settled against pay as anybody can compute it from the files."""

import subprocess
import sys
from pathlib import Path

import pytest

from exports.services.bundle import export
from flow.models import PaidRound
from participants.models import Participant
from recruitment.drawn import drawn_tables
from recruitment.models import Settlement
from recruitment.services import settle
from simulation.money import cost
from studies.models import Study
from tests.exports import recompute_pay, rows
from tests.exports.recompute_pay import read
from tests.machinery.erasing import erasing

pytestmark = pytest.mark.django_db(transaction=True)


def ended(person: Participant, exit_name: str) -> Participant:
    person.status, person.exit = "finished", exit_name
    person.save()
    settle(person)
    return person


def played() -> rows.Society:
    """Two rounds: the selector earns 12 and 10, the candidate 18 and 0."""
    society = rows.make_society(rows.make_study())
    society.play(number=1, choice="A")
    society.play(number=2, choice="keep")
    rows.make_ticket(society.selector, waited_seconds=61)
    return society


def test_settled_pay_equals_pay_from_the_files_in_every_exit(tmp_path: Path) -> None:
    society = played()
    study = society.study
    society.seats["selector"].status = "done"
    society.seats["selector"].save()
    people = {
        "full": ended(society.selector, "completed"),
        "earned": ended(society.candidate, "inactive"),
        "fixed": ended(rows.make_participant(study, "pfixed"), "failed_quiz"),
        "none": ended(rows.make_participant(study, "pnone"), "declined"),
    }
    export(study, tmp_path / "out")
    found = recompute_pay.pay(tmp_path / "out")
    assert found == {
        people["full"].code: 400 + 44 + 20,
        people["earned"].code: 36,
        people["fixed"].code: 50,
        people["none"].code: 0,
    }
    assert recompute_pay.differences(tmp_path / "out") == []


def drawing() -> rows.Society:
    """A group of a study that pays one round, which has not played."""
    said = rows.definition("drawn")
    said["payments"]["points"]["pay"] = "one_random_round"
    study = Study.objects.create(slug="drawn", title="Drawn", status="open", created_at=rows.BEGAN)
    rows.make_version(study, said=said)
    return rows.make_society(study)


def test_pay_for_drawn_rounds_equals_pay_from_the_files(tmp_path: Path) -> None:
    society = drawing()
    society.play(number=1, choice="A")
    society.play(number=2, choice="keep")
    society.play(number=3, choice=None)
    PaidRound.objects.create(seat=society.seats["selector"], block=1, round=1)
    PaidRound.objects.create(seat=society.seats["person"], block=1, round=2)
    one, other = ended(society.selector, "inactive"), ended(society.candidate, "inactive")
    export(society.study, tmp_path / "out")
    assert recompute_pay.pay(tmp_path / "out") == {one.code: 24, other.code: 0}
    assert recompute_pay.differences(tmp_path / "out") == []
    found = [(r["participant"], r["block"], r["round"], r["points"]) for r in read(tmp_path / "out", "paid_rounds")]
    assert found == [(one.code, "1", "1", "12"), (other.code, "1", "2", "0")]


def test_drawn_points_are_blank_where_somebody_in_the_match_withdrew(tmp_path: Path) -> None:
    society = played()
    for name in ("selector", "person"):
        PaidRound.objects.create(seat=society.seats[name], block=1, round=1)
    Participant.objects.filter(pk=society.candidate.pk).update(status="withdrawn", exit="withdrawn")
    export(society.study, tmp_path / "out")
    found = [(r["participant"], r["points"], r["missing_reason"]) for r in read(tmp_path / "out", "paid_rounds")]
    assert found == [(society.selector.code, "", "withdrawn_consent")]


@pytest.mark.parametrize(("ticket", "owed"), [(899, 10 + 20), (900, 10 + 0)])
def test_a_belief_that_was_drawn_is_paid_instead_of_its_round(tmp_path: Path, ticket: int, owed: int) -> None:
    society = rows.make_society(rows.make_study())
    match = society.play(number=1, choice="A")
    society.play(number=2, choice="keep")
    rows.make_award(society, match, ticket=ticket, points=20 if ticket < 900 else 0)
    person = ended(society.selector, "inactive")
    export(society.study, tmp_path / "out")
    assert Settlement.objects.get(participant=person).points == owed
    assert recompute_pay.pay(tmp_path / "out")[person.code] == 2 * owed
    assert recompute_pay.differences(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("drawn", "points", "told", "note"),
    [
        (1, 20, [20, 12], "1 belief was drawn: 20 points were paid for them in place of 12 points of their rounds."),
        (
            2,
            10,
            ["0, as this round was not drawn"],
            "1 belief was drawn, 0 in rounds that are paid: 0 points were paid for them",
        ),
    ],
)
def test_belief_is_paid_and_said_to_be_only_where_its_round_was_drawn(
    tmp_path: Path, drawn: int, points: int, told: list[int | str], note: str
) -> None:
    society = drawing()
    match = society.play(number=1, choice="A")
    society.play(number=2, choice="keep")
    rows.make_award(society, match)
    PaidRound.objects.create(seat=society.seats["selector"], block=1, round=drawn)
    person = ended(society.selector, "inactive")
    assert Settlement.objects.get(participant=person).points == points
    (table,) = drawn_tables(person)
    assert list(table.rows[0])[5:] == told
    assert any(one.startswith(note) for one in cost(society.study, []).leaves_out)
    export(society.study, tmp_path / "out")
    assert [row["is_paid"] for row in read(tmp_path / "out", "awards")] == [str(int(drawn == 1))]
    assert recompute_pay.differences(tmp_path / "out") == []


def test_a_wrong_settlement_is_found_out(tmp_path: Path) -> None:
    society = played()
    person = ended(society.selector, "inactive")
    with erasing():
        Settlement.objects.filter(participant=person).update(bonus_minor=45)
    export(society.study, tmp_path / "out")
    script = [sys.executable, recompute_pay.__file__, str(tmp_path / "out")]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, f"{person.code}: paid 65, owed 64\n")
