"""The record of simulated runs, and the warning of whoever opens a study without a clean one."""

from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, transaction

from events import clock
from events.models import Event
from exports.services.bundle import export
from participants.models import Participant
from simulation.models import SimulationRun
from simulation.queries import clean_run_of, runs_of, warning_of
from simulation.report import Report, of
from simulation.services import record_run
from studies.models import Study, Version
from tests.exports import rows
from tests.simulation.small_study import FACTS, played
from tests.studies.conftest import Folder, folder, sharing_is_installed  # noqa: F401  fixtures are found by name

pytestmark = pytest.mark.django_db
WARNING = (
    "Version {} of sharing-test has no clean simulated run: nothing shows yet that people get through it. "
    "Run `manage.py simulate sharing-test --participants 40 --seed 1` before anybody comes in."
)


@pytest.fixture
def clean() -> Report:
    """A report of a run in which nothing went wrong."""
    simulated = played().study
    Participant.objects.filter(code="pgoing").update(status="finished", exit="left")
    return of(simulated, FACTS)


def keep(version: Version, report: Report) -> SimulationRun:
    now = clock.now()
    return record_run(version, report, started_at=now, finished_at=now)


def study(*arguments: object) -> str:
    out = StringIO()
    call_command("study", *map(str, arguments), stdout=out, stderr=out, no_color=True)
    return out.getvalue()


def test_run_is_kept_with_everything_that_was_reported(clean: Report) -> None:
    version = rows.make_study("real").versions.get()
    run = keep(version, Report.from_json(clean.as_json()))
    run.refresh_from_db()
    assert (run.version, run.mode, run.seed, run.participants, run.is_clean) == (version, "ordered", "7", 8, True)
    assert run.assumptions == [asdict(each) for each in FACTS.assumptions]
    assert Report.from_json(run.report).as_text() == clean.as_text()
    event = Event.objects.get(kind="simulation.recorded")
    assert (event.subject_kind, event.subject_id, event.study_id) == ("simulation_run", run.pk, None)
    assert event.facts == {"version": version.pk, "is_clean": True, "participants": 8}


def test_run_that_is_not_clean_says_why_and_keeps_the_first_differences() -> None:
    simulated = played().study
    facts = replace(FACTS, differences=[f"difference {number}" for number in range(1, 41)], server_errors=["500"])
    run = keep(rows.make_study("real").versions.get(), of(simulated, facts))
    assert not run.is_clean
    assert run.not_clean_because == [
        "1 server error", "40 differences found by verification", "1 person without an exit",
    ]  # fmt: skip
    assert run.differences == [f"difference {number}" for number in range(1, 21)]
    assert run.report["run"]["differences"] == run.differences


@pytest.mark.parametrize("change", [{"is_clean": True, "not_clean_because": []}, {"seed": "8"}])
def test_run_is_never_changed_and_never_deleted(clean: Report, change: dict[str, object]) -> None:
    run = keep(rows.make_study("real").versions.get(), clean)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SimulationRun.objects.filter(pk=run.pk).update(**change)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run.delete()


def test_clean_run_with_reasons_and_unclean_run_without_are_refused(clean: Report) -> None:
    run = keep(rows.make_study("real").versions.get(), clean)
    for is_clean, reasons in ((True, ["1 server error"]), (False, [])):
        run.pk, run.is_clean, run.not_clean_because = None, is_clean, reasons
        with pytest.raises(IntegrityError, match="simulation_run_says_why"), transaction.atomic():
            run.save()


def test_mode_that_does_not_exist_is_refused(clean: Report) -> None:
    with pytest.raises(ValueError, match="sideways"):
        keep(rows.make_study("real").versions.get(), replace(clean, run=replace(FACTS, mode="sideways")))


def test_clean_run_counts_for_its_very_version(clean: Report) -> None:
    real = rows.make_study("real")
    first = real.versions.get()
    run = keep(first, clean)
    assert clean_run_of(first) == run
    assert warning_of(real) == ""
    second = rows.make_version(real, 2, endowment=12)
    assert clean_run_of(second) is None
    assert warning_of(real).startswith("Version 2 of real has no clean simulated run")
    assert list(runs_of(real)) == [run]
    assert list(runs_of(rows.make_study("other"))) == []


def test_newest_clean_run_stays_one_when_a_later_one_is_not(clean: Report) -> None:
    version = rows.make_study("real").versions.get()
    run = keep(version, clean)
    later = keep(version, replace(clean, not_clean_because=["1 server error"]))
    assert clean_run_of(version) == run
    assert list(runs_of(version.study)) == [later, run]


def test_studies_that_nobody_real_enters_need_no_run() -> None:
    assert warning_of(rows.make_study("shown", is_demo=True)) == ""
    assert warning_of(rows.make_study("played", is_simulated=True)) == ""
    assert warning_of(Study.objects.create(slug="empty", title="Empty")) == ""


def test_study_open_warns_and_opens(folder: Folder, clean: Report) -> None:  # noqa: F811
    study("load", folder.path)
    assert WARNING.format(1) in study("open", "sharing-test")
    opened = Study.objects.get(slug="sharing-test")
    assert opened.status == "open"
    study("pause", "sharing-test")
    keep(opened.versions.get(), clean)
    assert "no clean" not in study("open", "sharing-test")
    said = study("amend", "sharing-test", "--set", "sample.target=30", "--reason", "power")
    assert WARNING.format(2) in said, "whoever comes next gets this version at once"


def test_study_load_warns_where_it_opens(folder: Folder) -> None:  # noqa: F811
    assert "no clean" not in study("load", folder.path)
    assert WARNING.format(1) in study("load", folder.path, "--open")


def test_study_open_is_silent_about_a_demonstration(folder: Folder) -> None:  # noqa: F811
    assert "no clean" not in study("load", folder.path, "--seed", "s", "--open", "--demo")


@pytest.mark.django_db(transaction=True)
def test_recording_a_run_leaves_the_dataset_as_it_is(clean: Report, tmp_path: Path) -> None:
    real = rows.make_study("real")
    before = export(real, tmp_path / "before")
    keep(real.versions.get(), clean)
    assert export(real, tmp_path / "after") == before
