"""Which simulated runs a study has, and whether its newest version has a clean one."""

from django.db.models import QuerySet

from simulation.models import SimulationRun
from studies.models import Study, Version

PEOPLE = 40  # in the command that is proposed: enough to form some groups, quick enough to be run
COMMAND = "manage.py simulate {slug} --participants {people} --seed 1"


def runs_of(study: Study) -> QuerySet[SimulationRun]:
    """Every simulated run of a study, the newest first."""
    return SimulationRun.objects.filter(version__study=study).select_related("version").order_by("-pk")


def clean_run_of(version: Version) -> SimulationRun | None:
    """The newest clean run of that very version, if there is one."""
    return SimulationRun.objects.filter(version=version, is_clean=True).order_by("-pk").first()


def command_for(study: Study) -> str:
    """What to type for a simulated run."""
    return COMMAND.format(slug=study.slug, people=PEOPLE)


def unproven(study: Study) -> Version | None:
    """The newest version, where real people would be the first to play it. None for demonstrations and simulations."""
    newest = None if study.is_demo or study.is_simulated else study.current
    return newest if newest is not None and clean_run_of(newest) is None else None


def warning_of(study: Study) -> str:
    """One sentence for whoever opens a study whose newest version has no clean run; else empty."""
    version = unproven(study)
    if version is None:
        return ""
    what = f"Version {version.number} of {study.slug} has no clean simulated run"
    return f"{what}: nothing shows yet that people get through it. Run `{command_for(study)}` before anybody comes in."
