"""What every request passes: one log line with a code to quote, no caching, and deny by default."""

import logging
import re
import secrets
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import add_never_cache_headers
from django.utils.module_loading import import_string

from events.access import Access, access_of

SESSION_KEY = re.compile("[a-z0-9]{1,64}")
Respond = Callable[[HttpRequest], HttpResponseBase]

log = logging.getLogger("rapport.request")

# The supervisor asks for the first every 3 s; pages ask for the second by the dozen.
ROUTINE = {"livez", "static"}
# No 0/O or 1/I: people read these codes to us over the telephone.
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class RequestRecord:
    """Gives the request a code, and writes one line of facts about it when it is answered."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, then log the route's pattern (never the raw path), the status and the time taken."""
        started = time.monotonic()
        request.rapport_code = _code()  # type: ignore[attr-defined]
        response = self.get_response(request)
        facts = {
            "code": request.rapport_code,  # type: ignore[attr-defined]
            "method": request.method if request.method in {"GET", "POST", "HEAD"} else "other",
            "route": route_of(request),
            "status": response.status_code,
            "took_ms": round((time.monotonic() - started) * 1000, 1),
        }
        is_routine = facts["route"] in ROUTINE and response.status_code < HTTPStatus.BAD_REQUEST
        log.log(logging.DEBUG if is_routine else logging.INFO, "request", extra={"facts": facts})
        return response


def _code() -> str:
    """Eight letters from one draw of chance: 32 letters, so that each takes five bits of a byte."""
    return "".join(CODE_LETTERS[byte % len(CODE_LETTERS)] for byte in secrets.token_bytes(8))


def route_of(request: HttpRequest) -> str:
    """Return the pattern that matched, such as "s/<token>"; a raw path may hold a token."""
    if request.path_info.startswith(settings.STATIC_URL):
        return "static"
    match = request.resolver_match
    return match.route if match else "unmatched"


class ContentPolicy:
    """Sends the content security policy. No page of ours has another, so that its words are put together once."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        self.policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with the policy of the settings."""
        response = self.get_response(request)
        response.headers.setdefault(HEADER, self.policy)
        return response


class NoStore:
    """Forbids storing dynamic pages: a shared computer's cache must not hold what a participant saw."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with `Cache-Control: no-store`."""
        response = self.get_response(request)
        add_never_cache_headers(response)
        return response


class SoundSession:
    """Drops a session cookie that cannot be a session's key: PostgreSQL would refuse, say, its NUL with an error."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as if such a cookie had not been sent."""
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        if key is not None and not SESSION_KEY.fullmatch(key):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        return self.get_response(request)


class DenyByDefault:
    """Refuses every view that is not marked by `events.access`, or whose mark the visitor does not meet."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        self.guards = {Access.PARTICIPANT: self._need_participant, Access.RESEARCHER: self._need_researcher}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; the view is known only in `process_view`."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: tuple[Any, ...], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Refuse before the view runs: 404 without a mark, 403 or the sign-in page when it is not met."""
        access = access_of(view)
        if access is None:
            raise Http404("view without an access mark")
        return None if access is Access.PUBLIC else self.guards[access](request)

    def _need_participant(self, request: HttpRequest) -> None:
        participant = import_string(settings.PARTICIPANT_OF)(request)
        if participant is None:
            raise PermissionDenied("no participant")
        request.participant = participant  # type: ignore[attr-defined]

    def _need_researcher(self, request: HttpRequest) -> HttpResponseBase | None:
        user = request.user
        if user.is_authenticated and user.is_active and user.is_staff:
            return None
        if user.is_authenticated or request.method not in {"GET", "HEAD"}:
            raise PermissionDenied("no researcher")
        return redirect_to_login(request.get_full_path())
