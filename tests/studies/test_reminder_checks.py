"""Reminders that could not be sent, or would say too little, are refused with where, what and what to do."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from studies.check import check_folder
from studies.models import Version, VersionFile
from studies.reminders import SHIPPED, shipped_text
from studies.services import amend, freeze
from tests.studies.conftest import Folder
from tests.studies.test_wave_checks import DEBRIEF, LATER

RULES = """    reminders:
      - {at: {from: opens, plus: "0m"}, if: not_started}
      - {at: {from: opens, plus: "24h"}, if: not_started}
      - {at: {from: closes, minus: "4h"}, if: not_completed}
"""
SAID = 'reminders: {channels: [email], quiet_hours: ["21:00", "08:00"], caps: {per_visit: 3}}\n'
GRACE = '    grace: "4h"\n'
FIRST = '{at: {from: opens, plus: "0m"}, if: not_started}'
LAST = '{from: closes, minus: "4h"}, if: not_completed'
ZONE = "timezone: {source: browser_confirmed}\n"
UNASKED = {"W310"}
"""Said of the last reminder as it stands: four hours before eight it is night."""


@pytest.fixture
def waves(folder: Folder) -> Folder:
    """The study with seven visits that are reminded of, and a last one after them."""
    folder.change(DEBRIEF, LATER.replace(GRACE, GRACE + RULES).replace(ZONE, ZONE + SAID))
    return folder


AT = "waves[chat].reminders"
ONE, THIRD = f"{AT}[0].at", f"{AT}[2].at"
SPOILED = {
    # what: (old, new, code, path, words)
    "no way": (SAID, "", "E310", f"{AT}[0]", "by which channel"),
    "nothing": (RULES, "", "E310", "reminders", "no wave has a reminder"),
    "first wave": ("    then: enrol\n", "    then: enrol\n" + RULES, "E311", "waves[main].reminders[0]", "first wave"),
    "twice": (RULES, RULES + f"      - {FIRST}\n", "E319", f"{AT}[3]", "stand twice"),
    "no time": ('plus: "0m"', "", "E312", f"{AT}[0].at", "neither plus nor minus"),
    "two times": ('plus: "24h"', 'plus: "24h", minus: "1h"', "E312", f"{AT}[1].at", "both plus and minus"),
    "after the close": ('plus: "24h"', 'plus: "48h"', "E313", f"{AT}[1].at.plus", "the visit is over"),
    "after its grace": (LAST, '{from: closes, plus: "4h"}, if: not_completed', "E313", f"{THIRD}.plus", "by then"),
    "too late to begin": (LAST, '{from: closes, plus: "1h"}, if: not_started', "E313", f"{THIRD}.plus", "can begin it"),
    "before it opens": (LAST, '{from: closes, minus: "49h"}, if: not_started', "E313", f"{THIRD}.minus", "not open"),
    "nobody has begun": (
        FIRST, '{at: {from: opens, minus: "1h"}, if: started_not_completed}', "E313", f"{ONE}.minus", "before it opens",
    ),
    "nothing before": (FIRST, '{at: {from: opens, minus: "0m"}, if: not_started}', "E313", f"{ONE}.minus", "nothing"),
    "no quiet hours": ('["21:00", "08:00"]', '["21:00", "21:00"]', "E314", "reminders.quiet_hours", "same time"),
    "channel twice": ("[email]", "[email, email]", "E315", "reminders.channels[1]", "stands twice"),
    "adapter": (SAID, SAID + "recruitment: {adapter: filess}\n", "E315", "recruitment.adapter", "Did you mean files?"),
    "cannot send": ("[email]", "[email, recruiter_message]", "E316", "reminders.channels[1]", "links of your own"),
    "language": ("language: en", "language: fr", "E318", f"{AT}[0]", "not in fr"),
    "night": (LAST, '{from: opens, plus: "14h"}, if: not_completed', "W310", f"{AT}[2].at", "sent at 08:00 instead"),
    "the whole night": (
        'closes: {after: "48h"}', 'closes: {after: "23h"}', "W310", f"{AT}[2].at", "never sent after 03:00",
    ),
    "cap": ("per_visit: 3", "per_visit: 2", "W311", "reminders.caps.per_visit", "less than the 3"),
    "cap of the study": ("per_visit: 3", "per_study: 20", "W311", "reminders.caps.per_study", "less than the 21"),
    "channel": ("[email]", "[pigeon]", "E100", "reminders.channels[0]", "Choose 'email'"),
    "unquoted": ('["21:00", "08:00"]', "[21:00, 08:00]", "E102", "reminders.quiet_hours[0]", "Quote clock times"),
    "key": ("if: not_completed", "if: not_complete", "E100", f"{AT}[2].if", "Choose 'not_started'"),
    "unknown key": ("minus: \"4h\"", "minuss: \"4h\"", "E101", f"{AT}[2].at.minuss", "Did you mean minus?"),
}  # fmt: skip


def test_sound_reminders_have_no_problems(waves: Folder) -> None:
    assert {problem.code for problem in waves.problems()} <= UNASKED


@pytest.mark.parametrize("what", SPOILED)
def test_spoiled_reminders_get_their_code(waves: Folder, what: str) -> None:
    old, new, code, path, words = SPOILED[what]
    if what == "the whole night":  # closes at seven in the morning; the second reminder would be after that
        waves.change('      - {at: {from: opens, plus: "24h"}, if: not_started}\n', "")
        waves.change(LAST, '{from: closes, minus: "4h"}, if: not_started')
        path = f"{AT}[1].at"
    waves.change(old, new)
    found = [problem for problem in waves.problems() if problem.code == code]
    assert path in {problem.path for problem in found}, [str(problem) for problem in waves.problems()]
    problem = next(problem for problem in found if problem.path == path)
    assert words in str(problem)
    assert problem.remedy
    assert problem.line is not None or code == "E310"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["21:00", "08:00"]', "null"),
        ("[email]", "[recruiter_message, email]"),
        (LAST, '{from: opens, minus: "12h"}, if: not_started'),
        (LAST, '{from: closes, plus: "1h"}, if: started_not_completed'),
        (LAST, '{from: opens, plus: "1d"}, if: started_not_completed'),
    ],
)
def test_other_sound_reminders_are_accepted(waves: Folder, old: str, new: str) -> None:
    waves.change(old, new)
    if "recruiter" in new:
        waves.change(SAID.replace(old, new), SAID.replace(old, new) + "recruitment: {adapter: files}\n")
    assert {problem.code for problem in waves.problems()} <= UNASKED


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("# Hello\n\n{{ link }}\n", "E317", "nobody could stop"),
        ("# Hello\n\n{{ stop_link }}\n", "E317", "nobody could come back"),
        ("Hello\n\n{{ link }} {{ stop_link }}\n", "E317", "no subject"),
        ("# Hello\n\n{{ link }} {{ stop_link }} {{ wen }}\n", "E603", 'nothing is called "wen"'),
        ("# Hello\n\n{{ link }} {{ stop_link }} hidden condition\n", "W701", "participants would read"),
    ],
)
def test_own_text_says_what_it_must(waves: Folder, text: str, code: str, words: str) -> None:
    waves.write(text, "pages/remind.md")
    waves.change(FIRST, FIRST.replace("if: not_started", "if: not_started, text: pages/remind.md"))
    problem = waves.one(code)
    assert problem.path == "pages/remind.md"
    assert words in str(problem)


@pytest.mark.parametrize("language", ["en", "de", "de-AT"])
def test_our_own_texts_are_sound_and_frozen(waves: Folder, language: str) -> None:
    waves.change("language: en", f"language: {language}")
    checked = check_folder(waves.path)
    assert [problem for problem in checked.problems if problem.path == SHIPPED] == []
    assert checked.files[SHIPPED] == shipped_text(language)


@pytest.mark.django_db
def test_a_newer_release_changes_no_text_that_was_frozen(waves: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    version: Version = freeze(waves.path)
    monkeypatch.setattr(
        "studies.checks.reminders.shipped_text", lambda _language, **_how: "# Other\n\n{{link}} {{stop_link}}"
    )
    again = amend(version.study, {"contact.name": "Another"}, reason="moved")
    kept = VersionFile.objects.get(version=again, path=SHIPPED).file.text
    assert kept == shipped_text("en")


def plan(folder: Path, *arguments: str) -> list[str]:
    out = StringIO()
    call_command("study", "plan", str(folder), *arguments, stdout=out, stderr=out, no_color=True)
    return out.getvalue().splitlines()


def test_plan_prints_reminders_on_the_persons_clock(waves: Folder) -> None:
    lines = plan(waves.path, "--zone", "Europe/Berlin", "--enrolled", "2027-03-20 14:00")
    at = next(n for n, line in enumerate(lines) if line.startswith("chat 2 of 7"))
    assert lines[at + 1].split("  ")[1:2] == ["reminder 1"]
    assert "Tue 2027-03-23 08:00 +01:00" in lines[at + 1]
    assert lines[at + 1].endswith("if not_started")
    assert "Wed 2027-03-24 08:00 +01:00" in lines[at + 2]
    assert "Thu 2027-03-25 08:00 +01:00" in lines[at + 3], "four hours before the close it is night"
    assert lines[at + 3].endswith("if not_completed, planned for 04:00, in quiet hours")
    waves.change("if: not_completed", "if: not_started")
    lines = plan(waves.path, "--zone", "Europe/Berlin", "--enrolled", "2027-03-20 14:00")
    assert lines[at + 3].endswith("is not sent: quiet hours from 04:00 on last until the visit is over")
