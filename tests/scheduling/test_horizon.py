"""Somebody who is not told how many visits there are, from the link to the code: what every way out of a page tells."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from events import clock
from exports.own_copy import copy_of
from flow.between import calendar_of
from flow.letters import letter_of
from participants.models import Participant
from participants.services import make_link
from scheduling.models import Reminder, Session
from studies.markdown import visible
from studies.models import Version
from tests.machinery.people import (  # noqa: F401  fixtures are found by name
    MakeVersion,
    make_version,
    page,
    sharing_is_installed,
)
from tests.scheduling.test_changed_visits import browser_of
from tests.scheduling.test_visits import FILE, START, answer, berlin, enrolled, pass_to, states, take_part
from verification.check import check

pytestmark = pytest.mark.django_db
RANGE = " to ".join(f"{{{{ {what}_least }}}} to {{{{ {what}_most }}}}" for what in ("visits", "minutes", "pay"))
TEXTS = {
    "pages/consent.md": f"# Taking part\n\nYou come back some times: {RANGE}.",
    "pages/exit.md": "# The end\n\nThanks.",
    "pages/debrief.md": "# What this was about\n\nThere were {{ talk_visits }} of them.",
}
WAYS = ("/s/", "/s/zone", "/s/consent", "/s/data", "/s/reminders", "/s/leave", "/s/visits.ics")
COUNTED = re.compile(r"\bof [345]\b|\b[345] visits(?! so far| at £)|\blast one|one visit remains|£7\.00|40 minutes")
"""With all visits the study pays seven pounds and takes forty minutes."""


def file_with(*, reminds: bool = False, **horizon: Any) -> dict[str, Any]:
    """Three talks and a last visit, of which the number is not told."""
    first, talk, final = FILE["waves"]
    rules = [{"at": {"from": "opens", "plus": "1h"}, "if": "not_started"}]
    reminded = {"reminders": rules} if reminds else {}
    waves = [first | {"minutes": 10}, talk | {"minutes": 8} | reminded, final | {"minutes": 6}]
    omission = {"what": "omission", "approved_by": "board", "reference": "IRB-1", "debrief": "pages/debrief.md"}
    said = {"tells": "untold", "between": {"talk": {"least": 2, "most": 6}}} | horizon
    return FILE | {
        "waves": waves, "estimated_minutes": 40, "deception": [omission], "horizon": said, "texts": TEXTS,
        **({"reminders": {"channels": ["email"]}} if reminds else {}),
    }  # fmt: skip


@pytest.fixture(autouse=True)
def files_stay_here(settings: LazySettings, tmp_path: Path) -> None:
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")


@pytest.fixture
def version(make_version: MakeVersion) -> Version:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    return make_version(**file_with(reminds=True))


def everything(session: Session) -> str:
    """Every page to which somebody can come now, as read; and their calendar, copy and messages."""
    browser = browser_of(session)
    answers = [(way, browser.get(way)) for way in WAYS]
    found = [visible(said.content.decode()) for _way, said in answers if said.status_code == 200]
    assert {way for way, said in answers if said.status_code == 200} >= {"/s/", "/s/consent", "/s/data"}
    found.append(json.dumps(copy_of(session), default=vars))
    for one in Reminder.objects.filter(scheduled__participant=session.participant_id):
        if one.scheduled.opens_at is not None:
            letter = letter_of(one, one.scheduled, link="x" * 43, stop="y" * 43)
            found.append(f"{letter.subject}\n{letter.text}")
    return "\n".join(found)


def test_nothing_tells_how_many_there_are_until_the_end(version: Version) -> None:
    session = enrolled(version)
    assert Reminder.objects.exists()
    for day in (23, 26, 29):
        assert COUNTED.findall(everything(session)) == []
        assert calendar_of(session.participant).count("BEGIN:VEVENT") == 1
        pass_to(berlin(2027, 3, day, 9))
        assert COUNTED.findall(everything(session)) == []
        session = take_part(session)
    pass_to(berlin(2027, 3, 30, 10))
    assert COUNTED.findall(everything(session)) == []
    assert page(session).facts["about"].startswith("It is visit 4. It takes about 6 minutes.")
    session = answer(session)
    assert states(session)[-1] == "started"
    while session.status == Session.Status.ACTIVE:
        if "There were 3 of them" in page(session).html:
            break
        session = answer(session)
    assert "There were 3 of them" in page(session).html
    while session.status == Session.Status.ACTIVE:
        session = answer(session)
    assert Participant.objects.get(pk=session.participant_id).exit == "completed"
    assert len(copy_of(session).visits) == 5, "at the end all are told"
    assert [str(each) for each in check(version.study).differences] == []


def test_the_same_study_tells_them_where_people_are_told(make_version: MakeVersion) -> None:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    said = file_with(reminds=True)
    del said["horizon"]
    texts = {"pages/consent.md": "# Taking part\n\n{{ visits }} visits, {{ minutes }} minutes."}
    session = enrolled(make_version(**said | {"texts": TEXTS | texts}))
    found = everything(session)
    assert {"of 4", "£7.00"} <= {one[0] for one in COUNTED.finditer(found)}
    assert calendar_of(session.participant).count("BEGIN:VEVENT") == 3, "the day of the last is not known yet"


def test_door_says_between_what_it_lies(version: Version) -> None:
    token = make_link(version.study)
    html = visible(Client(headers={"host": "localhost"}).get(f"/j/{token}").content.decode())
    assert "There are between 4 and 8 visits on different days. Together they take about 32 to 64 minutes." in html
    earned = "You earn between £6.00 and £10.00 if you come to every visit, depending on how many visits there are."
    assert earned in html


def test_home_counts_what_was_and_not_what_is_to_come(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 23, 9))
    session = take_part(session)
    found = page(session)
    assert [mark.shape for mark in found.facts["way"]] == ["done", "done", "to_come"]
    assert found.facts["progress"] == (
        "You have taken part in 1 visit so far. With the first one there are between 4 and 8 visits in all."
    )
    assert "You are paid for each visit that you finish." in found.facts["pay"]


def test_missed_visit_is_counted_as_people_count(version: Version) -> None:
    session = enrolled(version)
    pass_to(berlin(2027, 3, 27, 9))
    found = page(session)
    assert found.facts["before"] == "You missed visit 1. That is fine."
    assert found.facts["about"].startswith("It is visit 2.")
    assert [mark.shape for mark in found.facts["way"]] == ["done", "missed", "open"]


def test_what_was_cancelled_is_not_counted_before_the_end(make_version: MakeVersion) -> None:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    attendance = {"max_missed": 1, "on_exceed": {"exit": "inactive", "still_offer": "final"}}
    session = enrolled(make_version(**file_with() | {"attendance": attendance}))
    pass_to(berlin(2027, 3, 28, 9))
    assert states(session) == ["missed", "missed", "cancelled", "planned"]
    found = page(session)
    assert [mark.name for mark in found.facts["way"]] == ["First", "1", "2", "3"]
    assert found.facts["about"].startswith("It is visit 3.")
    assert COUNTED.findall(everything(session)) == []


def test_level_decides_who_reads_it(make_version: MakeVersion) -> None:  # noqa: F811
    clock.simulate()
    clock.stand(START)
    tells = {"by": "end", "values": {"counted": "told", "open": "untold"}}
    said = file_with(tells=tells)
    stage = {"id": "how_many", "kind": "instructions", "pages": ["pages/how_many.md"]}
    first = said["waves"][0]
    consent, before = first["stages"]
    shown = stage | {"when": {"by": "end", "levels": ["counted"]}}
    said["waves"] = [first | {"stages": [consent, shown, before]}, *said["waves"][1:]]
    said |= {
        "factors": {"end": {"levels": ["counted", "open"]}}, "conditions": {"cross": ["end"]},
        "allocation": {"unit": "participant", "at": "entry", "block_sizes": [2]},
        "texts": TEXTS | {"pages/how_many.md": "# How often\n\nYou come {{ talk_visits }} times."},
    }  # fmt: skip
    version = make_version(**said)
    both = [enrolled(version), enrolled(version)]
    told = sorted(page(one).facts["about"].partition(" It takes")[0] for one in both)
    assert told == ["It is visit 1 of 4.", "It is visit 1."]
    events = sorted(calendar_of(one.participant).count("BEGIN:VEVENT") for one in both)
    assert events == [1, 3]
