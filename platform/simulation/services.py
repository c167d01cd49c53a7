"""Keeping that a version was played by simulated people."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from events import log
from simulation.models import SimulationRun
from simulation.report import MOST_KEPT, Report
from studies.models import Version

RECORDED = "simulation.recorded"


@transaction.atomic
def record_run(version: Version, report: Report, *, started_at: datetime, finished_at: datetime) -> SimulationRun:
    """Keep one run with its report in the installation that the version belongs to.

    Args:
        version: Of the real study; its simulated twin lives in another database.
        report: As `simulation.report.of` or `Report.from_json` gives it.
        started_at: By the clock of this installation, as is `finished_at`.
    """
    run = SimulationRun.objects.create(
        version=version,
        mode=SimulationRun.Mode(report.run.mode),
        seed=report.run.seed,
        participants=report.run.participants,
        assumptions=[asdict(each) for each in report.run.assumptions],
        is_clean=report.is_clean,
        not_clean_because=list(report.not_clean_because),
        differences=list(report.run.differences)[:MOST_KEPT],
        report=report.as_json(),
        started_at=started_at,
        finished_at=finished_at,
    )
    facts = {"version": version.pk, "is_clean": run.is_clean, "participants": run.participants}
    # Of no study: a dataset must not change because its study was simulated once more.
    log.record(RECORDED, study=None, subject=("simulation_run", run.pk), facts=facts)
    return run
