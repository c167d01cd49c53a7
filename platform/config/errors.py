"""The pages for 4xx, 500 and a refused form: plain words, and a code that is also in the log."""

import logging
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from config.middleware import route_of

log = logging.getLogger("rapport.request")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400; 413 and 415 where Django itself refused the body before our own forms could."""
    status = 413 if isinstance(exception, RequestDataTooBig) else 415 if _is_foreign(request, exception) else 400
    advice = _("Please go back and try once more.")
    return _page(request, status=status, title=_("We could not read that"), advice=advice)


def refused(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  Django passes it
    """Answer 403."""
    advice = _("Please open this page again with the link that you were given.")
    return _page(request, status=403, title=_("This page is not open to you"), advice=advice)


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  Django passes it
    """Answer 404."""
    return _page(
        request, status=404, title=_("There is nothing here"), advice=_("Please check the address of the page.")
    )


def failed(request: HttpRequest) -> HttpResponse:
    """Answer 500, and log what failed beside the code. Must not fail itself: whatever goes wrong ends in bare text."""
    log.error("request failed", extra={"facts": {"code": _code_of(request), "route": route_of(request)}}, exc_info=True)
    advice = _("What was saved before is safe. Your last step may not be saved: please go back and send it again.")
    try:
        return _page(request, status=500, title=_("Something went wrong"), advice=advice)
    except Exception:
        return HttpResponse(f"{advice} {_code_of(request)}", status=500, content_type="text/plain; charset=utf-8")


def forgery(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django passes the reason
    """Answer a form whose CSRF token is missing or old."""
    advice = _("The page was open for too long. Please load it again and repeat your last step.")
    return _page(request, status=403, title=_("Please load the page again"), advice=advice)


def _is_foreign(request: HttpRequest, exception: Exception | None) -> bool:
    """Whether Django would not read the form because of its charset."""
    return isinstance(exception, BadRequest) and "charset" in (request.content_params or {})


def _page(request: HttpRequest, **facts: Any) -> HttpResponse:
    page = render_to_string("errors/page.html", {**facts, "code": _code_of(request)})
    return HttpResponse(page, status=facts["status"])


def _code_of(request: HttpRequest) -> str:
    return getattr(request, "rapport_code", "")
