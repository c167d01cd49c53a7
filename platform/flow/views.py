"""The participant's door: one address for the whole session, and every answer is words on a page."""

import json
import re
from collections.abc import Callable
from dataclasses import astuple, replace
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_http_methods, require_safe

from events.access import participant_only
from events.moment import one_moment
from flow import pace, queries
from flow.between import is_between
from flow.calculator import FACT, calculator_of
from flow.drawing import Frame, digest_of, draw
from flow.errors import FlowError
from flow.forms import CANONICAL_UUID, FormError, read_form, read_pairs
from flow.framing import frame_of, kept_on_leaving, limits_while_away, may_see_records, told_of_silence
from flow.kinds import kind
from flow.own_data import is_kept
from flow.page import Kept, Page
from flow.services import debriefs, sessions, uses
from participants.access import cookie_token, give_cookie
from scheduling.models import Session
from studies import definition

SEE_OTHER = 303
_NUMBER = re.compile("[0-9]{1,9}")
View = Callable[..., HttpResponseBase]


def in_study_language(view: View) -> View:
    """Speak the study's language, whatever the browser prefers: all participants of a study read the same words."""

    @wraps(view)
    def speaking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        language = definition.definition(request.participant.version).language  # type: ignore[attr-defined]
        with translation.override(language):
            response = view(request, *args, **kwargs)
        response.headers["Content-Language"] = language
        return response

    return speaking


@participant_only
@in_study_language
@require_http_methods(["GET", "HEAD", "POST"])
def session_page(request: HttpRequest) -> HttpResponse:
    """Show the page the session is at, or take in what was sent from it."""
    if request.method == "POST":
        return _submitted(request)
    _show_life(request)
    response = _shown(request, note=_kept_note(request))
    give_cookie(response, cookie_token(request))  # it lasts from the newest visit on, not from the first
    return response


@participant_only
@in_study_language
@require_safe
def poll(request: HttpRequest) -> HttpResponse:
    """204 while the page is the same, else the new one. Also the sign of life that keeps one's place."""
    visit = _show_life(request)
    response = _news(request, visit)
    writing = _writing(request, visit)
    if writing is not None:
        response.headers["X-Typing"] = json.dumps(writing)
    return response


def _news(request: HttpRequest, visit: queries.Visit) -> HttpResponse:
    if request.GET.get("rev") != queries.rev_of(visit.session, visit.stage) and not _has_read(request, visit):
        return _shown(request, is_fragment=True)
    if seen := request.GET.get("digest"):  # a waiting page counts people without being another page
        page, frame = _now(request)
        if digest_of(page) != seen:
            return _drawn(request, page, frame, is_fragment=True)
    return HttpResponse(status=204)


def _has_read(request: HttpRequest, visit: queries.Visit) -> bool:
    """Whether all that is new are lines which the page was told by its socket: then it needs to be no other."""
    drawn, read = (request.GET.get(name, "") for name in ("drawn", "read"))
    if not (_NUMBER.fullmatch(drawn) and _NUMBER.fullmatch(read)):
        return False
    told = {"drawn": int(drawn), "read": int(read)}
    return queries.lacks_only_lines(visit.session, request.GET.get("rev", ""), visit.stage, **told)


def _writing(request: HttpRequest, visit: queries.Visit) -> list[tuple[str, int]] | None:
    """Who else is writing, for who has no socket or was not told by it; None where nobody is told.

    A browser without a socket says here, too, that somebody types in it.
    """
    typing, person = request.GET.get("typing", ""), visit.session.participant
    key = typing if CANONICAL_UUID.fullmatch(typing) else ""  # of the form in which somebody types
    if (key or typing == "1") and not pace.is_too_fast(person, what="typing"):
        kind("typing", "by_person")(person.pk, key=key)
    seen_by = getattr(visit.stage, "writing", None)
    found = seen_by(visit.session) if seen_by else None
    for one in found or ():
        kind("typing", "keep")(visit.session.participant_id, one.who, one.begun_at.isoformat())
    return None if found is None else [one.told for one in found]


@participant_only
@in_study_language
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """Say what pausing and leaving mean; on POST, leave."""
    session: Session = request.visit.session  # type: ignore[attr-defined]
    if session.status != Session.Status.ACTIVE and not is_between(session):
        return to_page()
    if request.method == "POST":
        return _left(request, session)
    facts = {
        "kept": kept_on_leaving(session),
        "limits": limits_while_away(session),
        "away": told_of_silence(session),
        "is_kept": is_kept(session.participant),
    }
    page = Page("leave", _("Pause or leave"), facts=facts)
    return HttpResponse(draw(request, page, frame_of(session, page), is_fragment=False))


@participant_only
@in_study_language
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Report the conversation one is in, or was in last; whoever was in none is led to their page."""
    session: Session = request.visit.session  # type: ignore[attr-defined]
    page: Page | None = kind("report", "page")(session)
    if page is None:
        return to_page()
    if request.method == "POST":
        if pace.is_too_fast(session.participant):
            return too_fast(request)
        try:
            form = read_form(request)
        except FormError as error:
            return unreadable(request, error)
        errors = kind("report", "take")(session, form.key, form.data)
        if not errors:
            messages.info(request, "reported")
            return to_page()
        page = replace(page, errors=errors, values=form.data)
    status = 422 if page.errors else 200
    return HttpResponse(draw(request, page, frame_of(session, page), is_fragment=False), status=status)


@participant_only
@in_study_language
@require_safe
def earlier(request: HttpRequest, number: int) -> HttpResponse:
    """An earlier conversation, beside the talk in which it may be read; anybody else is led to their page."""
    session: Session = request.visit.session  # type: ignore[attr-defined]
    page: Page | None = kind("earlier", "page")(session, number)
    if page is None:
        return to_page()
    if pace.is_too_fast(session.participant, what="earlier"):
        return too_fast(request)
    html = draw(request, page, frame_of(session, page), is_fragment=_wants_fragment(request))
    if request.method != "HEAD":
        kind("earlier", "keep")(session, number)
    return HttpResponse(html)


@participant_only
@in_study_language
@require_safe
def recorded(request: HttpRequest) -> HttpResponse:
    """One's own rows beside the round just played: in a demo or a preview only, and elsewhere there is no such page."""
    session = request.visit.session  # type: ignore[attr-defined]
    if not may_see_records(session.participant):
        raise Http404("no records are shown here")
    if pace.is_too_fast(session.participant):  # they take longer to gather than any page
        return too_fast(request)
    page = Page("recorded", _("What was recorded"), facts={"record": kind("own_rows", "rows")(session)})
    return HttpResponse(draw(request, page, frame_of(session, page), is_fragment=False))


@participant_only
@in_study_language
@require_safe
def calculator(request: HttpRequest) -> HttpResponse:
    """Work out an example by the rules of the game, where the page offers it. Only that it was used is kept."""
    session = request.visit.session  # type: ignore[attr-defined]
    if FACT not in queries.page_of(session).facts:
        raise Http404("no example is offered here")
    if pace.is_too_fast(session.participant, what="examples"):
        return too_fast(request)
    shown = calculator_of(session, request.GET.dict())
    if shown is None:
        raise Http404("this example cannot be worked out")
    if request.GET and request.method != "HEAD":
        uses.note_calculation(session)
    page = Page("calculator", _("Work out an example"), facts={FACT: shown})
    return HttpResponse(draw(request, page, frame_of(session, page), is_fragment=_wants_fragment(request)))


def _submitted(request: HttpRequest) -> HttpResponse:
    if pace.is_too_fast(request.participant):  # type: ignore[attr-defined]
        return too_fast(request)
    try:
        form = read_form(request)
    except FormError as error:
        return unreadable(request, error)
    try:
        session: Session = request.visit.session  # type: ignore[attr-defined]
        result = sessions.submit(session.pk, key=form.key, rev=form.rev, data=form.data)
    except FlowError as error:
        notes = {"conflict": "conflict", "not_here": "stale"}
        if error.code not in notes:
            raise
        return _shown(request, note=_note(notes[error.code]), status=409)
    if result.outcome == "refused":
        page, frame = _now(request)
        page = replace(page, errors=result.errors, values=form.data)
        return _drawn(request, page, frame, status=422, is_fragment=False)
    return _moved_on(request, result)


def _moved_on(request: HttpRequest, result: sessions.Result) -> HttpResponse:
    note = _note(result.outcome)
    if _wants_fragment(request):
        response = _shown(request, note=note, kept=result.kept)
        response.headers["X-Outcome"] = str(result.outcome)  # what was not stored stays in the form
        return response
    if note:
        messages.info(request, result.outcome)
    return to_page()


def _left(request: HttpRequest, session: Session) -> HttpResponse:
    try:
        choice = read_pairs(request).get("do")
        if choice not in {"leave", "withdraw"}:
            raise FormError(400, "no_choice", "the form says neither leave nor withdraw")
    except FormError as error:
        return unreadable(request, error)
    sessions.leave(session.pk, withdraw=choice == "withdraw")
    return to_page()


def _shown(
    request: HttpRequest, *, note: str = "", status: int = 200, is_fragment: bool = False, kept: Kept | None = None
) -> HttpResponse:
    page, frame = _now(request, kept)
    if note:
        page = replace(page, note=note)
    return _drawn(request, page, frame, status=status, is_fragment=is_fragment)


def _drawn(request: HttpRequest, page: Page, frame: Frame, *, status: int = 200, is_fragment: bool) -> HttpResponse:
    html = draw(request, page, frame, is_fragment=is_fragment or _wants_fragment(request))
    if request.method != "HEAD":
        _keep_what_was_shown(request, page)
    return HttpResponse(html, status=status)


def _keep_what_was_shown(request: HttpRequest, page: Page) -> None:
    """Once it is drawn: the explanation of what people were deceived in, and messages of others."""
    if told := page.facts.get("told"):
        debriefs.mark_delivered(request.participant, told)  # type: ignore[attr-defined]
    if page.seen is not None:
        kind("entries", "keep_shown")(*astuple(page.seen))
    if page.facts.get("safety"):
        kind("safety", "shown")(page.facts["safety"])


def _now(request: HttpRequest, kept: Kept | None = None) -> tuple[Page, Frame]:
    """The page and its frame as of one instant."""
    with one_moment():
        visit = _read_again(request)
        page = queries.page_of(visit.session, kept)
        return page, frame_of(visit.session, page, now=visit.now)


def _show_life(request: HttpRequest) -> queries.Visit:
    """Note that the browser is there, and return the visit as it stands after what followed from that."""
    visit: queries.Visit = request.visit  # type: ignore[attr-defined]
    return _read_again(request) if sessions.show_life(visit) else visit


def _read_again(request: HttpRequest) -> queries.Visit:
    """The participant's visit as it stands now: a service may have moved it."""
    visit = queries.visit_of(request.participant)  # type: ignore[attr-defined]
    if visit is None:
        raise Http404("a participant without a session")
    return visit


def _wants_fragment(request: HttpRequest) -> bool:
    return request.headers.get("X-Fragment") == "1"


def to_page() -> HttpResponse:
    """Back to the one page, after a form."""
    response = HttpResponseRedirect(reverse("session"))
    response.status_code = SEE_OTHER
    return response


NOTES = {
    "stale": gettext_noop("That page was over already. This is where you are now."),
    "late": gettext_noop("Time was up before your answer arrived. It does not count."),
    "conflict": gettext_noop("Your first answer was saved already. This is where you are now."),
    "saved": gettext_noop("Saved."),
    "reported": gettext_noop("Thank you. The study team will read your report."),
}


def _note(outcome: str) -> str:
    """What the page after a form says of what became of it, where it says anything."""
    return _(NOTES[outcome]) if outcome in NOTES else ""


def _kept_note(request: HttpRequest) -> str:
    """The note that a form without a script left for the page after it."""
    kept = [str(message) for message in messages.get_messages(request)]
    return _note(kept[-1]) if kept else ""


def unreadable(request: HttpRequest, error: FormError) -> HttpResponse:
    """What is answered to a form that no page of ours sent."""
    title = _("We could not read that")
    advice = _("Nothing was changed. Please go back, load the page again and repeat your last step.")
    return _calm(request, status=error.status, title=title, advice=advice)


def too_fast(request: HttpRequest, *, seconds: int = pace.SECONDS) -> HttpResponse:
    """What is answered to somebody who sends more than a person does."""
    advice = _("Please wait a few seconds, go back, and send it again. Nothing was changed.")
    if seconds > pace.SECONDS:
        advice = _("Please wait a minute, go back, and try it again. Nothing was changed.")
    response = _calm(request, status=429, title=_("That was very fast"), advice=advice)
    response.headers["Retry-After"] = str(seconds)
    return response


def _calm(request: HttpRequest, *, status: int, title: str, advice: str) -> HttpResponse:
    facts = {"title": title, "advice": advice, "code": getattr(request, "rapport_code", "")}
    return render(request, "errors/page.html", facts, status=status)
