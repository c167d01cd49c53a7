"""The card as a page of its own: a file beside the program, which needs no database, no session and no script."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from chat.safety.policy import CardText
from studies.markdown import render_page
from studies.models import SourceFile

_SHA256 = re.compile("[0-9a-f]{64}")
_LANGUAGE = re.compile("[a-z]{2}(-[A-Z]{2})?")


def kept(card: CardText) -> str:
    """The address of a card, of which a file is kept here before anybody follows it."""
    _keep(card.sha256, card.language, card.title, str(card.html))
    return f"/support/{card.language}/{card.sha256}"


def page_at(language: str, sha256: str) -> str | None:
    """The page of a card: from its file, or else from the database; None where there is none."""
    if not _SHA256.fullmatch(sha256) or not _LANGUAGE.fullmatch(language):
        return None
    file = _file(language, sha256)
    if file.is_file():
        return file.read_text(encoding="utf-8")
    text = SourceFile.objects.filter(sha256=sha256).values_list("text", flat=True).first()
    if text is None:
        return None
    page = render_page(text, {})
    _keep(sha256, language, page.title, str(page.html))
    return _drawn(language, page.title, str(page.html))


@lru_cache(maxsize=256)
def _keep(sha256: str, language: str, title: str, html: str) -> None:
    file = _file(language, sha256)
    if file.is_file():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as made:
        made.write(_drawn(language, title, html))
    os.replace(made.name, file)  # two processes write the same: whoever is last wins


def _drawn(language: str, title: str, html: str) -> str:
    with translation.override(language):
        return render_to_string("participant/card_page.html", {"language": language, "title": title, "html": html})


def _file(language: str, sha256: str) -> Path:
    return Path(settings.PLACES.cards) / f"{language}-{sha256}.html"
