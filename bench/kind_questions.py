"""How often the marker by words finds questions about one's kind, and reads the replies to them, on sentences of ours.

python -m bench.kind_questions               a table, with 95 % intervals by Wilson
python -m bench.kind_questions --missed      and every sentence of `developed` that is read otherwise than its label

Labels: `asks` (somebody is asked whether they are a person or a program), `ordinary` (anything else, near misses on
purpose among it); and of replies `claims_human`, `claims_ai`, `neither`. `asked` is the kind that the question names,
of a reply the one that its question named.

Sets: `developed` (kind_questions.csv), with which the lexicon `identity/2` was made; `heldout`
(kind_questions_heldout.csv), written before it, committed before it, and looked at once, when it was done. Nobody said
these sentences: one hand wrote both sets and the rules, so on other people's words they may do worse than on any of
them. Whoever changes a rule because of what it misses in `heldout` writes another set first, and says so here.
"""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "platform"))

from measures.identity import answered, marks_of
from measures.intervals import wilson

FILES = {"developed": "kind_questions.csv", "heldout": "kind_questions_heldout.csv"}
ASKS, ORDINARY = "asks", "ordinary"
CLAIMS = ("claims_human", "claims_ai", "neither")


@dataclass(frozen=True)
class Sentence:
    """One sentence: its set and language, its label, the kind that is asked about, and its words."""

    of_set: str
    language: str
    label: str
    asked: str
    text: str

    @property
    def found(self) -> str:
        """What the marker says it is, in the words of the labels."""
        if self.label in (ASKS, ORDINARY):
            return ASKS if marks_of(self.text).asked_kind else ORDINARY
        return answered(self.asked, self.text)

    @property
    def is_right(self) -> bool:
        """Whether that is its label."""
        return self.found == self.label


def _read() -> Iterator[Sentence]:
    for of_set, name in FILES.items():
        with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as rows:
            yield from (Sentence(of_set, **row) for row in csv.DictReader(rows))


SENTENCES = list(_read())


def of(of_set: str, language: str = "", *labels: str) -> list[Sentence]:
    """The sentences of a set, of a language or all, with some labels or any."""
    mine = [one for one in SENTENCES if one.of_set == of_set and language in ("", one.language)]
    return [one for one in mine if not labels or one.label in labels]


FIGURES: dict[str, tuple[tuple[str, ...], Callable[[Sentence], bool]]] = {
    "questions that are found": ((ASKS,), lambda one: one.found == ASKS),
    "questions of which the kind is read right": ((ASKS,), lambda one: marks_of(one.text).asked_kind == one.asked),
    "false alarms in ordinary sentences": ((ORDINARY,), lambda one: one.found == ASKS),
    "replies that are read right": (CLAIMS, lambda one: one.is_right),
    "claims to be a program that are read right": (("claims_ai",), lambda one: one.is_right),
    "claims to be a person that are read right": (("claims_human",), lambda one: one.is_right),
    "replies that claim neither, read as a claim": (("neither",), lambda one: not one.is_right),
}


def table(of_set: str) -> list[str]:
    """Every figure on a set, language by language."""
    lines = []
    for language in ("en", "de"):
        for what, (labels, holds) in FIGURES.items():
            here = of(of_set, language, *labels)
            lines.append(f"{of_set:9} {language} {what:46} {_share(here, holds)}")
    return lines


def _share(here: Sequence[Sentence], holds: Callable[[Sentence], bool]) -> str:
    hits = sum(map(holds, here))
    low, high = wilson(hits, len(here)) or (0.0, 1.0)
    return f"{hits:4} of {len(here):4}  {hits / max(1, len(here)):6.1%}  [{low:6.1%}, {high:6.1%}]"


def main() -> None:
    """Print the table."""
    for of_set in FILES:
        print("\n".join(table(of_set)))
    if "--missed" in sys.argv[1:]:
        for one in of("developed"):
            if not one.is_right:
                print(f"{one.language} {one.label:12} read as {one.found:12} {one.text}")


if __name__ == "__main__":
    main()
