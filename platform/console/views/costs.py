"""What a study's language models cost."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.costs import costs_of
from console.desk import Desk, desk_page
from console.roles import Capability


@desk_page(Capability.WATCH)
@require_safe
def costs(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Limits, days, and what is left; while conditions are masked which limits were reached, and nothing else."""
    found = costs_of(desk.study, is_masked=desk.is_masked)
    return render(request, "researcher/costs.html", {"desk": desk, "here": "costs", "costs": found})
