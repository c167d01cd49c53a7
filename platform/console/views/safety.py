"""What was found in people's words that may be danger: a list without words, and behind each number the words."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from chat.case_numbers import gone
from chat.errors import ChatError
from chat.models import SafetyStep
from chat.safety import services
from chat.safety.queries import numbered, of_study, unanswered, untold
from console.desk import Desk, desk_page
from console.roles import Capability, may
from exports import found
from flow.drawing import plain
from studies.masking.services import note_look

MOST_LISTED = 200


@desk_page(Capability.SEE_DATA)
@require_safe
def safety(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What waits for an answer, then the newest of the rest. While data come in for a monitor, as the command."""
    if desk.is_masked:
        return _held_back(request, desk)
    _note_look(desk)
    everything = of_study(desk.study)
    waits = {one.case.number for one in unanswered(desk.study)}
    unsaid = {one.case.number for one in untold(desk.study)}
    in_turn = sorted(everything, key=lambda one: (one.case.number not in waits, -one.case.number))
    rows = [
        {
            "number": one.case.number, "tier": one.tier, "source": one.source, "who": found.who_of(one),
            "state": found.state_of(one), "is_untold": one.case.number in unsaid,
        }
        for one in in_turn[: max(MOST_LISTED, len(waits))]
    ]  # fmt: skip
    facts = {"desk": desk, "here": "safety", "rows": rows, "count": len(everything), "gone": gone(desk.study)}
    return render(request, "researcher/safety.html", facts)


@desk_page(Capability.SEE_DATA)
@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest, desk: Desk, number: int) -> HttpResponse:
    """What was written, for whoever may read it; on POST, that it was looked at and what was done."""
    if desk.is_masked:
        return _held_back(request, desk)
    one = numbered(desk.study, number)
    facts = {"desk": desk, "here": "safety", "number": number}
    if one is None and number in gone(desk.study):
        return render(request, "researcher/safety_gone.html", facts, status=410)
    if one is None:
        raise Http404("no such number")
    if request.method == "POST":
        if not may(desk.role, Capability.WATCH):
            raise PermissionDenied(f"{desk.role} may not answer")
        said = {"verdict": request.POST.get("verdict", ""), "words": request.POST.get("done", "")}
        try:
            services.answer(one, **said, by=request.user.get_username())
        except ChatError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Kept."))
        return redirect("safety_case", desk.study.slug, number)
    _note_look(desk)
    answered = one.steps.filter(what=SafetyStep.What.ANSWERED).first()
    facts |= {
        "one": one,
        "who": found.who_of(one),
        "where": found.where_of(one),
        "state": found.state_of(one),
        "lines": [(who, plain(text)) for who, text in found.words_of(one)],
        "answered": answered,
        "done": plain(answered.words) if answered is not None else "",
        "verdicts": SafetyStep.Verdict.choices,
    }
    return render(request, "researcher/safety_case.html", facts)


def _held_back(request: HttpRequest, desk: Desk) -> HttpResponse:
    return render(request, "researcher/held_back.html", {"desk": desk, "here": "safety"}, status=403)


def _note_look(desk: Desk) -> None:
    if desk.is_looking:
        note_look(desk.study, user_id=desk.reader, what="safety")
