"""What a study says of safety, and what a message comes to under it. Pure, but for the frozen study file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from chat.models import Trigger
from chat.screening import Screened, screened, warm
from chat.screening_wordings import edition
from studies import definition
from studies.markdown import render_page
from studies.models import Version
from studies.schema_safety import Safety

log = logging.getLogger("rapport.safety")

Tier, Source = Trigger.Tier, Trigger.Source
SCREENING_SECONDS = 0.5
"""A screening that takes longer counts as failed. A usual message takes less than a thousandth of it."""
SHOWN = (Tier.OFFER, Tier.STOP)


@dataclass(frozen=True)
class Judged:
    """What a text comes to: the tier ("" for nothing), which rules say so, and whether the screening itself failed."""

    tier: str
    rules: tuple[str, ...] = ()
    source: str = Source.RULES

    @property
    def row(self) -> Mapping[str, Any]:
        """The columns of a trigger that say so."""
        return {"tier": self.tier, "source": self.source, "rules": list(self.rules), "edition": edition()}


@dataclass(frozen=True)
class CardText:
    """A card with resources, ready to be shown, by the sha256 of its frozen text."""

    title: str
    html: SafeString
    language: str
    sha256: str


def safety_of(version: Version) -> Safety | None:
    """What a study says of safety; None where it says nothing."""
    return definition.definition(version).safety


def language_of(version: Version) -> str:
    """In which language people read and write."""
    return definition.definition(version).language


def judged(text: str, language: str) -> Judged:
    """What a text comes to. Where the screening fails or takes too long the card is shown, and the row says why."""
    try:
        found: Screened = screened(text, language, most_seconds=SCREENING_SECONDS)
    except Exception as error:
        # Whatever it is: the message is stored, and whoever wrote it is not left without a card.
        log.error("the screening failed", extra={"facts": {"error": type(error).__name__}})
        return Judged(Tier.OFFER, (type(error).__name__,), Source.FAILED)
    return Judged(found.tier, found.rules)


def get_ready() -> None:
    """Make the rules now: call it where a process starts that screens, so that nobody's message waits for them.

    A process starts without them, too: then every message gets the card.
    """
    try:
        warm()
    except Exception as error:
        log.error("there are no rules to screen by", extra={"facts": {"error": type(error).__name__}})


def card_of(version: Version) -> CardText | None:
    """The card in the study's language; None in a study without one."""
    safety = safety_of(version)
    if safety is None:
        return None
    language = language_of(version)
    path = safety.card.get(language) or safety.card.get(language[:2]) or next(iter(safety.card.values()))
    page = render_page(definition.text(version, path), {})
    return CardText(page.title, page.html, language, definition.text_sha256(version, path))


def shows_card(safety: Safety, tier: str, source: str) -> bool:
    """Whether the writer sees the card; always where the screening failed."""
    if source == Source.FAILED or tier == Tier.STOP:
        return True
    return tier == Tier.OFFER and safety.tiers.offer == "card"


def pauses(safety: Safety, tier: str) -> bool:
    """Whether the writer's conversation pauses."""
    return tier == Tier.STOP and safety.tiers.stop == "pause"
