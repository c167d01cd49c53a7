"""`manage.py study prereg`: one document and one file for programs, out of the study file alone."""

import json
import shutil
from pathlib import Path

import pytest

from config.places import ROOT
from events.models import Event
from exports.prereg import content_of, of_folder, of_version, sha256_of
from participants.models import Participant
from studies import registry
from studies.services import freeze
from tests.exports import rows
from tests.studies.test_study_command import refused, study

MAIN = ROOT / "experiments" / "partner_selection" / "studies" / "main"
TITLES = [
    "Hypotheses", "Estimands", "Design and conditions", "Allocation", "Blinding and deception",
    "Sample and stopping rule", "Manipulated variables", "Measured variables", "Exclusions", "Missing data", "Models",
    "Exploratory analyses", "Versions",
]  # fmt: skip


def read(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "prereg.md").read_bytes(), (folder / "prereg.json").read_bytes()


@pytest.mark.django_db(transaction=True)
def test_same_version_gives_the_same_bytes_and_the_log_keeps_the_first_time(tmp_path: Path) -> None:
    version = freeze(MAIN, seed="s")
    printed = [study("prereg", version.study.slug, "--out", tmp_path / name) for name in ("a", "b")]
    assert read(tmp_path / "a") == read(tmp_path / "b")
    event = Event.objects.get(kind="study.preregistered")
    found = json.loads((tmp_path / "a" / "prereg.json").read_text())
    assert event.facts == {"version": version.pk, "number": 1, "sha256": found["sha256"]}
    assert found["sha256"] == sha256_of(found)
    assert found["study"]["sha256"] == version.sha256
    assert all(f"sha256 {found['sha256']}" in text and "before the first participant" in text for text in printed)


@pytest.mark.django_db(transaction=True)
def test_preregistration_after_the_first_participant_says_so(tmp_path: Path) -> None:
    version = freeze(MAIN, seed="s")
    person = {"study": version.study, "version": version, "token_sha256": "0" * 64, "code": "p1", "origin": "pilot"}
    Participant.objects.create(**person)
    study("prereg", version.study.slug, "--out", tmp_path)
    Participant.objects.create(**person | {"code": "p2", "token_sha256": "1" * 64, "origin": "link"})
    assert "before the first participant" in study("prereg", version.study.slug, "--out", tmp_path)
    Participant.objects.filter(code="p2").update(created_at=rows.BEGAN)
    assert "AFTER the first participant" in study("prereg", version.study.slug, "--out", tmp_path)


def test_document_has_every_section_and_what_stands_in_the_file(tmp_path: Path) -> None:
    assert "not frozen, so nothing is recorded" in study("prereg", MAIN, "--out", tmp_path)
    text = (tmp_path / "prereg.md").read_text()
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == TITLES
    for words in (
        "**h1** (outcome `picked`)",
        "Method: permuted blocks, drawn from a secret seed.",
        "Block sizes: ",
        "The words they read: *Some players are people and some are AI. There is at least one of each in your group.*",
        "delay (answers of programs take as long as people's): approved by example only",
        "Target: 48 groups that played to the end.",
        "Last day on which somebody new is let in: 2030-12-31.",
        "> **During the rounds you will not be told which players are people and which are AI.**",
        "| picked | primary | choice_sets.chosen | is_void == 0 and is_stand_in == 0 | 1 if this partner was picked. |",
        "The Chooser picks A. A had decided to send back 18 of the 30 points.",
        "| decide | candidate | returned | Points you send back if you are picked |",
        "**many_tries**: `quiz_attempts > 6` (pre_treatment, registered; main analysis)",
        "**rushed**: `minutes < 20 and rounds_void == 0` (post_treatment, not registered; sensitivity analysis only)",
        "How often answers to a quiz were sent. (a whole number from 0; known after `quiz`)",
        "chosen ~ kind * label * round + display_order + (1 \\| participant) + (1 \\| group)",
        "A round that was not completed is void and left out",
        f"experiment `partner_selection`: sha256 of its code `{registry.code_sha256('partner_selection')}`",
        "language model `openai/gpt-4o-mini`",
        "| ../prompts/fair.md | `",
    ):
        assert words in text, words
    assert "{{" not in text


@pytest.mark.django_db(transaction=True)
def test_folder_and_version_say_the_same_but_for_being_frozen() -> None:
    frozen, folder = content_of(of_version(freeze(MAIN, seed="s"))), content_of(of_folder(MAIN))
    differing = {key for key in frozen if frozen[key] != folder[key]}
    assert differing == {"study", "sha256"}
    assert {key for key in frozen["study"] if frozen["study"][key] != folder["study"][key]} == {"number", "sha256"}


def test_whatever_changes_in_the_file_changes_the_hash(tmp_path: Path) -> None:
    shutil.copytree(MAIN.parent, tmp_path / "studies")
    home = tmp_path / "studies" / "main"
    before = content_of(of_folder(home))["sha256"]
    page = home.parent / "pages" / "briefing_hidden.md"
    page.write_text(page.read_text().replace("You will see", "You will then see"))
    assert content_of(of_folder(home))["sha256"] != before


@pytest.mark.django_db(transaction=True)
def test_study_without_a_preregistration_is_refused_and_warned_of(tmp_path: Path) -> None:
    home = ROOT / "experiments" / "partner_selection" / "studies" / "demo"
    assert "has no preregistration" in refused("prereg", home, "--out", tmp_path)
    study("load", home, "--seed", "s")
    assert "It has no preregistration" in study("open", "partner-selection-demo")
    study("load", MAIN, "--seed", "s")
    assert "has no preregistration" not in study("open", "partner-selection")
    study("pause", "partner-selection-demo")
    assert not list(tmp_path.iterdir())
