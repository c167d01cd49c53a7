"""Readings that were not answered are made again; and what an amendment of the sentinels leaves in force."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.management import call_command

from bots.drift import services
from bots.drift.queries import drifted
from bots.drift.rules import Verdict, again_at
from bots.drift.services import REBASED
from bots.models import Sentinel
from events import clock, runner
from events.models import Due, Event
from exports.scope import Scope
from exports.tables.sentinels import SENTINELS
from studies.models import Version
from studies.services import amend, open_study, pause_study
from tests.bots.sentinel_answers import Model
from tests.bots.test_drift import _told, next_row, read, rows, watched  # noqa: F401  fixtures are found by name
from tests.machinery.people import sharing_is_installed  # noqa: F401


def make_again() -> Sentinel:
    """Let the time of the next reading come, whichever that is, and make it."""
    Due.objects.filter(pk=next_row().pk).update(run_after=clock.now() - timedelta(seconds=5))
    runner.drain("bots")
    return rows()[-1]


@pytest.mark.django_db
def test_reading_that_was_not_answered_is_made_again_a_few_times_and_then_in_its_time(tmp_path: Path) -> None:
    """As the study opens, too: without a first reading nothing later can be compared."""
    Model.is_down = True
    version = watched(tmp_path, per_day=1)
    with patch("bots.drift.services.next_time", return_value=(clock.now() + timedelta(hours=20), 1)):
        runner.drain("bots")
        waited = []
        for _ in range(3):
            waited.append(round((next_row().run_after - clock.now()).total_seconds() / 60))
            make_again()
        assert waited == [10, 60, 240]
        assert [(row.number, row.attempt, row.outcome) for row in rows()] == [(0, n, "failed") for n in (1, 2, 3, 4)]
        assert next_row().run_after > clock.now() + timedelta(hours=19), "it is bounded"
        assert next_row().facts | {"number": 1, "attempt": 1} == next_row().facts
    Model.is_down = False
    found = make_again()
    assert (found.number, found.attempt, found.verdict) == (1, 1, Verdict.FIRST)
    assert [row["attempt"] for row in SENTINELS.rows(Scope(version.study))] == [1, 2, 3, 4, 1]


@pytest.mark.parametrize(
    ("attempt", "planned_in", "again_in"), [(1, 600, 10), (2, 600, 60), (3, 600, 240), (4, 600, None), (2, 30, None)]
)
def test_reading_is_made_again_before_the_next_and_never_instead(
    attempt: int, planned_in: int, again_in: int | None
) -> None:
    now = datetime(2026, 5, 4, tzinfo=UTC)
    found = again_at(now, attempt, now + timedelta(minutes=planned_in))
    assert found == (None if again_in is None else now + timedelta(minutes=again_in))


@pytest.mark.django_db
def test_study_that_is_opened_again_on_the_day_reads_what_failed_as_it_first_opened(tmp_path: Path) -> None:
    Model.is_down = True
    version = watched(tmp_path)
    runner.drain("bots")
    pause_study(version.study)
    make_again()  # nobody is asked in a pause, and nothing is planned after it
    Model.is_down = False
    version.study.refresh_from_db()
    open_study(version.study)
    runner.drain("bots")
    assert [(row.number, row.attempt, row.verdict) for row in rows()] == [(0, 1, ""), (0, 2, Verdict.FIRST)]


def ask_otherwise(version: Version, home: Path) -> None:
    """Amend the sentinels of a study, as it may be before anybody has come."""
    folder = home / version.study.slug
    (folder / "prompts/sentinels.md").write_text("Name a colour.\n---\nWhat is 17 times 23? Only the number.\n")
    assert amend(version.study, folder, reason="Plainer").number == 2
    Model.answers["What is 17 times 23? Only the number."] = ["391"]


@pytest.mark.django_db
def test_amendment_does_not_forget_which_model_was_there_before_it(tmp_path: Path) -> None:
    version = watched(tmp_path)
    runner.drain("bots")
    ask_otherwise(version, tmp_path)
    Model.served = "told/2"
    row = read()
    assert row.verdict == Verdict.CHANGED, "it came with the amendment, and is a change of the model all the same"
    (drift,) = drifted(version.study)
    assert (drift.before, drift.after) == (rows()[0], row)
    assert read().verdict == Verdict.CHANGED, "it is in force for nobody before somebody confirms it"
    services.confirm(version.study, "told/one", reason="Looked at it")
    assert read().verdict == Verdict.SAME
    Model.served = "told/1"
    assert read().verdict == Verdict.CHANGED


@pytest.mark.django_db
def test_amended_sentinels_begin_anew_and_say_so(tmp_path: Path) -> None:
    version = watched(tmp_path)
    runner.drain("bots")
    ask_otherwise(version, tmp_path)
    assert read().verdict == Verdict.REBASED
    assert Event.objects.get(kind=REBASED).facts["model"] == "told/one"
    out = StringIO()
    call_command("drift", version.study.slug, stdout=out)
    assert "only names were compared, no answers" in out.getvalue()
    assert [row["verdict"] for row in SENTINELS.rows(Scope(version.study))] == ["first", "rebased"]
    assert read().verdict == Verdict.SAME
    Model.answers["What is 17 times 23? Only the number."] = ["392"]
    assert read().verdict == Verdict.CHANGED
