"""One's reminders: the page beside the visits, and the one to which every message leads that wants to be the last."""

from collections.abc import Mapping
from dataclasses import replace

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from events.access import participant_only, public
from flow import pace
from flow.address_form import address_fields, read_address, uses
from flow.addresses import has_reminders, is_by_email, is_reached_otherwise
from flow.drawing import draw
from flow.forms import FormError, read_pairs
from flow.framing import frame_of
from flow.page import Page
from flow.services import addresses
from flow.views import in_study_language, to_page, too_fast, unreadable
from paradigm import FieldError
from participants import identity, limiter
from participants.access import cookie_token, participant_with
from participants.models import Participant
from participants.spoken import spoken_in
from scheduling.models import Session
from studies import definition

ONE_CLICK = ("List-Unsubscribe", "One-Click")


@participant_only
@in_study_language
@require_http_methods(["GET", "HEAD", "POST"])
def reminders(request: HttpRequest) -> HttpResponse:
    """Where one is reminded, and whether; on POST, somewhere else or nowhere."""
    session: Session = request.visit.session  # type: ignore[attr-defined]
    if not has_reminders(session) or session.participant.status != Participant.Status.ACTIVE:
        raise Http404("nobody is reminded here")
    page = _page(session)
    if request.method != "POST":
        return HttpResponse(draw(request, page, frame_of(session, page), is_fragment=False))
    if pace.is_too_fast(session.participant):
        return too_fast(request)
    try:
        sent = read_pairs(request)
    except FormError as error:
        return unreadable(request, error)
    if errors := _decide(session, page, sent):
        page = replace(page, errors=errors, values=sent)
        return HttpResponse(draw(request, page, frame_of(session, page), is_fragment=False), status=422)
    return to_page()


def _decide(session: Session, page: Page, sent: Mapping[str, str]) -> Mapping[str, FieldError]:
    """Do what was asked for by one of the page's buttons; return what must be mended first."""
    person, errors = session.participant, dict[str, FieldError]()
    match sent.get("do"):
        case "stop":
            addresses.stop(person, by="page")
        case "resume":
            addresses.resume(person.pk)
        case _ if page.fields:
            address, errors = read_address(sent)
            if address:
                addresses.keep(person.pk, address)
    return errors


def _page(session: Session) -> Page:
    person, is_asked, by_others = session.participant, is_by_email(session), is_reached_otherwise(session)
    has_stopped, hint = identity.has_stopped(person), identity.hint_of(person)
    if has_stopped:
        now = _("You get no reminders.")
    elif hint:
        now = _("You are reminded at %(address)s. Another address takes its place.") % {"address": hint}
    elif by_others:
        now = _("You are reminded by the service through which you came.")
    else:
        now = _("You get no reminders. If you like, we remind you by e-mail.")
    may_stop = not has_stopped and (bool(hint) or by_others)
    return Page(
        kind="reminders",
        title=_("Reminders"),
        fields=address_fields() if is_asked else [],
        button=_("Keep this address") if is_asked else "",
        facts={"now": now, "uses": uses(), "may_stop": may_stop, "may_resume": has_stopped and by_others},
    )


@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop_reminders(request: HttpRequest, token: str) -> HttpResponse:
    """The page that every message names: it stops all of them, and lets nobody in.

    Opening it changes nothing, because mail scanners follow links. The POST needs no cookie: it comes from a person's
    browser, or from their mail program (RFC 8058), and nobody can make either send a token that they do not know.
    """
    owner = identity.owner_of_stop(token)
    if owner is None:
        with translation.override(_language_of(request)):
            return _unknown(request)
    with translation.override(definition.definition(owner.version).language):
        if request.method == "POST":
            is_one_click = request.POST.get(ONE_CLICK[0]) == ONE_CLICK[1]
            addresses.stop(owner, by="one_click" if is_one_click else "link")
        return _answer(request, owner, is_done=identity.has_stopped(owner))


def _answer(request: HttpRequest, owner: Participant, *, is_done: bool) -> HttpResponse:
    study = definition.definition(owner.version)
    frame = {
        "title": study.public_title,
        "language": study.language,
        "contact": study.contact.model_dump(),
        "is_demo": owner.study.is_demo,
        "is_simulated": owner.study.is_simulated,
        "is_over": True,  # nobody is in a visit here
    }
    heading, words = _("Stop reminders"), _("You still take part, and you can come back by your own link.")
    if is_done:
        heading = _("You get no more reminders")
        words = _("Your address is deleted. You still take part, and you can come back by your own link.")
    if owner.status != Participant.Status.ACTIVE:
        words = _("Your part in the study is over, and your address is deleted.")
    facts = {"frame": frame, "heading": heading, "words": words, "asks": not is_done}
    return render(request, "participant/stop_reminders.html", facts)


def _language_of(request: HttpRequest) -> str:
    """Of a link that no row knows any more: what it says itself, or that of the study that the browser is in."""
    if said := spoken_in(request):
        return said
    known = participant_with(cookie_token(request))
    return definition.definition(known.version).language if known is not None else settings.LANGUAGE_CODE


def _unknown(request: HttpRequest) -> HttpResponse:
    """As for links that lead in: only so many a minute, and all alike."""
    address = limiter.address_of(request)
    if limiter.has_guessed_too_often(address):
        advice = _("Then open your link again.")
        return _calm(request, status=429, title=_("Please wait a minute"), advice=advice)
    limiter.count_unknown(address)
    advice = _(
        "If your part in the study is over, you get no reminders any more, and your address is deleted. Otherwise "
        "please write to whoever runs the study."
    )
    return _calm(request, status=404, title=_("This link does not work any more"), advice=advice)


def _calm(request: HttpRequest, *, status: int, title: str, advice: str) -> HttpResponse:
    facts = {"title": title, "advice": advice, "code": getattr(request, "rapport_code", "")}
    return render(request, "errors/page.html", facts, status=status)
