"""The file of sentinel prompts, and which models of a study are asked them. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from studies.schema import StudyFile
from studies.schema_models import LanguageModel
from studies.schema_partners import AutomatedPartner, ModelPartner

MOST_PROMPTS = 10
MOST_CHARS = 2000
_BETWEEN = re.compile(r"^---[ \t]*$", re.MULTILINE)


def prompts_in(text: str) -> list[str]:
    """The prompts of a file: a line with --- stands between two."""
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


def watched_models(study: StudyFile) -> Mapping[str, LanguageModel]:
    """Every model that may act in a partner's seat or takes its notes, by its name; the first entry of each."""
    found: dict[str, LanguageModel] = {}
    for partner in study.partners.values():
        for model in _models(partner):
            found.setdefault(model.name, model)
    return found


def pinned(study: StudyFile) -> frozenset[str]:
    """The models of partners with `pin: strict`: if one of them changes, nobody new is let in."""
    strict = (one for one in study.partners.values() if isinstance(one, AutomatedPartner) and one.pin == "strict")
    return frozenset(model.name for partner in strict for model in _models(partner))


def _models(partner: object) -> list[LanguageModel]:
    acting = list(partner.models.values()) if isinstance(partner, ModelPartner) else []
    if isinstance(partner, ModelPartner) and partner.on_failure.fallback is not None:
        acting.append(partner.on_failure.fallback.model)
    noting = [one.model for one in partner.note_takers] if isinstance(partner, AutomatedPartner) else []
    return [*acting, *noting]
