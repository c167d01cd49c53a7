"""Simulated people give addresses, or not, and are reminded over weeks: each message comes once, and all verifies."""

from collections import Counter
from email import message_from_bytes
from pathlib import Path

import pytest
from django.conf import LazySettings

from participants.models import Contact
from scheduling.models import Reminder
from simulation.play import DATASET, Plan, run
from simulation.profile import Profile
from studies import queries
from tests.exports.recompute_pay import read as table
from tests.machinery.people import MakeVersion
from tests.reminders.conftest import file_with, outbox
from tests.simulation.elsewhere import as_another_installation
from tests.sizes import sized


@pytest.mark.sized
@pytest.mark.django_db(transaction=True)
def test_weeks_of_reminders_have_no_message_twice(
    make_version: MakeVersion,
    own_pages: None,
    settings: LazySettings,
    tmp_path: Path,
) -> None:
    version = make_version(**file_with())
    said = {"number": version.number, "definition": version.definition, "files": queries.texts(version)}
    as_another_installation(f"{version.study.slug}/7")
    profile = Profile(arrivals_per_minute=2, missing_visits=0.3, dropping_out=0.1, declining=0)
    plan = {**said, "participants": sized(test=8, long=100), "seed": "7", "profile": profile, "out": tmp_path / "out"}
    report = run(Plan.model_validate(plan))
    assert (report.run.differences, report.not_clean_because) == ([], [])
    sent = Reminder.objects.filter(state="sent").count()
    files = Path(settings.EMAIL_FILE_PATH).iterdir()
    parts = [part for file in files for part in file.read_bytes().split(b"\n" + b"-" * 79 + b"\n") if part.strip()]
    arrived = Counter(str(message_from_bytes(part)["Message-ID"]) for part in parts)
    assert set(arrived.values()) == {1}
    assert len(arrived) == sent > 5
    assert outbox() == [], "nobody real is written to"
    states = set(Reminder.objects.values_list("state", flat=True))
    assert states == {"sent", "suppressed"}, "nothing waits for ever, failed, or is unknown"
    assert {"no_address", "over"} <= set(Reminder.objects.values_list("reason", flat=True))
    assert not Contact.objects.exclude(sealed_address="").exists(), "every address went with its person's last visit"
    rows = table(tmp_path / "out" / DATASET, "reminders")
    assert (
        sum(row["state"] == "sent" for row in rows)
        == sent - Reminder.objects.filter(state="sent", scheduled__participant__status="withdrawn").count()
    )
