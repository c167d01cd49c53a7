"""The simulated runs of a study: which there were, what they showed, and how to make one."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.desk import Desk, desk_page
from console.roles import Capability
from simulation.models import SimulationRun
from simulation.queries import command_for, runs_of, unproven
from simulation.report import Report
from simulation.sections import Section
from studies.models import Study

MOST_LISTED = 50


@dataclass(frozen=True)
class Listed:
    """One run under the number it has in its study, from 1."""

    number: int
    run: SimulationRun

    @property
    def took_seconds(self) -> int:
        """On the wall."""
        return round((self.run.finished_at - self.run.started_at).total_seconds())


@desk_page(Capability.SEE_STUDY)
@require_safe
def simulations(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Every run, the newest first, and the report of one: of `?run=N`, or of the newest."""
    listed = newest_runs(desk.study)
    asked = request.GET.get("run")
    chosen = next((one for one in listed if asked in (None, str(one.number))), None)
    if asked and chosen is None:
        raise Http404("no such run")
    facts = {
        "desk": desk,
        "here": "simulations",
        "runs": listed,
        "chosen": chosen,
        "tables": [_table(section) for section in Report.from_json(chosen.run.report).sections] if chosen else [],
        "unproven": unproven(desk.study),
        "command": command_for(desk.study),
    }
    return render(request, "researcher/simulations.html", facts)


def newest_runs(study: Study) -> list[Listed]:
    """The newest runs with their numbers."""
    runs = runs_of(study)
    count = runs.count()
    return [Listed(count - index, run) for index, run in enumerate(runs.defer("report")[:MOST_LISTED])]


def _table(section: Section) -> dict[str, object]:
    """A table whose cells know whether they are numbers."""
    numeric = [section.is_number(at) for at in range(len(section.columns))]
    return {
        "section": section,
        "titles": list(zip([column.title for column in section.columns], numeric, strict=True)),
        "rows": [list(zip(row, numeric, strict=True)) for row in section.shown_rows()],
    }
