"""My studies, one study, trying it out, and its board."""

from itertools import zip_longest

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from console.board import board_of
from console.desk import Desk, desk_page, newest_or_404
from console.roles import Capability
from console.services import make_play_link
from console.upkeep import backup_standing
from console.visits import grid_of
from events.access import researcher_only
from simulation.queries import unproven
from studies import definition
from studies.changes import differences
from studies.masking import services
from studies.masking.standing import unmasking_of
from studies.models import Membership, Study
from studies.problems import StudyError


@researcher_only
@require_safe
def studies(request: HttpRequest) -> HttpResponse:
    """Those in which the visitor has a role, nobody else's exist here; and whether the daily backups want a look."""
    found = Study.objects.for_user(request.user).order_by("slug").prefetch_related("versions", "memberships")
    theirs = Membership.objects.filter(user=request.user.pk or 0, role=Membership.Role.WIZARD)
    facts = {"studies": found, "backup": backup_standing(), "behind": set(theirs.values_list("study", flat=True))}
    return render(request, "researcher/studies.html", facts)


@desk_page(Capability.SEE_STUDY)
@require_safe
def study(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Status, what is told and manipulated, versions with what changed from each to the next."""
    versions = list(desk.study.versions.order_by("-number"))
    newest = versions[0] if versions else None
    facts = {
        "desk": desk,
        "here": "study",
        "newest": newest,
        "said": definition.definition(newest) if newest else None,
        "versions": [
            {"version": one, "changes": differences(before.definition, one.definition) if before else []}
            for one, before in zip_longest(versions, versions[1:])
        ],
        "people": desk.study.participants.count(),
        "unproven": unproven(desk.study),
        "unmasking": unmasking_of(desk.study),
    }
    return render(request, "researcher/study.html", facts)


@desk_page(Capability.TRY)
@require_POST
def play(_request: HttpRequest, desk: Desk) -> HttpResponse:
    """Make a fresh link to try the study out, and go there."""
    newest_or_404(desk.study)
    return redirect("landing", token=make_play_link(desk.study))


@desk_page(Capability.WATCH)
@require_safe
def board(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Who is where, as of now; a script keeps it fresh."""
    found = board_of(desk.study, is_masked=desk.is_masked)
    return render(request, "researcher/board.html", {"desk": desk, "here": "board", "board": found})


@desk_page(Capability.WATCH)
@require_safe
def visits(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Who comes when: a row for each person, a column for each visit."""
    only_at_risk = request.GET.get("show") == "at_risk"
    number = request.GET.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1
    grid = grid_of(desk.study, only_at_risk=only_at_risk, page=page, is_masked=desk.is_masked)
    facts = {"desk": desk, "here": "visits", "grid": grid, "only_at_risk": only_at_risk}
    return render(request, "researcher/visits.html", facts)


@desk_page(Capability.UNMASK)
@require_POST
def unmask(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Let everybody see conditions and outcomes, for a reason that is kept."""
    reason = request.POST.get("reason", "")
    try:
        services.unmask(desk.study, reason=reason, by=request.user.get_username(), role=desk.role)
    except StudyError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Unmasked. The dataset says so, with the day and the reason."))
    return redirect("study", desk.study.slug)
