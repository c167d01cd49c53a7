"""What people write of others in questions after a game is held back, too, where one of these asked for deletion."""

import csv
from pathlib import Path

import pytest
from django.core.management import call_command

from events import runner
from exports.held import withheld
from exports.services.bundle import export
from studies.masking.services import unmask
from tests.consent.trading import Writer, group_of_three, pair_with, participant_of, trading
from tests.verification.played import Played, play

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def played(tmp_path: Path) -> Played:
    found = trading(tmp_path)
    unmask(found.study, reason="People are looked for in whole datasets.", by="tests", role="server")
    return found


def rows(played: Played, folder: Path, person: Writer, stage: str) -> list[tuple[str, str]]:
    """Value and why it is missing, of a person's answers at a stage."""
    export(played.study, folder)
    with (folder / "answers.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    mine = [row for row in found if (row["participant"], row["stage"]) == (participant_of(person).code, stage)]
    return [(row["value"], row["missing_reason"]) for row in mine]


def test_words_about_a_partner_who_left_wait_for_a_reviewer(played: Played, tmp_path: Path) -> None:
    trio, group = group_of_three(played)
    play(trio, group)
    gone, partner = pair_with(trio, program=False)
    third = next(person for person in trio if person not in (gone, partner))
    gone.go_to("debrief")
    gone.send(withdraw="1")
    runner.drain("jobs")
    for person in (partner, third):  # after the erasure, which can mark no quote in what is not written yet
        person.go_to("debrief")
    first = rows(played, tmp_path / "first", partner, "after")
    assert ("", "withdrawn_partner") in first
    assert not any(partner.mark in value for value, _ in first)
    assert any(value and not why for value, why in first), "numbers and choices repeat nobody"
    assert all(not why for _, why in rows(played, tmp_path / "quiz", partner, "quiz"))
    untouched = rows(played, tmp_path / "third", third, "after")
    assert any(third.mark in value for value, _ in untouched)
    assert not any(why for _, why in untouched), "they never met"

    (held,) = [one for one in withheld(played.study) if "." not in one.match]
    assert held.match == group.code
    assert all(partner.mark in text for text in held.texts)
    call_command("withheld", played.study.slug, "--release", held.match, held.seat, "--reason", "read by two of us")
    last = rows(played, tmp_path / "last", partner, "after")
    assert any(partner.mark in value for value, _ in last)
    assert not any(why for _, why in last)
