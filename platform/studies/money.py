"""Amounts as people read them."""

from collections.abc import Collection, Iterator
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


def points_rule(rule: PointsPay | None, language: str, prizes: Collection[int] = ()) -> str:
    """Which points are paid, as the slot `points_rule` tells it to participants, in the study's language.

    Args:
        prizes: What a belief can win in the study's games, at each level; 0 for nothing.
    """
    with translation.override(language):
        if rule is None:
            return _("Points are not paid.")
        return " ".join([*_of_rounds(rule), *_of_beliefs(rule, prizes)])


def _of_rounds(rule: PointsPay) -> Iterator[str]:
    if not rule.is_drawn:
        yield _("The points of all rounds are paid.")
    elif rule.pay == ONE_PER_BLOCK:
        yield _(
            "At the end of the game one round out of each %(n)d is drawn by chance, and only the points of the "
            "rounds drawn are paid."
        ) % {"n": rule.block_rounds or 1}
    else:
        yield _("At the end of the game one round is drawn by chance, and only its points are paid.")
    if rule.is_drawn and rule.void == "left_out":
        yield _("A round that does not count is not drawn, unless there is no other.")
    elif rule.is_drawn:
        yield _("A round that does not count can be drawn, too.")


def _of_beliefs(rule: PointsPay, prizes: Collection[int]) -> Iterator[str]:
    """What a paid belief does to its round; where only some levels have one, in words that are true at all of them."""
    if not any(prizes):
        return
    if all(prizes):
        yield _(
            "If you are asked what you expect or think of other players, one of these questions is drawn by chance "
            "when the game is over. What your answer to it wins is paid in place of the points of its round."
        )
    else:
        yield _(
            "If you are asked what you expect or think of other players, it may be that one of these questions is "
            "drawn by chance when the game is over. What your answer to it wins is then paid in place of the points "
            "of its round."
        )
    if rule.is_drawn:
        yield _("This is so only if that round is drawn, too.")
