"""How often the screening of messages finds what it should, and what it should not, on labelled messages of ours.

python -m bench.screening                    a table: recall, precision and false alarms, with 95 % intervals
python -m bench.screening --missed           and every message of `developed` that it judges otherwise than its label
python -m bench.screening --families         and how many of each family of `fresh` get a card
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "platform"))

from bench.disclosures import DISCLOSURES, FILES, Disclosure
from chat.screening import screened
from measures.intervals import wilson

SHOWN = ("offer", "stop")
"""Tiers at which a person sees something."""
ANY = ("note", *SHOWN)


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
        return f"{self.of_set:9} {self.language:4} {self.what:46} {self.hits:4} of {self.of:4}  {share}"


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
            "recall: harm by others gets a card": _count(judged, ("harmed",), SHOWN),
            "hints that get a card": _count(judged, ("indirect",), SHOWN),
            "explicit risk that stops": _count(judged, ("explicit",), ("stop",)),
            "mentioned, no risk now: a row at least": _count(judged, ("mentioned",), ANY),
            "mentioned, no risk now: a card": _count(judged, ("mentioned",), SHOWN),
            "precision: a card is for explicit risk or harm": (sum(one.wants_card for one, _ in shown), len(shown)),
            "false alarms: sad, no risk": _count(judged, ("sad",), SHOWN),
            "false alarms: ordinary": _count(judged, ("ordinary",), SHOWN),
            "false alarms: both": _count(judged, ("sad", "ordinary"), SHOWN),
            "false alarms that stop": _count(judged, ("sad", "ordinary", "mentioned"), ("stop",)),
        }
        found += [Share(of_set, language, what, hits, of) for what, (hits, of) in figures.items() if of]
    return found


def _count(judged: Sequence[tuple[Disclosure, str]], labels: Sequence[str], tiers: Sequence[str]) -> tuple[int, int]:
    found = [tier for one, tier in judged if one.label in labels]
    return sum(tier in tiers for tier in found), len(found)


def missed(of_set: str = "developed") -> list[str]:
    """Each message that is judged otherwise than its label: risk without a card, or a card without any."""
    lines = []
    for one in DISCLOSURES:
        found = screened(one.text, one.language)
        if one.of_set == of_set and one.wants_card != (found.tier in SHOWN) and one.label != "indirect":
            rules = ", ".join(found.rules)
            lines.append(f"{one.of_set:9} {one.language} {one.label:9} {found.tier or '-':5} {rules:16} {one.text}")
    return lines


def families(of_set: str = "fresh") -> list[Share]:
    """Of each family of phrasing in a set, how many get a card."""
    kinds: dict[tuple[str, str, str], list[Disclosure]] = {}
    for one in DISCLOSURES:
        if one.of_set == of_set:
            kinds.setdefault((one.language, one.label, one.family), []).append(one)
    found = []
    for (language, label, family), here in kinds.items():
        hits = sum(screened(one.text, language).tier in SHOWN for one in here)
        found.append(Share(of_set, language, f"a card: {label}, {family}", hits, len(here)))
    return found


def milliseconds(language: str) -> float:
    """How much of a processor an ordinary message takes, on average over ours; the rules are made before."""
    here = [one.text for one in DISCLOSURES if (one.language, one.label) == (language, "ordinary")]
    screened("", language)
    began = time.process_time()
    for text in here:
        screened(text, language)
    return (time.process_time() - began) * 1000 / len(here)


def main() -> None:
    """Print the table."""
    print("set       lang figure                                            n of  all   share  [95 % by Wilson]")
    for of_set in FILES:
        print("\n".join(one.line for one in shares(of_set)))
    print("A share of false alarms is so many in 100 disclosures. What the sets are: bench/disclosures.py.")
    for language in sorted({one.language for one in DISCLOSURES}):
        print(f"An ordinary message in {language} takes {milliseconds(language):.2f} ms of a processor.")
    if "--missed" in sys.argv[1:]:
        print("\n".join(missed()))
    if "--families" in sys.argv[1:]:
        print("\n".join(one.line for one in families()))


if __name__ == "__main__":
    main()
