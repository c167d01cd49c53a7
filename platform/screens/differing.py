"""What differs between the screens of two conditions, and whether the study file says that it may."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import product

from django.utils import translation

from screens.declared import Declared, declared, is_answer
from screens.errors import ScreensError
from screens.reading import Piece, pieces
from screens.screen import Drawn, Key
from studies.allocation_plan import conditions_of
from studies.models import levels_of
from studies.schema import StudyFile

MOST_PASSAGES = 1  # of a condition page; more must be named under `differs`
NOWHERE = Key("")
NO_SCREEN = "(there is no such screen)"


@dataclass(frozen=True)
class Difference:
    """One stretch of a screen that differs.

    Attributes:
        first: What stands there under the first condition, piece by piece.
        second: What stands there under the second.
        reason: Where the study file declares it; empty where it does not.
    """

    key: Key
    conditions: tuple[str, str]
    first: tuple[str, ...]
    second: tuple[str, ...]
    reason: str = ""


def pairs(study: StudyFile, first: str, second: str) -> list[tuple[str, str]]:
    """Which conditions to lay beside each other: two conditions, or for two levels those that share all other levels.

    Raises:
        ScreensError: "condition_unknown", "not_comparable".
    """
    known = conditions_of(study)
    if first == second:
        raise ScreensError("not_comparable", f'"{first}" cannot be compared with itself: name two')
    if first in known and second in known:
        return [(first, second)]
    for name, factor in study.factors.items():
        if {first, second} <= set(factor.levels):
            return [pair for pair in product(known, known) if _differ_only_in(*pair, name, (first, second))]
    levels = "; ".join(f"{name}: {', '.join(factor.levels)}" for name, factor in study.factors.items()) or "none"
    text = f'"{first}" and "{second}" are neither two conditions nor two levels of one factor; factors are: {levels}'
    raise ScreensError("condition_unknown", text)


def _differ_only_in(one: str, other: str, factor: str, levels: tuple[str, str]) -> bool:
    return levels_of(one) | {factor: levels[1]} == levels_of(other) and levels_of(one)[factor] == levels[0]


def compare(drawn: Drawn, study: StudyFile, first: str, second: str) -> list[Difference]:
    """Every difference between the screens of two conditions, in the order of the screens."""
    one, other = drawn.under(first), drawn.under(second)
    allowed = declared(study, first, second)
    found: list[Difference] = []
    with translation.override(study.language):  # what the platform itself calls things
        for key in dict.fromkeys([*one, *other]):
            before = pieces(one[key].html) if key in one else [Piece("words", NO_SCREEN)]
            after = pieces(other[key].html) if key in other else [Piece("words", NO_SCREEN)]
            found += _of_screen(key, (first, second), before, after, allowed)
    return found


def _of_screen(
    key: Key, conditions: tuple[str, str], before: Sequence[Piece], after: Sequence[Piece], allowed: Declared
) -> Iterator[Difference]:
    rows = [(one, other, allowed.reason(key, one, other)) for one, other in _stretches(before, after)]
    page = allowed.page_by(key)
    passages = sum(reason == page and not all(is_answer(str(piece)) for piece in one) for one, _, reason in rows)
    for one, other, reason in rows:
        # a condition page says one thing otherwise; where more differs, nobody knows which of it was meant
        is_too_much = bool(page) and reason == page and passages > MOST_PASSAGES
        yield Difference(key, conditions, tuple(map(str, one)), tuple(map(str, other)), "" if is_too_much else reason)


def _stretches(before: Sequence[Piece], after: Sequence[Piece]) -> Iterator[tuple[Sequence[Piece], Sequence[Piece]]]:
    """What stands in the place of what; stretches of equal length piece by piece."""
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        if b - a == d - c:
            yield from (([one], [other]) for one, other in zip(before[a:b], after[c:d], strict=True))
        else:
            yield before[a:b], after[c:d]


@dataclass(frozen=True)
class Same:
    """Differences with the same wordings and the same reason, and every screen on which they stand."""

    conditions: tuple[str, str]
    first: tuple[str, ...]
    second: tuple[str, ...]
    reason: str
    keys: tuple[Key, ...]


def summed_up(differences: Sequence[Difference]) -> list[Same]:
    """The same wordings once, the undeclared first."""
    found: dict[Difference, list[Key]] = {}
    for each in differences:
        found.setdefault(replace(each, key=NOWHERE), []).append(each.key)
    rows = [Same(d.conditions, d.first, d.second, d.reason, tuple(keys)) for d, keys in found.items()]
    return sorted(rows, key=lambda row: bool(row.reason))


def told(same: Same) -> str:
    """One difference as it is printed: where, why it may be, and both wordings."""
    why = f"declared: {same.reason}" if same.reason else "NOT DECLARED"
    where = "; ".join(map(str, same.keys[:3])) + (f"; and {len(same.keys) - 3} more" if len(same.keys) > 3 else "")
    sides = zip(same.conditions, (same.first, same.second), strict=True)
    lines = [f"  {condition}: {' | '.join(said) or '(nothing)'}" for condition, said in sides]
    return "\n".join([f"{why}, on {where}", *lines])
