"""`manage.py study prereg`: one document and one file for programs, out of the study file alone."""

import json
import shutil
from hashlib import sha256
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
    "Hypotheses", "Estimands", "Design and conditions", "Allocation", "Blinding and deception", "Who takes part",
    "Sample and stopping rule", "Manipulated variables", "Prompts of language models", "Measured variables",
    "Exclusions", "Missing data", "Models", "Exploratory analyses", "Versions",
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
    assert found["seed_sha256"] == sha256(b"s").hexdigest()
    assert f"once it is open: `{found['seed_sha256']}`" in (tmp_path / "a" / "prereg.md").read_text()
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
        "Target: 48 groups that played to the end, of 8 people each: 384 people.",
        "  * Criterion: e1: its whole interval lies between -0.05 and 0.05.",
        "* Group `society`: selector: 4 people, 0 AI; candidate: 4 people, 4 AI",
        "Waiting pays 0.10 GBP a minute.",
        "failed_quiz fixed 0.50, no_group fixed 1.00, inactive earned,",
        "Imputed: nothing. Acts missed in a row until one is out: 2.",
        "The group ends with fewer people than: selector 1, candidate 1.",
        "Given at: formation, when a group has come together.",
        "* **hidden**; labels: person none, computer none",
        "| How many points did the partner decide to send back? |",
        "Several tests: h1 and h2 are decided by one model",
        "Pay: 6.00 GBP for a whole visit, at least 6.00 GBP an hour, points not counted.",
        "A point pays 0.02 GBP, all points 9.00 at most.\nThe points of all rounds are paid.",
        "| rounds | 15 | rounds | Rounds | our default, not the paper's |",
        "| reply_chars | 300 | characters | Longest reply | our default, not the paper's |",
        "The seed is drawn when the study is frozen",
        "everyone allocated, less whom an exclusion of the main analysis leaves out",
        "* I am 18 or older, I have read this page, and I want to take part.",
        "One may also tick:",
        "Partner `computer`, `../prompts/fair.md`:",
        "> You want to treat the others and yourself evenly.",
        "plan to send back about 15 of the 30 points",
        "Last day on which somebody new is let in: 2030-12-31.",
        "> **During the rounds you will not be told which players are people and which are AI.**",
        "| picked | primary | choice_sets.chosen | is_void == 0 and is_stand_in == 0 | 1 if this partner was picked. |",
        "The Chooser picks A. A had decided to send back 18 of the 30 points.",
        "| decide | candidate | returned | Points you send back if you are picked |",
        "**many_tries**: `quiz_attempts > 6` (pre_treatment; main analysis)",
        "In the study file, and no part of this registration:",
        "**rushed**: `minutes < 20 and rounds_void == 0` (post_treatment; sensitivity analysis only)",
        "How often answers to a quiz were sent. (a whole number from 0; known after `quiz`)",
        "| m1 | picked | h1, h2 | `chosen ~ kind * label * round + display_order + (1 \\| participant)",
        "* m1: Three alternatives in each choice set",
        "A round that was not completed is void and left out",
        f"experiment `partner_selection`: sha256 of its code `{registry.code_sha256('partner_selection')}`",
        "language model `openai/gpt-4o-mini-2024-07-18`",
        "| ../prompts/fair.md | `",
    ):
        assert words in text, words
    assert "{{" not in text


def test_document_names_what_is_ours_and_what_our_prompts_make_true(tmp_path: Path) -> None:
    study("prereg", MAIN, "--out", tmp_path)
    text = (tmp_path / "prereg.md").read_text()
    for words in (
        "so that h3 is made true and not found; a style of 20 to 90 characters",
        "**h3** (outcome `sent_back`): A check of the manipulation, not a finding:",
        "stage == briefing and item == told_kinds and attempt == 1 |",
    ):
        assert words in text, words


@pytest.mark.django_db(transaction=True)
def test_folder_and_version_say_the_same_but_for_being_frozen() -> None:
    frozen, folder = content_of(of_version(freeze(MAIN, seed="s"))), content_of(of_folder(MAIN))
    differing = {key for key in frozen if frozen[key] != folder[key]}
    assert differing == {"study", "sha256", "seed_sha256"}
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
    study("load", home)
    assert "It has no preregistration" in study("open", "partner-selection-demo")
    study("load", MAIN)
    assert "has no preregistration" not in study("open", "partner-selection")
    study("pause", "partner-selection-demo")
    assert not list(tmp_path.iterdir())


def test_document_says_whether_people_know_how_many_visits_there_are(tmp_path: Path) -> None:
    home = ROOT / "experiments" / "longitudinal_chat" / "studies" / "open_end"
    study("prereg", home, "--out", tmp_path)
    text = (tmp_path / "prereg.md").read_text()
    assert "how many visits there are: by horizon" in text
    assert "Those who are not read of 4 to 10 visits of `chat`." in text
    said = json.loads((tmp_path / "prereg.json").read_text())["horizon"]
    assert said["tells"]["values"] == {"counted": "told", "uncounted": "untold"}
    assert "horizon" not in content_of(of_folder(MAIN)), "a study that says nothing of it is registered as before"
