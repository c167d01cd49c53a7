"""The card as a page of its own: a file beside the program, which needs no database, no session and no script."""

from __future__ import annotations

import logging
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
from studies.models import SourceFile, VersionFile

_SHA256 = re.compile("[0-9a-f]{64}")
_LANGUAGE = re.compile("[a-z]{2}(-[A-Z]{2})?")
log = logging.getLogger("rapport.safety")


def kept(card: CardText) -> str:
    """The address of a card, of which a file is kept here before anybody follows it."""
    _keep(_file(card.language, card.sha256), _drawn(card.language, card.title, str(card.html)))
    return f"/support/{card.language}/{card.sha256}"


def page_at(language: str, sha256: str) -> str | None:
    """The page of a card: from its file, or else from the database; None where there is none.

    Nothing is kept here, and it is drawn in no language but its study's: anybody may ask, and Django keeps for good
    whatever language it has once spoken.
    """
    if not _SHA256.fullmatch(sha256) or not _LANGUAGE.fullmatch(language):
        return None
    file = _file(language, sha256)
    if file.is_file():
        return file.read_text(encoding="utf-8")
    if not _is_card(language, sha256):
        return None
    page = render_page(SourceFile.objects.get(sha256=sha256).text, {})
    return _drawn(language, page.title, str(page.html))


def _is_card(language: str, sha256: str) -> bool:
    """Whether a frozen text is the card of a study in a language: no other text has an address."""
    found = VersionFile.objects.filter(file__sha256=sha256, version__definition__language=language)
    cards_by_path = found.values_list("path", "version__definition__safety__card")
    return any(path in (cards or {}).values() for path, cards in cards_by_path.iterator())


def _keep(file: Path, page: str) -> None:
    """Have a file say so, also where it was taken away, or an earlier release drew it otherwise.

    Where it cannot be written the page around the link must come all the same: the card is read from the database.
    """
    try:
        if file.is_file() and file.read_text(encoding="utf-8") == page:
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=file.parent, delete=False, encoding="utf-8") as made:
            made.write(page)
        os.replace(made.name, file)  # two processes write the same: whoever is last wins
    except OSError as error:
        log.error("a card could not be kept as a file", extra={"facts": {"error": type(error).__name__}})


@lru_cache(maxsize=64)
def _drawn(language: str, title: str, html: str) -> str:
    with translation.override(language):
        return render_to_string("participant/card_page.html", {"language": language, "title": title, "html": html})


def _file(language: str, sha256: str) -> Path:
    return Path(settings.PLACES.cards) / f"{language}-{sha256}.html"
