"""One's own data: a copy to take away, as a page and as a file for programs, and having them deleted."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from django.contrib.staticfiles.finders import find
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from events.access import participant_only
from flow import pace
from flow.drawing import draw, plain
from flow.forms import FormError, read_form
from flow.framing import frame_of
from flow.kinds import kind
from flow.own_data import DELETE, FOR_PEOPLE, FOR_PROGRAMS, data_page, is_kept, may_delete_here
from flow.services import own_data, sessions
from flow.views import in_study_language, to_page, too_fast, unreadable
from paradigm.fields import clean
from scheduling.models import Session


@participant_only
@in_study_language
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest) -> HttpResponse:
    """Offer a copy and deletion; on POST, do what was asked for. Of whom nothing is kept there is no such page."""
    session: Session = request.visit.session  # type: ignore[attr-defined]
    if not is_kept(session.participant):
        raise Http404("nothing is kept of this visitor")
    if request.method != "POST":
        page = data_page(session)
        return HttpResponse(draw(request, page, frame_of(session, page), is_fragment=False))
    try:
        sent = read_form(request).data
        if sent.get("do") not in (FOR_PEOPLE, FOR_PROGRAMS, DELETE):
            raise FormError(400, "no_choice", "the form says neither which copy nor to delete")
    except FormError as error:
        return unreadable(request, error)
    return _delete(request, session, sent) if sent["do"] == DELETE else _copy(request, session, sent["do"])


def _copy(request: HttpRequest, session: Session, what: str) -> HttpResponse:
    """The copy as a file that the browser saves: it is shown in no tab, and kept in no cache."""
    if pace.is_too_fast(session.participant, what="copies", most=pace.MOST_COPIES, seconds=pace.COPY_SECONDS):
        return too_fast(request, seconds=pace.COPY_SECONDS)
    own = kind("own_copy", "of")(session)
    own_data.note_copy(session.participant)
    if what == FOR_PROGRAMS:
        text = json.dumps(asdict(own), ensure_ascii=False, indent=2)
        return _as_file(text, "my-data.json", "application/json")
    frame = frame_of(session, data_page(session))
    text = render_to_string("participant/copy.html", {"own": _shown(asdict(own)), "frame": frame, "style": _style()})
    return _as_file(text, "my-data.html", "text/html")


def _as_file(text: str, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{content_type}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _shown(value: Any) -> Any:
    """The same with every text made safe to show, as on pages; the file for programs has it as it was sent."""
    if isinstance(value, dict):
        return {key: _shown(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    return plain(value) if isinstance(value, str) else value


def _style() -> str:
    """The looks of the page to be read: it is opened where none of our files are."""
    path: Any = find("css/copy.css")
    with open(path, encoding="utf-8") as file:
        return file.read()


def _delete(request: HttpRequest, session: Session, sent: Mapping[str, str]) -> HttpResponse:
    """Have the data deleted of somebody who has left; whoever has not is led to the way out."""
    if pace.is_too_fast(session.participant):
        return too_fast(request)
    if not may_delete_here(session.participant):
        return unreadable(request, FormError(400, "not_here", "who is in the study has data deleted by leaving it"))
    page = data_page(session)
    _values, errors = clean(page.fields, sent)
    if errors:
        page = replace(page, errors=errors, values=sent, note=_("Nothing was deleted."))
        return HttpResponse(draw(request, page, frame_of(session, page), is_fragment=False), status=422)
    sessions.delete_data(session.participant_id)
    return to_page()
