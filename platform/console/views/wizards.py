"""Behind the curtain: the automated seats in whose place people may write, and what a page in one of them shows."""

from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as later
from django.views.decorators.http import require_http_methods, require_safe

from bots.errors import BotsError
from bots.models import WizardReply, WizardSeat
from bots.wizards import services
from bots.wizards.queries import open_reply, open_seats, page_of, seat_of
from bots.wizards.rules import words_of
from console.desk import Desk, desk_page
from console.roles import Capability
from events import clock
from flow.drawing import plain, plain_card, plain_line
from paradigm import Table

REFUSALS = {
    "wizard_taken": later("Somebody else sits behind this seat, or you were away for too long. Sit down again."),
    "wizard_late": later("It was too late: this message was decided without you."),
}


@desk_page(Capability.SPEAK)
@require_safe
def wizard(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The seats whose conversation is open. No word of it: only who sits behind a seat reads that."""
    _need_wizards(desk)
    if not desk.may_speak:
        return _held_back(request, desk)
    me, now = request.user.get_username(), clock.now()
    rows = [
        {
            "number": one.seat.turn_id,
            "is_mine": one.seat.holder == me,
            "is_taken": _is_taken(one.seat, me),
            "seconds": _seconds(one.reply) if one.reply is not None and one.reply.until > now else None,
        }
        for one in open_seats(desk.study)
    ]
    return render(request, "researcher/wizard.html", {"desk": desk, "here": "wizard", "rows": rows})


@desk_page(Capability.SPEAK)
@require_http_methods(["GET", "HEAD", "POST"])
def wizard_seat(request: HttpRequest, desk: Desk, number: int) -> HttpResponse:
    """One seat: what its page shows, what its model would say, and a place to write. On POST one of three things."""
    _need_wizards(desk)
    if not desk.may_speak:
        return _held_back(request, desk)
    seat = seat_of(desk.study, number)
    if seat is None:
        raise Http404("no such seat")
    if request.method == "POST":
        return _done(request, desk, number)
    me = request.user.get_username()
    facts = {"desk": desk, "here": "wizard", "number": number, "is_mine": seat.holder == me}
    if seat.holder != me or not _stays(number, me):
        taken = {"is_mine": False, "is_taken": _is_taken(seat, me)}
        template = "wizard_live" if request.headers.get("X-Fragment") == "1" else "wizard_seat"
        return render(request, f"researcher/{template}.html", facts | taken)
    facts |= _shown(seat)
    if request.headers.get("X-Fragment") == "1":
        return render(request, "researcher/wizard_live.html", facts)
    return render(request, "researcher/wizard_seat.html", facts | _to_write(facts["reply"], request))


def _stays(number: int, username: str) -> bool:
    """Whether they sit there still: to look is to be heard of."""
    try:
        services.take(number, username)
    except BotsError:
        return False
    return True


def _shown(seat: WizardSeat) -> dict[str, object]:
    """What a page in the seat shows, and what is wanted of it."""
    page, reply = page_of(seat.turn), open_reply(seat.turn_id)
    view = page.view if page is not None else None
    return {
        "page": page,
        "lines": [plain_line(one) for one in view.lines] if view is not None else [],
        "cards": [plain_card(one) for one in view.cards] if view is not None else [],
        "tables": [_plain_table(one) for one in view.tables] if view is not None else [],
        "reply": reply if page is not None and reply is not None and reply.until > clock.now() else None,
        "seconds": _seconds(reply),
        "draft": plain(words_of(reply.draft)) if reply is not None else "",
        "rule": seat.turn.seat.settings.get("asked_if_ai", ""),
    }


def _plain_table(table: Table) -> Table:
    """The answers to earlier questions stand in tables."""
    return replace(table, rows=[[plain(str(cell)) for cell in row] for row in table.rows])


def _to_write(reply: object, request: HttpRequest) -> dict[str, object]:
    """What stands in the box: nothing, or the draft where somebody wants to change it."""
    if not isinstance(reply, WizardReply) or "edit" not in request.GET:
        return {"words": "", "begins": ""}
    return {"words": words_of(reply.draft), "begins": reply.pk}


def _done(request: HttpRequest, desk: Desk, number: int) -> HttpResponse:
    me, what = request.user.get_username(), request.POST.get("do", "")
    try:
        if what == "take":
            services.take(number, me)
        elif what == "leave":
            services.leave(number, me)
            return redirect("wizard", desk.study.slug)
        elif what in ("draft", "say"):
            _say(request, number, me, as_draft=what == "draft")
            messages.success(request, _("It is said at the seat's own pace."))
    except BotsError as error:
        said = REFUSALS.get(error.code)
        messages.error(request, _(said) if said else _("Not said: %(why)s.") % {"why": error})
        if error.code == "wizard_words" and desk.may_speak:
            return _written_again(request, desk, number)
    return redirect("wizard_seat", desk.study.slug, number)


def _say(request: HttpRequest, number: int, username: str, *, as_draft: bool) -> None:
    named = request.POST.get("reply", "")
    reply = WizardReply.objects.filter(pk=int(named), turn=number).first() if _is_number(named) else None
    if reply is None:
        raise BotsError("wizard_late", "nothing is wanted of this seat")
    words = words_of(reply.draft) if as_draft else request.POST.get("words", "")
    begins = as_draft or request.POST.get("begins", "") == str(reply.pk)
    services.decide(reply.pk, username, words=words, begins_with_draft=begins)


def _written_again(request: HttpRequest, desk: Desk, number: int) -> HttpResponse:
    """The page with what was refused still in the box."""
    seat = seat_of(desk.study, number)
    assert seat is not None
    facts = {"desk": desk, "here": "wizard", "number": number, "is_mine": True, **_shown(seat)}
    facts |= {"words": request.POST.get("words", ""), "begins": request.POST.get("begins", "")}
    return render(request, "researcher/wizard_seat.html", facts, status=422)


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdigit() and len(said) < 16


def _is_taken(seat: WizardSeat, me: str) -> bool:
    is_held = seat.lease_until is not None and seat.lease_until > clock.now()
    return seat.holder not in ("", me) and is_held


def _seconds(reply: WizardReply | None) -> int:
    return max(0, round((reply.until - clock.now()).total_seconds())) if reply is not None else 0


def _need_wizards(desk: Desk) -> None:
    if not desk.has_wizards:
        raise Http404("no partner of this study lets people write in its place")


def _held_back(request: HttpRequest, desk: Desk) -> HttpResponse:
    return render(request, "researcher/held_back.html", {"desk": desk, "here": "wizard"}, status=403)
