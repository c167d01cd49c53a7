"""The card with resources as a page of its own: for everybody who has its address, whatever else works."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from chat.safety.cards import page_at
from events.access import public


@public
@require_safe
def support(_request: HttpRequest, language: str, sha256: str) -> HttpResponse:
    """A card, as it was frozen."""
    html = page_at(language, sha256)
    if html is None:
        raise Http404("there is no such card")
    response = HttpResponse(html)
    response.headers["Content-Language"] = language
    return response
