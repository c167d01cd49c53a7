"""How long data are kept, as pages tell it to participants."""

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from studies.schema_retention import CLASSES, Class, Retention

DAYS_OF_A_YEAR = 365


def length_text(days: int | None) -> str:
    """ "30 days", "10 years", or that it is for good, in the language that is spoken now."""
    if days is None:
        return _("as long as this research may need it")
    if days and days % DAYS_OF_A_YEAR == 0:
        years = days // DAYS_OF_A_YEAR
        return ngettext("%(n)d year", "%(n)d years", years) % {"n": years}
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def lengths(rule: Retention, language: str) -> dict[str, str]:
    """The slots `kept_contact` and so on, in the study's language."""
    with translation.override(language):
        return {f"kept_{name}": length_text(rule.days(name)) for name in CLASSES}


def retention_text(rule: Retention, language: str) -> str:
    """The slot `retention`: some sentences that say all of it."""
    with translation.override(language):
        told = [_sentence(name) % {"length": length_text(rule.days(name))} for name in CLASSES]
        return " ".join([_("Once data collection has ended:"), *told])


def _sentence(name: Class) -> str:
    return {
        "contact": _(
            "We keep the links that lead to you for: %(length)s. If you gave an e-mail address for reminders, it is "
            "deleted when your part ends, and with these links at the latest."
        ),
        "payments": _("We keep the codes by which you are paid for: %(length)s."),
        "texts": _("We keep what was written, by you and to you, for: %(length)s."),
        "technical": _("We keep technical records for: %(length)s."),
        "codes": _("With your number we can find your data for: %(length)s."),
    }[name]
