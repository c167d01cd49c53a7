"""The pages for 4xx, 500 and a refused form: plain words, and a code that is also in the log.

Whoever takes part in a study reads them in its language, as all its pages.
"""

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from config.middleware import route_of
from participants.identity import owner_of_stop
from participants.queries import link_of, version_for
from participants.spoken import spoken_in
from studies import definition
from studies.models import Version

log = logging.getLogger("rapport.request")

PAGES, LINK, WAY_OUT = "/s/", "/j/", "/u/"  # of participants, links by which they come, and that stop reminders


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400; 413 and 415 where Django itself refused the body before our own forms could."""
    status = 413 if isinstance(exception, RequestDataTooBig) else 415 if _is_foreign(request, exception) else 400
    with _in_study_language(request):
        advice = _("Please go back and try once more.")
        return _page(request, status=status, title=_("We could not read that"), advice=advice)


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  Django passes it
    """Answer 403."""
    with _in_study_language(request):
        advice = _("Please open this page again with the link that you were given.")
        return _page(request, status=403, title=_("This page is not open to you"), advice=advice)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  Django passes it
    """Answer 404."""
    with _in_study_language(request):
        advice = _("Please check the address of the page.")
        return _page(request, status=404, title=_("There is nothing here"), advice=advice)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer 500, and log what failed beside the code. Must not fail itself: whatever goes wrong ends in bare text."""
    log.error("request failed", extra={"facts": {"code": _code_of(request), "route": route_of(request)}}, exc_info=True)
    with _in_study_language(request, may_ask=False):
        advice = _("What was saved before is safe. Your last step may not be saved: please go back and send it again.")
        try:
            return _page(request, status=500, title=_("Something went wrong"), advice=advice)
        except Exception:
            bare = f"{advice} {_code_of(request)}"
            return HttpResponse(bare, status=500, content_type="text/plain; charset=utf-8")


def forgery(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django passes the reason
    """Answer a form whose CSRF token is missing or old."""
    with _in_study_language(request):
        advice = _("The page was open for too long. Please load it again and repeat your last step.")
        return _page(request, status=403, title=_("Please load the page again"), advice=advice)


def _in_study_language(request: HttpRequest, *, may_ask: bool = True) -> AbstractContextManager[None]:
    """Speak the language of the study that the visitor is in, or that their link leads into, where that can be told.

    A link that leads nowhere any more says its language itself. Whatever fails here leaves the language as it is.

    Args:
        may_ask: False where the database may be what has failed: then only what is known already is used.
    """
    try:
        version = _version_of(request, may_ask=may_ask)
        language = definition.definition(version).language if version else spoken_in(request)
    except Exception as error:
        log.warning("language of an error page is not known", extra={"facts": {"error": type(error).__name__}})
        return nullcontext()
    return translation.override(language) if language else nullcontext()


def _version_of(request: HttpRequest, *, may_ask: bool) -> Version | None:
    """The frozen study behind a participant's address; None behind any other, and where the visitor is nobody's."""
    path, known = request.path_info, getattr(request, "participant", None)
    if path.startswith(LINK) and may_ask:
        link = link_of(path.removeprefix(LINK))
        return version_for(link) if link else None
    if path.startswith(WAY_OUT) and may_ask and (owner := owner_of_stop(path.removeprefix(WAY_OUT))) is not None:
        return definition.version_of(owner.version_id)
    if path.startswith(PAGES) and may_ask and known is None:
        # a form that is refused for forgery, and an address behind which nothing stands, come to nobody's guard
        known = import_string(settings.PARTICIPANT_OF)(request)
    return definition.version_of(known.version_id) if known else None


def _is_foreign(request: HttpRequest, exception: Exception | None) -> bool:
    """Whether Django would not read the form because of its charset."""
    return isinstance(exception, BadRequest) and "charset" in (request.content_params or {})


def _page(request: HttpRequest, **facts: Any) -> HttpResponse:
    page = render_to_string("errors/page.html", {**facts, "code": _code_of(request)})
    answer = HttpResponse(page, status=facts["status"])
    answer.headers["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
    return answer


def _code_of(request: HttpRequest) -> str:
    return getattr(request, "rapport_code", "")
