"""Whether people understood, noticed and read: each answer with what was expected, and how many passed."""

from collections.abc import Iterator

from exports import keys
from exports.cells import listed
from exports.columns import Column, Row, Table
from exports.scope import Scope, seconds
from measures.intervals import LEVEL
from measures.probes import KINDS
from measures.probing import Rate, everybody, rates
from participants.models import Participant

NO_ANSWER = "the person came to it and did not answer"
NOBODY = "nobody answered"
KIND = Column(
    "kind",
    "What it is for: whether a text was understood; whether the person's level of a factor was noticed; whether "
    "questions are read.",
    allowed="|".join(KINDS),
)
STAGE = Column("stage", "The quiz, condition page or survey, as named in the study file.")
ITEM = Column("item", "The item; its wording and options are in the codebook.")
FACTOR = Column(
    "factor", "The factor whose level decides what is expected.", missing="the same is expected of everybody"
)
CONDITION = Column(
    "condition", "Levels of the factors that held when it was asked.", allowed="factor=level, joined by commas",
    missing="none had been given yet, or nothing is manipulated",
)  # fmt: skip
MET = Column(
    "met",
    "Whom the person met: the planned ones, stand-ins among them, or nobody, as the group ended before its first "
    "round. The latter two are no part of the planned conditions.",
    allowed="planned|stand_ins|nobody",
    missing="in no group, or in none yet",
)

CHECK_COLUMNS = [
    keys.PARTICIPANT,
    keys.VERSION,
    KIND,
    STAGE,
    ITEM,
    FACTOR,
    CONDITION,
    MET,
    Column("tries", "How often it was answered.", "integer", "times", "0 or more"),
    Column("answer", "The last answer.", "text", missing=NO_ANSWER),
    Column(
        "expected", "The answers that are expected in this condition.", "text", "joined by |",
        missing="the person has no level of the factor",
    ),
    Column("passed", "1 if the last answer is expected.", "boolean", missing=f"{NO_ANSWER}, or nothing is expected"),
    Column(
        "passed_first", "1 if the first answer is expected.", "boolean", missing=f"{NO_ANSWER}, or nothing is expected"
    ),
    keys.since_session("answer_s", "When the last answer was stored", missing=NO_ANSWER),
]  # fmt: skip

_SHARE = f"share of answered; {LEVEL:.0%} interval of Wilson, people taken for independent"
RATE_COLUMNS = [
    Column("origin", "How the people came.", allowed="|".join(Participant.Origin.values)),
    KIND,
    STAGE,
    ITEM,
    FACTOR,
    CONDITION,
    MET,
    Column("asked", "Who came to it.", "integer", "people"),
    Column("answered", "Who answered it, and of whom something is expected.", "integer", "people"),
    Column("passed", "Whose last answer is expected.", "integer", "people"),
    Column("passed_first", "Whose first answer is expected.", "integer", "people"),
    Column("rate", "Share of those who answered that passed.", "number", "", "0 to 1", NOBODY),
    Column("rate_low", f"Lower end of the rate's interval ({_SHARE}).", "number", "", "0 to 1", NOBODY),
    Column("rate_high", "Upper end of the same.", "number", "", "0 to 1", NOBODY),
]


def _checks(scope: Scope) -> Iterator[Row]:
    for one in everybody(scope.study):
        probe = one.probe
        yield {
            "participant": one.person.code,
            "version": scope.versions[one.person.version_id].number,
            "kind": probe.kind,
            "stage": probe.stage,
            "item": probe.item,
            "factor": probe.factor,
            "condition": one.condition,
            "met": one.met,
            "tries": one.tries,
            "answer": one.answer,
            "expected": listed(one.expected),
            "passed": one.passed,
            "passed_first": one.passed_first,
            "answer_s": seconds(one.at, one.began),
        }


def _rates(scope: Scope) -> Iterator[Row]:
    yield from map(_rate, rates(everybody(scope.study)))


def _rate(one: Rate) -> Row:
    low, high = one.interval or (None, None)
    return {
        "origin": one.origin,
        "kind": one.kind,
        "stage": one.stage,
        "item": one.item,
        "factor": one.factor,
        "condition": one.condition,
        "met": one.met,
        "asked": one.asked,
        "answered": one.answered,
        "passed": one.passed,
        "passed_first": one.passed_first,
        "rate": _written(one.share),
        "rate_low": _written(low),
        "rate_high": _written(high),
    }


def _written(share: float | None) -> str | None:
    return None if share is None else f"{share:.4f}"


CHECKS = Table("checks", "A check that a person came to, and whether it was passed", CHECK_COLUMNS, _checks)
CHECK_RATES = Table("check_rates", "A check and a condition: how many passed", RATE_COLUMNS, _rates)
