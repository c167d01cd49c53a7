"""The small types that study files are made of: names, files, amounts of money."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    WithJsonSchema,
)  # fmt: skip
from pydantic_core import PydanticCustomError

NAME_PATTERN = r"^[a-z][a-z0-9_]{0,23}$"
SHORT_NAME_PATTERN = r"^[a-z][a-z0-9_]{0,14}$"  # with a name and a dot before it it fills a column of 40
SLUG_PATTERN = r"^[a-z][a-z0-9-]{1,59}$"
# One leading "../" is allowed: studies of one experiment may share texts in its folder `studies/`.
FILE_PATTERN = r"^(?:\.\./)?(?!/)(?!(?:.*/)?\.\.?(?:/|$))[A-Za-z0-9_./-]{1,200}$"
MONEY_PATTERN = r"^\d{1,7}(\.\d{1,6})?$"
# ISO 4217: currencies whose smaller unit is not a hundredth.
DECIMALS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "KWD": 3, "BHD": 3, "JOD": 3, "TND": 3, "OMR": 3}


class Part(BaseModel):
    """Any part of a study file: unknown keys are refused, nothing is converted silently, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def _money(raw: Any) -> Decimal:
    if isinstance(raw, Decimal):
        return raw
    if isinstance(raw, bool) or not isinstance(raw, str):
        raise PydanticCustomError(
            "unquoted", 'got {got}; amounts of money are written in quotes, such as "4.00"', {"got": repr(raw)}
        )
    if not raw.isascii() or len(raw) > 14 or not _is_amount(raw):
        raise PydanticCustomError(
            "amount", '"{got}" is no amount; write digits and a point, such as "4.00"', {"got": raw[:40]}
        )
    return Decimal(raw)


def _is_amount(raw: str) -> bool:
    whole, point, rest = raw.partition(".")
    return whole.isdigit() and len(whole) <= 7 and (rest.isdigit() and len(rest) <= 6 if point else True)


def _how_many(said: object) -> str:
    return "several" if isinstance(said, list | tuple) else "one"


Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Slug = Annotated[str, Field(pattern=SLUG_PATTERN)]
FilePath = Annotated[str, Field(max_length=200)]
Line = Annotated[str, Field(min_length=1, max_length=500)]
OneOrMoreLines = Annotated[
    Annotated[Line, Tag("one")] | Annotated[Annotated[list[Line], Field(min_length=1, max_length=20)], Tag("several")],
    Discriminator(_how_many),
]
Tongue = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
Money = Annotated[
    Decimal,
    BeforeValidator(_money),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": MONEY_PATTERN, "examples": ["4.00"]}),
]
Seconds = Annotated[int, Field(ge=1, le=86_400)]


def minor(amount: Decimal, currency: str) -> int:
    """The amount in the currency's smallest unit (pence, cents), halves rounded up."""
    return int(amount.scaleb(DECIMALS.get(currency, 2)).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text has the form of a pattern (`$` alone would let a line break through)."""
    return "\n" not in text and re.match(pattern, text) is not None
