"""The numbers of a study: see them with unit and source, try others, keep them as a new version."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from console.desk import Desk, desk_page, newest_or_404
from console.parameters import REASON, ParameterForm, consequences, games
from console.roles import Capability
from studies import definition, services
from studies.problems import StudyError
from studies.varied import varied


@desk_page(Capability.SEE_STUDY)
@require_http_methods(["GET", "HEAD", "POST"])
def parameters(request: HttpRequest, desk: Desk) -> HttpResponse:
    """GET shows the form; POST shows what other numbers lead to, or with `save` makes a new version of them."""
    if request.method == "POST" and not desk.may[Capability.CHANGE]:
        raise PermissionDenied(f"{desk.role} may not change parameters")
    version = newest_or_404(desk.study)
    stages = games(version)
    if not stages:
        return render(request, "researcher/parameters.html", {"desk": desk, "here": "parameters"})
    stage = next((one for one in stages if one.id == request.GET.get("stage")), stages[0])
    now = definition.first_parameters(definition.definition(version), stage)
    decided = varied(stage.parameters)
    form = ParameterForm(now, request.POST if request.method == "POST" else None, decided=decided)
    facts: dict[str, Any] = {"desk": desk, "here": "parameters", "frozen": version, "stages": stages, "stage": stage}
    facts["decided"] = decided
    new = now
    if form.is_bound and form.is_valid():
        new = form.cleaned_data["parameters"]
        if "save" in request.POST and _is_saved(request, desk, stage.id, form):
            return redirect(f"{reverse('parameters', args=[desk.study.slug])}?stage={stage.id}")
    try:
        found = consequences(version, stage, new)
    except StudyError as error:  # a text reckons with these numbers, and cannot
        form.add_error(None, str(error))
        found = consequences(version, stage, now)
    facts |= {"form": form, "found": found}
    return render(request, "researcher/parameters.html", facts, status=422 if form.errors else 200)


def _is_saved(request: HttpRequest, desk: Desk, stage: str, form: ParameterForm) -> bool:
    reason = form.cleaned_data[REASON].strip()
    if not reason:
        form.add_error(REASON, _("Say why, in a few words: it is kept with the version."))
        return False
    values = form.cleaned_data["parameters"].model_dump(mode="json", include=set(form.own))
    try:
        made = services.change_parameters(desk.study, stage=stage, values=values, reason=reason)
    except StudyError as error:
        form.add_error(None, str(error))
        for problem in error.problems:
            form.add_error(None, str(problem))
        return False
    said = _("Kept as version %(number)d. Whoever starts from now on gets it; who has begun goes on as before.")
    messages.success(request, said % {"number": made.number})
    return True
