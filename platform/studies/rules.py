"""Rules over named things: `quiz_attempts > 3 and gender == woman`. Their shape, and what a name stands for. Pure."""

from collections.abc import Container, Iterator

from studies import grammar
from studies.grammar import COMPARISONS, Node, Number, Pair, Word
from studies.problems import StudyError


def rule_of(text: str) -> Node:
    """The rule that a text says: comparisons, joined by `and` and `or`.

    Raises:
        StudyError: "expression", naming what was not understood.
    """
    node = grammar.parse(text).node
    _refuse_unless_true_or_false(node, text)
    return node


def comparisons(node: Node) -> Iterator[Pair]:
    """Every comparison of a rule, from the left."""
    if isinstance(node, Pair) and node.sign in COMPARISONS:
        yield node
    elif isinstance(node, Pair):
        yield from comparisons(node.left)
        yield from comparisons(node.right)


def names_in(node: Node) -> Iterator[str]:
    """Every name, from the left; one that stands twice is told twice."""
    if isinstance(node, Word):
        yield node.name
    elif isinstance(node, Pair):
        yield from names_in(node.left)
        yield from names_in(node.right)


def as_text(node: Node) -> str:
    """A calculation or comparison as it is written, without brackets: for those that need none."""
    if isinstance(node, Pair):
        return f"{as_text(node.left)} {node.sign} {as_text(node.right)}"
    return node.name if isinstance(node, Word) else str(node.value)


def as_word(one: Pair, known: Container[str]) -> tuple[str, str] | None:
    """(known name, word) of a comparison such as `gender == woman`, whose other side is no known name."""
    if one.sign not in {"==", "!="} or not (isinstance(one.left, Word) and isinstance(one.right, Word)):
        return None
    left, right = one.left.name, one.right.name
    if left in known and right not in known:
        return left, right
    return (right, left) if right in known and left not in known else None


def unknown_in(one: Pair, known: Container[str]) -> list[str]:
    """Names of a comparison that are not known; of `gendr == woman` only the first, as the other may be a word."""
    found = [name for name in names_in(one) if name not in known]
    return found[:1] if isinstance(one.left, Word) and isinstance(one.right, Word) else found


def _refuse_unless_true_or_false(node: Node, text: str) -> None:
    if not isinstance(node, Pair) or node.sign not in COMPARISONS | {"and", "or"}:
        raise StudyError("expression", f'"{text}": something stands alone that is compared with nothing')
    check = _refuse_unless_number if node.sign in COMPARISONS else _refuse_unless_true_or_false
    check(node.left, text)
    check(node.right, text)


def _refuse_unless_number(node: Node, text: str) -> None:
    if isinstance(node, Number | Word):
        return
    if node.sign in COMPARISONS | {"and", "or"}:
        raise StudyError("expression", f'"{text}": "{node.sign}" stands where a name or a number is compared')
    _refuse_unless_number(node.left, text)
    _refuse_unless_number(node.right, text)
