"""Deny by default: every address carries a mark, and who does not meet it is refused."""

import io
import logging
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, path
from django.urls.resolvers import RoutePattern

from config.logs import JsonFormatter
from events.access import Access, access_of, participant_only, public, researcher_only

SAMPLE_OF_CONVERTER = {
    "IntConverter": "1",
    "StringConverter": "x",
    "SlugConverter": "x",
    "PathConverter": "x",
    "UUIDConverter": "00000000-0000-0000-0000-000000000000",
}


def all_routes(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Yield (a sample address, its pattern) for every view."""
    for entry in patterns:
        assert isinstance(entry.pattern, RoutePattern), f"{entry.pattern}: use path(), whose parts are typed"
        route = str(entry.pattern)
        address = before + route
        for name, converter in entry.pattern.converters.items():
            sample = SAMPLE_OF_CONVERTER.get(type(converter).__name__, "x")
            address = address.replace(_part(route, name), sample)
        if isinstance(entry, URLResolver):
            yield from all_routes(entry.url_patterns, address)
        else:
            yield address, entry


def _part(route: str, name: str) -> str:
    start = min(found for found in (route.find(f":{name}>"), route.find(f"<{name}>")) if found >= 0)
    return route[route.rfind("<", 0, start + 1) : route.index(">", start) + 1]


ROUTES = list(all_routes(get_resolver().url_patterns))


@pytest.mark.parametrize(("address", "pattern"), ROUTES, ids=[address for address, _ in ROUTES])
def test_view_carries_a_mark(address: str, pattern: URLPattern) -> None:
    assert access_of(pattern.callback) is not None, f"{address}: mark it with events.access"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "address", [address for address, pattern in ROUTES if access_of(pattern.callback) is not Access.PUBLIC]
)
def test_view_that_is_not_public_refuses_a_stranger(address: str, method: str) -> None:
    answer = getattr(Client(), method)(address)
    is_sent_to_sign_in = answer.status_code == 302 and "next=" in answer["Location"]
    assert answer.status_code in {403, 404} or is_sent_to_sign_in, answer.status_code
    if answer.status_code != 302:
        assert b"<h1>" in answer.content


def _answering() -> Callable[[HttpRequest], HttpResponse]:
    """Return a fresh view: a mark on one must not mark the others."""

    def answer(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("secret")

    return answer


def _nobody(_request: HttpRequest) -> None:
    return None


def _somebody(_request: HttpRequest) -> str:
    return "participant"


def _boom(_request: HttpRequest, token: str) -> HttpResponse:
    raise RuntimeError("the text with anna@example.org")


urlpatterns = [
    path("unmarked", _answering()),
    path("public", public(_answering())),
    path("participants", participant_only(lambda request: HttpResponse(request.participant))),
    path("researchers", researcher_only(_answering())),
    path("login", public(_answering()), name="login"),
    path("s/<token>", public(_boom)),
]
handler400 = "config.errors.bad_request"
handler403 = "config.errors.refused"
handler404 = "config.errors.missing"
handler500 = "config.errors.failed"

here = override_settings(ROOT_URLCONF=__name__)


@here
def test_unmarked_view_is_not_there(client: Client) -> None:
    assert client.get("/unmarked").status_code == 404
    assert client.get("/public").content == b"secret"


@here
def test_participant_view_asks_the_named_function(client: Client) -> None:
    with override_settings(PARTICIPANT_OF=f"{__name__}._nobody"):
        assert client.get("/participants").status_code == 403
    with override_settings(PARTICIPANT_OF=f"{__name__}._somebody"):
        assert client.get("/participants").content == b"participant"


@here
@pytest.mark.django_db
def test_researcher_view_wants_a_staff_account(client: Client) -> None:
    assert client.get("/researchers")["Location"] == "/login?next=/researchers"
    assert client.post("/researchers").status_code == 403
    client.force_login(User.objects.create_user("visitor"))
    assert client.get("/researchers").status_code == 403
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert client.get("/researchers").content == b"secret"


def test_page_carries_the_safety_headers(client: Client) -> None:
    answer = client.get("/livez")
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    policy = answer["Content-Security-Policy"]
    for directive in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert directive in policy
    assert "unsafe" not in policy
    assert f"ws://localhost:{settings.SOCKET_PORT}" in policy


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """What our formatter writes during the test."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)


@here
def test_error_page_shows_the_code_of_its_log_line(client: Client, log_lines: io.StringIO) -> None:
    client.raise_request_exception = False
    answer = client.get("/s/very-secret-token?name=anna")
    code = answer.wsgi_request.rapport_code  # type: ignore[attr-defined]
    assert answer.status_code == 500
    assert code in answer.content.decode()
    logged = log_lines.getvalue()
    assert logged.count(code) == 2
    assert "RuntimeError" in logged
    assert "s/<token>" in logged
    for private in ("very-secret-token", "anna"):
        assert private not in logged


def test_form_without_token_is_answered_in_plain_words() -> None:
    answer = Client(enforce_csrf_checks=True).post("/livez")
    assert answer.status_code == 403
    assert "load the page again" in answer.content.decode()
