"""How fast an automated partner acts where its entry does not say."""

import re

from studies.schema import StudyFile
from studies.schema_partners import AutomatedPartner, Delay, Label, PersonPartner

CONSTANT_SECONDS = 3.0
NO_PERSON = re.compile(r"\b(AI|computer|machine|KI|maschine|(ro)?bot|programm?|roboter)\b", re.IGNORECASE)
"""Words of a label that say that no person sits there."""


def pace_of(study: StudyFile, partner: AutomatedPartner) -> Delay:
    """What an entry says; else a constant pace where its label always says that it is no person.

    Always is in every condition, to everybody, and of nobody else: where a person may be called so, a constant pace
    would tell them apart. So it is the same in all conditions.
    """
    if partner.delay is not None:
        return partner.delay
    people = [one.label for one in study.partners.values() if isinstance(one, PersonPartner)]
    shown = _words_of(partner.label)
    says_so = bool(shown) and all(NO_PERSON.search(word) for word in shown)
    is_open = says_so and study.told.who_knows == "everybody" and not any(shown & _words_of(one) for one in people)
    return Delay(min_s=CONSTANT_SECONDS, max_s=CONSTANT_SECONDS) if is_open else Delay()


def _words_of(label: Label) -> set[str]:
    """All that a label may be, "" where it shows nothing."""
    levels = [*label.values] if label.by else [None]
    return {word for level in levels for word in label.under(level)}
