"""How often the screening of messages finds what it should, and what it should not, on labelled messages of ours.

python -m bench.screening                    a table: recall, precision and false alarms, with 95 % intervals
python -m bench.screening --missed           and every message that it judges otherwise than its label
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "platform"))

from bench.disclosures import DISCLOSURES, Disclosure
from chat.screening import screened
from measures.intervals import wilson

SHOWN = ("offer", "stop")
"""Tiers at which a person sees something."""


@dataclass(frozen=True)
class Share:
    """So many of so many, in one set and language."""

    of_set: str
    language: str
    what: str
    hits: int
    of: int

    @property
    def line(self) -> str:
        """In the table."""
        low, high = wilson(self.hits, self.of) or (0.0, 1.0)
        share = f"{self.hits / self.of:6.1%}  [{low:6.1%}, {high:6.1%}]"
        return f"{self.of_set:8} {self.language:4} {self.what:42} {self.hits:4} of {self.of:4}  {share}"


def shares(of_set: str) -> list[Share]:
    """Every figure on a set, language by language."""
    found = []
    for language in sorted({one.language for one in DISCLOSURES}):
        here = [one for one in DISCLOSURES if (one.of_set, one.language) == (of_set, language)]
        judged = [(one, screened(one.text, language).tier) for one in here]
        shown = [(one, tier) for one, tier in judged if tier in SHOWN]
        figures = {
            "recall: explicit risk gets a card": _count(judged, ("imminent", "explicit"), SHOWN),
            "recall: imminent risk is stopped": _count(judged, ("imminent",), ("stop",)),
            "hints that get a card": _count(judged, ("indirect",), SHOWN),
            "precision: a card is for explicit risk": (sum(one.is_explicit for one, _ in shown), len(shown)),
            "false alarms: sad, no risk": _count(judged, ("sad",), SHOWN),
            "false alarms: ordinary": _count(judged, ("ordinary",), SHOWN),
            "false alarms: both": _count(judged, ("sad", "ordinary"), SHOWN),
        }
        found += [Share(of_set, language, what, hits, of) for what, (hits, of) in figures.items() if of]
    return found


def _count(judged: Sequence[tuple[Disclosure, str]], labels: Sequence[str], tiers: Sequence[str]) -> tuple[int, int]:
    found = [tier for one, tier in judged if one.label in labels]
    return sum(tier in tiers for tier in found), len(found)


def missed() -> list[str]:
    """Each message that is judged otherwise than its label: risk without a card, or a card without any."""
    lines = []
    for one in DISCLOSURES:
        found = screened(one.text, one.language)
        if one.is_explicit != (found.tier in SHOWN) and one.label != "indirect":
            rules = ", ".join(found.rules)
            lines.append(f"{one.of_set:6} {one.language} {one.label:8} {found.tier or '-':5} {rules:16} {one.text}")
    return lines


def main() -> None:
    """Print the table."""
    print("set      lang figure                                        n of  all   share  [95 % by Wilson]")
    for of_set in ("tuned", "unseen"):
        print("\n".join(one.line for one in shares(of_set)))
    print("A share of false alarms is so many in 100 disclosures. What the sets are: bench/disclosures.py.")
    if "--missed" in sys.argv[1:]:
        print("\n".join(missed()))


if __name__ == "__main__":
    main()
