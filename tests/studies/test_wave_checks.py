"""Schedules that cannot be kept are refused with where, what and what to do; sound ones can be planned."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from studies.check import check_folder
from studies.slots import study_slots
from tests.studies.conftest import Folder

DEBRIEF = "      - {id: debrief, kind: debrief, page: pages/debrief.md}\n"
LATER = f"""    then: enrol
  - id: chat
    repeat: 7
    opens: {{anchor: enrolment, offset: "0d", every: "3d", at: "08:00"}}
    closes: {{after: "48h"}}
    grace: "4h"
    min_gap: "20h"
    stages:
      - {{id: feel, kind: survey, items: survey.yaml}}
  - id: final
    opens: {{anchor: {{wave: chat, event: last_closed_or_completed}}}}
    closes: {{after: "5d"}}
    stages:
      - {{id: post, kind: survey, items: survey.yaml}}
{DEBRIEF}timezone: {{source: browser_confirmed}}
attendance: {{max_missed: 2, on_exceed: {{exit: inactive}}}}
"""
OPENS = 'opens: {anchor: enrolment, offset: "0d", every: "3d", at: "08:00"}'
EVENT = "{anchor: {wave: chat, event: last_closed_or_completed}}"


@pytest.fixture
def waves(folder: Folder) -> Folder:
    """The study with seven visits and a last one after it."""
    folder.change(DEBRIEF, LATER)
    return folder


SPOILED = {
    # what: (old, new, code, path, part of the text)
    "overlap": ('after: "48h"', 'after: "96h"', "E301", "waves[chat].closes.after", "windows overlap"),
    "jitter": ('at: "08:00"', 'at: "08:00", jitter: "25h"', "E301", "waves[chat].closes.after", "25h of jitter"),
    "no time": ('after: "48h"', 'after: "0h"', "E301", "waves[chat].closes.after", "never be begun"),
    "next wave": (EVENT, '{anchor: enrolment, offset: "19d"}', "E301", "waves[final].opens", "windows overlap"),
    "late": ('grace: "4h"', 'grace: "10h"', "W302", "waves[chat]", "falls 6h after the next opening"),
    "late wave": (EVENT, '{anchor: enrolment, offset: "20d", at: "10:00"}', "W302", "waves[final]", "falls 2h after"),
    "clocks": ('closes: {after: "48h"}\n    grace: "4h"\n    min_gap: "20h"', 'closes: {after: "72h"}', "W302",
               "waves[chat].closes.after", "clocks go forward"),
    "impossible": ('min_gap: "20h"', 'min_gap: "6d"', "E304", "waves[chat].min_gap", "misses the next"),
    "shorter": (EVENT, '{anchor: previous_ended, offset: "2h"}\n    min_gap: "1d"', "E304", "waves[final].min_gap",
                "never opens when planned"),
    "cycle": (OPENS, "opens: {anchor: {wave: final, event: first_opened}}", "E303", "waves[chat].opens.anchor",
              "waves[chat] -> waves[final] -> waves[chat] is a cycle"),
    "itself": ("{wave: chat,", "{wave: final,", "E303", "waves[final].opens.anchor", "is a cycle"),
    "unknown": ("{wave: chat,", "{wave: chatt,", "E305", "waves[final].opens.anchor.wave", "Did you mean chat?"),
    "no enrolment": ("    then: enrol\n", "", "E306", "waves[main]", "Write then: enrol"),
    "first wave": ("    then: enrol\n", '    then: enrol\n    grace: "1h"\n', "E306", "waves[main].grace", "no window"),
    "no closing": ('    closes: {after: "5d"}\n', "", "E306", "waves[final].closes", "is missing"),
    "spacing": (', every: "3d"', "", "E308", "waves[chat].opens.every", "would open at once"),
    "needless": (EVENT, '{anchor: enrolment, offset: "30d", every: "3d"}', "E308", "waves[final].opens.every",
                 "one visit"),
    "hours": ('offset: "0d"', 'offset: "36h"', "E308", "waves[chat].opens.offset", "no whole number of days"),
    "reversed": ('every: "3d"', 'every: {between: ["4d", "3d"]}', "E308", "waves[chat].opens.every", "not shorter"),
    "no rule": ("attendance: {max_missed: 2, on_exceed: {exit: inactive}}\n", "", "E307", "attendance", "what follows"),
    "all missed": ("max_missed: 2", "max_missed: 8", "E307", "attendance.max_missed", "all 8 visits"),
    "exit": ("on_exceed: {exit: inactive}", "on_exceed: {exit: gone}", "E402", "attendance.on_exceed.exit",
             "not in exits"),
    "offer": ("on_exceed: {exit: inactive}", "on_exceed: {exit: inactive, still_offer: finale}", "E320",
              "attendance.on_exceed.still_offer", "Did you mean final?"),
    "first offer": ("on_exceed: {exit: inactive}", "on_exceed: {exit: inactive, still_offer: main}", "E320",
                    "attendance.on_exceed.still_offer", "first wave"),
    "early offer": ("on_exceed: {exit: inactive}", "on_exceed: {exit: inactive, still_offer: chat}", "W320",
                    "attendance.on_exceed.still_offer", '"final" comes after it'),
    "minutes": ("repeat: 7", "repeat: 7\n    minutes: 15", "W340", "estimated_minutes", "come to 105"),
    "in a row": ("max_missed: 2", "max_missed: 2, max_consecutive_missed: 1", "W343",
                 "waves[main].stages[consent].document", "missed visits in a row"),
    "no zone": ("timezone: {source: browser_confirmed}\n", "", "E309", "timezone", "on whose clock"),
    "zone": ("{source: browser_confirmed}", "{source: fixed, zone: Europe/Berlim}", "E309", "timezone.zone",
             "Did you mean Europe/Berlin?"),
    "unquoted": ('at: "08:00"', "at: 08:00", "E102", "waves[chat].opens.at", 'Quote clock times: "08:00"'),
    "number": ('at: "08:00"', "at: 8", "E102", "waves[chat].opens.at", 'Quote clock times: "08:00"'),
    "date": ("anchor: enrolment", "anchor: 2027-03-01", "E102", "waves[chat].opens.anchor", "Quote dates"),
    "no day": ("anchor: enrolment", 'anchor: "2027-02-30"', "E100", "waves[chat].opens.anchor", "nothing is counted"),
    "no length": ('every: "3d"', 'every: "3 days"', "E100", "waves[chat].opens.every", "no length of time"),
    "no clock": ('at: "08:00"', 'at: "25:00"', "E100", "waves[chat].opens.at", "no time of day"),
    "key": ('every: "3d"', 'evry: "3d"', "E101", "waves[chat].opens.evry", "Did you mean every?"),
}  # fmt: skip


def test_sound_schedule_has_no_problems(waves: Folder) -> None:
    assert waves.problems() == []


@pytest.mark.parametrize("what", SPOILED)
def test_spoiled_schedule_gets_its_code(waves: Folder, what: str) -> None:
    old, new, code, path, words = SPOILED[what]
    waves.change(old, new)
    found = [problem for problem in waves.problems() if problem.code == code]
    assert [problem.path for problem in found] == [path] or code == "E303"
    assert found[0].path == path
    assert words in str(found[0])
    assert found[0].remedy
    assert found[0].line is not None or code in ("E307", "E309")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('every: "3d"', 'every: {between: ["3d", "5d"]}'),
        ("{source: browser_confirmed}", "{source: fixed, zone: Europe/Berlin}"),
        ("{source: browser_confirmed}", "{source: browser_confirmed, zone: Europe/Berlin}"),
        ("repeat: 7", "repeat: 7\n    minutes: 2"),
        (EVENT, '{anchor: enrolment, offset: "21d", at: "08:00"}'),
        (EVENT, '{anchor: previous_ended, offset: "7d"}'),
        ("anchor: enrolment, offset", 'anchor: "2027-03-01", offset'),
        ("on_exceed: {exit: inactive}", "on_exceed: {exit: inactive, still_offer: final}"),
    ],
)
def test_other_sound_schedules_are_accepted(waves: Folder, old: str, new: str) -> None:
    waves.change(old, new)
    assert waves.problems() == []


def test_game_of_a_later_visit_needs_a_waiting_room_of_its_own(waves: Folder) -> None:
    text = waves.text()
    start, end = text.index("      - id: game\n"), text.index("      - {id: after,")
    game = text[start:end]
    waves.write(text.replace(game, "").replace("      - {id: feel,", f"{game}      - {{id: feel,"))
    assert "waves[chat].stages[game]" in {problem.path for problem in waves.problems() if problem.code == "E403"}


def plan(folder: Path, *arguments: str) -> list[str]:
    out = StringIO()
    call_command("study", "plan", str(folder), *arguments, stdout=out, stderr=out, no_color=True)
    return out.getvalue().splitlines()


def test_plan_prints_the_calendar_of_one_person(waves: Folder) -> None:
    lines = plan(waves.path, "--zone", "Europe/Berlin", "--enrolled", "2027-03-20 14:00")
    visits = {line[:30].strip(): line[31:] for line in lines[2:]}
    assert visits["chat 1 of 7"].startswith("Sat 2027-03-20 14:00 +01:00")
    assert visits["chat 2 of 7"].startswith("Tue 2027-03-23 08:00 +01:00 Thu 2027-03-25 08:00 +01:00")
    assert visits["chat 4 of 7"].startswith("Mon 2027-03-29 08:00 +02:00")
    assert visits["chat 4 of 7"].endswith("the clocks have changed")
    assert visits["final"].startswith("Wed 2027-04-07 08:00 +02:00")
    assert len([line for line in lines if line.startswith("chat")]) == 7


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--zone", "Berlin"), 'no zone is called "Berlin"'), (("--zone", "UTC", "--enrolled", "soon"), "is no day")],
)
def test_plan_refuses_what_it_cannot_read(waves: Folder, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        plan(waves.path, *arguments)


def test_plan_of_a_study_with_errors_says_them(waves: Folder) -> None:
    waves.change('after: "48h"', 'after: "96h"')
    with pytest.raises(CommandError, match="mend them first"):
        plan(waves.path, "--zone", "UTC", "--enrolled", "2027-03-20")


def test_consent_says_what_each_visit_pays(waves: Folder) -> None:
    waves.change('base: "4.00",', 'base: "4.00", per_wave: {chat: "2.50", final: "0"},')
    found = waves.one("W451")
    assert found.path == "waves[main].stages[consent].document"
    assert 'what is paid for each visit of "chat"' in found.what
    assert found.remedy == "Write {{ chat_visit_pay }} where it belongs."
    text = waves.text("pages/consent.md")
    waves.write(f"{text}\n{{{{ chat_visit_pay }}}} for each visit.\n", "pages/consent.md")
    assert "W451" not in waves.codes()
    waves.write(f"{text}\n£2.50 for each visit.\n", "pages/consent.md")
    assert "W451" not in waves.codes(), "word for word will do"
    waves.write(f"{text}\n{{{{ intake_visit_pay }}}} for each visit.\n", "pages/consent.md")
    assert waves.one("E603").path == "pages/consent.md"


def test_slot_says_the_pay_with_its_currency(waves: Folder) -> None:
    waves.change('base: "4.00",', 'base: "4.00", per_wave: {chat: "2.50"},')
    study = check_folder(waves.path).study
    assert study is not None
    assert study_slots(study)["chat_visit_pay"] == "£2.50"


def test_visits_alone_may_be_what_pays(waves: Folder) -> None:
    """Pay for each visit is pay: leaving must not lose it, though there is neither base nor points."""
    text = waves.text()
    for was, now in (
        ('base: "4.00", points: {rate: "0.02", max: "6.00"}', 'base: "0", per_wave: {chat: "2.50"}'),
        ("  inactive: {pay: earned,", "  inactive: {pay: none,"),
    ):
        assert text.count(was) == 1
        text = text.replace(was, now)
    waves.write(text)
    assert waves.one("W450").path == "waves[main].stages[game].on_timeout"
