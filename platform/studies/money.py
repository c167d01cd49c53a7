"""Amounts as people read them."""

from decimal import Decimal

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
