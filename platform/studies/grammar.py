"""The tiny closed grammar of slots: names, numbers, + - * /, comparisons, and, or, brackets. No code, no calls.

disjunction := conjunction ("or" conjunction)*
conjunction := comparison ("and" comparison)*
comparison  := sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?
sum         := product (("+" | "-") product)*
product     := factor (("*" | "/") factor)*
factor      := number | name | "-" factor | "(" disjunction ")"
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from studies.problems import StudyError

MAX_CHARS = 200
MAX_DEPTH = 20

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign><=|>=|==|!=|[-+*/()<>]))", re.ASCII
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_SUM: dict[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub}
_PRODUCT: dict[str, Callable[[Any, Any], Any]] = {"*": operator.mul, "/": operator.truediv}
COMPARISONS = frozenset(_COMPARE)
CALCULATIONS: Mapping[str, Callable[[Any, Any], Any]] = _COMPARE | _SUM | _PRODUCT


@dataclass(frozen=True)
class Number:
    """A number as written."""

    value: Fraction


@dataclass(frozen=True)
class Word:
    """A name."""

    name: str


@dataclass(frozen=True)
class Pair:
    """Two parts and what stands between them: a sign, "and" or "or"."""

    sign: str
    left: "Node"
    right: "Node"


Node = Number | Word | Pair


@dataclass(frozen=True)
class Expression:
    """A parsed expression: the names it uses, how it is built, and its value once they are known."""

    names: frozenset[str]
    node: Node

    def value(self, slots: Mapping[str, Any]) -> Any:
        """A number, a truth value, or the word that a single name stands for.

        Raises:
            StudyError: "slot_unknown", "slot_not_a_number", "slot_division".
        """
        try:
            return _plain(_value(self.node, slots))
        except ZeroDivisionError as error:
            raise StudyError("slot_division", "the expression divides by zero with these parameters") from error
        except TypeError as error:
            raise StudyError(
                "slot_not_a_number", "the expression calculates with something that is no number"
            ) from error


@lru_cache(maxsize=1024)
def parse(text: str) -> Expression:
    """Read an expression.

    Raises:
        StudyError: "expression", naming what was not understood.
    """
    if len(text) > MAX_CHARS:
        raise StudyError("expression", f"an expression has at most {MAX_CHARS} characters; this has {len(text)}")
    parser = _Parser(text)
    node = parser.disjunction(0)
    if parser.peek():
        raise StudyError("expression", f'"{text.strip()}": did not expect "{parser.peek()}"')
    return Expression(frozenset(parser.names), node)


class _Parser:
    """Recursive descent over the tokens of one expression; each method returns the node it read."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.names = text.strip(), 0, set[str]()
        self.tokens = self._tokens()

    def _tokens(self) -> list[tuple[str, str]]:
        found, at = [], 0
        while at < len(self.text):
            match = _TOKEN.match(self.text, at)
            if match is None or match.lastgroup is None:
                raise StudyError("expression", f'"{self.text}": did not expect "{self.text[at]}"')
            found.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()
        return found

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        """The next token, if it is one of those wanted."""
        token = self.peek()
        if token not in wanted:
            return ""
        self.at += 1
        return token

    def disjunction(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise StudyError("expression", f'"{self.text}": too many brackets')
        left = self.conjunction(depth)
        while self.take("or"):
            left = Pair("or", left, self.conjunction(depth))
        return left

    def conjunction(self, depth: int) -> Node:
        left = self.comparison(depth)
        while self.take("and"):
            left = Pair("and", left, self.comparison(depth))
        return left

    def comparison(self, depth: int) -> Node:
        left = self.sum(depth)
        sign = self.take(*_COMPARE)
        return Pair(sign, left, self.sum(depth)) if sign else left

    def sum(self, depth: int) -> Node:
        left = self.product(depth)
        while sign := self.take(*_SUM):
            left = Pair(sign, left, self.product(depth))
        return left

    def product(self, depth: int) -> Node:
        left = self.factor(depth)
        while sign := self.take(*_PRODUCT):
            left = Pair(sign, left, self.factor(depth))
        return left

    def factor(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise StudyError("expression", f'"{self.text}": too many signs in a row')
        if self.take("("):
            inside = self.disjunction(depth + 1)
            if not self.take(")"):
                raise StudyError("expression", f'"{self.text}": a bracket is not closed')
            return inside
        if self.take("-"):
            return Pair("-", Number(Fraction(0)), self.factor(depth + 1))
        kind, token = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind not in {"number", "name"} or token in {"and", "or"}:
            raise StudyError("expression", f'"{self.text}": a name or a number is missing')
        self.at += 1
        if kind == "number":
            return Number(Fraction(token))
        self.names.add(token)
        return Word(token)


def _value(node: Node, slots: Mapping[str, Any]) -> Any:
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Word):
        if node.name not in slots:
            there = ", ".join(sorted(slots))
            raise StudyError("slot_unknown", f'nothing is called "{node.name}" here; there are: {there}')
        return _exact(slots[node.name])
    left = _value(node.left, slots)
    if node.sign == "or":
        return bool(left) or bool(_value(node.right, slots))
    if node.sign == "and":
        return bool(left) and bool(_value(node.right, slots))
    return CALCULATIONS[node.sign](left, _value(node.right, slots))


def _exact(value: Any) -> Any:
    """Numbers as fractions, so that 3 * 0.1 is 0.3; a Decimal that stands alone keeps its two decimals."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value
    return _Amount(value) if isinstance(value, Decimal) else Fraction(str(value))


class _Amount(Fraction):
    """A fraction that remembers how it was written, for as long as nobody calculates with it."""

    written: Decimal

    def __new__(cls, value: Decimal) -> "_Amount":
        made = super().__new__(cls, value)
        made.written = value
        return made


def _plain(value: Any) -> Any:
    if isinstance(value, _Amount):
        return value.written
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    return value
