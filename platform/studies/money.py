"""Amounts as people read them."""

from decimal import Decimal

from django.utils import translation
from django.utils.translation import gettext as _

from studies.schema_pay import ONE_PER_BLOCK, PointsPay
from studies.schema_types import DECIMALS

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$"}


def amount_text(amount: Decimal, currency: str) -> str:
    """An amount as people write it: "£4.00", "40.00 CHF". A rate below the smallest unit keeps its decimals."""
    places = max(DECIMALS.get(currency, 2), -int(amount.normalize().as_tuple().exponent))
    number = f"{amount:.{places}f}"
    return f"{SYMBOLS[currency]}{number}" if currency in SYMBOLS else f"{number} {currency}"


def minor_text(minor: int, currency: str) -> str:
    """As `amount_text`, of an amount in minor units (pence, cents)."""
    return amount_text(Decimal(minor).scaleb(-DECIMALS.get(currency, 2)), currency)


def points_rule(rule: PointsPay | None, language: str) -> str:
    """Which points are paid, as the slot `points_rule` tells it to participants, in the study's language."""
    with translation.override(language):
        if rule is None:
            return _("Points are not paid.")
        if not rule.is_drawn:
            return _("The points of all rounds are paid.")
        said = _("At the end of the game one round is drawn by chance, and only its points are paid.")
        if rule.pay == ONE_PER_BLOCK:
            said = _(
                "At the end of the game one round out of each %(n)d is drawn by chance, and only the points of the "
                "rounds drawn are paid."
            ) % {"n": rule.block_rounds or 1}
        void = _("A round that does not count can be drawn, too.")
        if rule.void == "left_out":
            void = _("A round that does not count is not drawn, unless there is no other.")
        return f"{said} {void}"
