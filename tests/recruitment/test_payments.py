"""`manage.py payments`: who is to be paid how much, also of those who withdrew."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.exports import rows

pytestmark = pytest.mark.django_db(transaction=True)


def payments(*words: str) -> list[str]:
    out = StringIO()
    call_command("payments", *words, stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def paid() -> list[str]:
    """A study in which one completed and one withdrew; one tried it out, and one is still there."""
    study = rows.make_study()
    people = [("pbbb", "link", "finished"), ("paaa", "link", "withdrawn"), ("pccc", "preview", "finished")]
    for code, origin, status in people:
        exit_name = "completed" if status == "finished" else "withdrawn"
        person = rows.make_participant(study, code, origin=origin, status=status, exit=exit_name)
        rows.make_settlement(person, base_minor=400, bonus_minor=246, waiting_minor=20, points=123)
    rows.make_participant(study, "pddd", origin="link")
    return [
        "participant,exit,completion_code,total,currency,withdrawn",
        "paaa,withdrawn,C0DE,6.66,GBP,yes",
        "pbbb,completed,C0DE,6.66,GBP,no",
    ]


def test_payments_name_everybody_who_is_owed_something(paid: list[str]) -> None:
    assert payments("choosing") == paid


def test_payments_go_to_a_new_file(paid: list[str], tmp_path: Path) -> None:
    file = tmp_path / "pay.csv"
    assert payments("choosing", "--out", str(file)) == [f"{file}: 2 people"]
    assert file.read_text().splitlines() == paid
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="exists already"):
        payments("choosing", "--out", str(file))
    with pytest.raises(CommandError, match="cannot be written"):
        payments("choosing", "--out", str(tmp_path / "no" / "pay.csv"))


def test_payments_of_an_unknown_study_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no study is called"):
        payments("nothing", "--out", str(tmp_path / "pay.csv"))
    assert not (tmp_path / "pay.csv").exists()
