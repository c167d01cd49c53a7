"""Who is asking: from the cookie to the participant. Every page and every socket of a participant passes here."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.cookie import parse_cookie

from events.prepared import Given, prepared
from participants.models import Participant
from participants.tokens import digest
from studies import definition
from studies.models import Study

COOKIE_DAYS = 365  # from the newest page that was loaded: visits may lie months apart
LONGEST_TOKEN = 200


def cookie_name() -> str:
    """`__Host-seat` over https, where browsers bind it to this host; `seat` on a researcher's own machine."""
    return "__Host-seat" if settings.IS_HTTPS else "seat"


def cookie_token(request: HttpRequest) -> str:
    """The secret in the request's cookie; empty where there is none."""
    return request.COOKIES.get(cookie_name(), "")


def pilot_cookie_name(study: Study) -> str:
    """Where a browser that took part in a study's pilot keeps its secret, whatever it takes part in later."""
    return f"{cookie_name()}-{digest(study.slug)[:12]}"


def pilot_token(request: HttpRequest, study: Study) -> str:
    """The secret of the study's pilot in the request's cookies; empty where there is none."""
    return request.COOKIES.get(pilot_cookie_name(study), "")


def participant_of_scope(scope: Mapping[str, Any]) -> Participant | None:
    """The participant behind a socket, by the cookie of its handshake; asks the database, so call it from a thread."""
    token = _token_of(scope)
    return participant_with(token) if token else None


def secret_of_scope(scope: Mapping[str, Any]) -> str:
    """How the secret behind a socket would be stored, whether or not it is anybody's; empty where there is none."""
    return stored_as(_token_of(scope))


def _token_of(scope: Mapping[str, Any]) -> str:
    cookies = (value for name, value in scope.get("headers", ()) if name == b"cookie")
    return _token_in(next(cookies, b"").decode("latin-1"))


def participant_with(token: str) -> Participant | None:
    """The participant to whom a secret belongs, whatever their status."""
    sha256 = stored_as(token)
    found = _by_secret.first(sha256=sha256) if sha256 else None
    if found is not None:
        found.version = definition.version_of(found.version_id)
    return found


def stored_as(token: str) -> str:
    """How a secret is stored; empty, which nobody's is, for what can be none."""
    return digest(token) if 0 < len(token) <= LONGEST_TOKEN else ""


@prepared
def _by_secret(sha256: Given) -> QuerySet[Participant]:
    return Participant.objects.select_related("study").filter(token_sha256=sha256)


def give_cookie(response: HttpResponse, secret: str, *, name: str = "") -> None:
    """Let the browser carry the secret: unreadable to scripts, unsent by other sites' forms."""
    response.set_cookie(
        name or cookie_name(),
        secret,
        max_age=COOKIE_DAYS * 24 * 3600,
        path="/",
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _token_in(header: str) -> str:
    # As pages read it: Python's own parser stops at the first cookie, of whomever, that it dislikes.
    return parse_cookie(header).get(cookie_name(), "")
