"""What stands beside the page between two visits: a calendar file, another zone, and what one agreed to."""

from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_safe

from events.access import participant_only
from flow import pace
from flow.between import calendar_of, may_change_zone, zone_page
from flow.consenting import consent_page
from flow.drawing import draw
from flow.forms import FormError, read_form
from flow.framing import frame_of
from flow.services import windows
from flow.views import in_study_language, to_page, too_fast, unreadable
from flow.zones import too_often
from paradigm.fields import clean
from scheduling.models import Session
from studies import definition


@participant_only
@in_study_language
@require_safe
def visits_ics(request: HttpRequest) -> HttpResponse:
    """The visits to come as a calendar file; of a study with one visit there is none."""
    participant = request.visit.session.participant  # type: ignore[attr-defined]
    if len(definition.definition(participant.version).waves) == 1 or not participant.zone:
        raise Http404("no visits are planned here")
    response = HttpResponse(calendar_of(participant), content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="visits.ics"'
    return response


@participant_only
@in_study_language
@require_http_methods(["GET", "HEAD", "POST"])
def zone(request: HttpRequest) -> HttpResponse:
    """Ask by which clock the visits to come shall open; on POST, plan those anew that are not open yet."""
    session: Session = request.visit.session  # type: ignore[attr-defined]
    if not may_change_zone(session):
        raise Http404("no visits are planned here")
    page = zone_page(session)
    if request.method != "POST":
        return HttpResponse(draw(request, page, frame_of(session, page), is_fragment=False))
    if pace.is_too_fast(session.participant):
        return too_fast(request)
    try:
        form = read_form(request)
    except FormError as error:
        return unreadable(request, error)
    values, errors = clean(page.fields, form.data)
    if not errors:
        outcome = windows.change_zone(session.participant_id, values["zone"], key=form.key, rev=form.rev)
        if outcome != windows.TOO_OFTEN:
            messages.info(request, "saved" if outcome == "stored" else outcome)
            return to_page()
        errors = {"zone": too_often()}
    page = replace(page, errors=errors, values=form.data)
    return HttpResponse(draw(request, page, frame_of(session, page), is_fragment=False), status=422)


@participant_only
@in_study_language
@require_safe
def consent(request: HttpRequest) -> HttpResponse:
    """What one agreed to, in the words of then, to be read again or printed."""
    session: Session = request.visit.session  # type: ignore[attr-defined]
    agreed = session.participant.consents.filter(agreed=True).order_by("-pk").first()
    if agreed is None:
        raise Http404("nothing was agreed to")
    page = consent_page(agreed)
    return HttpResponse(draw(request, page, frame_of(session, page), is_fragment=False))
