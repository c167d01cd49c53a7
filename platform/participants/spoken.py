"""In which language a link answers that leads nowhere any more: the link says it itself, since no row can."""

import re

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import check_for_language

SPEAKS = "in"
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")


def address_of(path: str, language: str) -> str:
    """A whole address for a message, which says the study's language unless that is the usual one."""
    said = "" if language == settings.LANGUAGE_CODE else f"?{SPEAKS}={language}"
    return f"{settings.ORIGIN}{path}{said}"


def spoken_in(request: HttpRequest) -> str:
    """The language that an address says; empty where it says none of ours. Asks the database nothing."""
    said = request.GET.get(SPEAKS, "")
    return said if _LANGUAGE.fullmatch(said) and check_for_language(said.lower()) else ""
