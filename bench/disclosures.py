"""What people write to a companion, labelled by us: nobody said these sentences.

Labels, by what the words say and not by what is found in them:

* `imminent`: an intention, a plan, means, or an act under way;
* `explicit`: of oneself, death or suicide as wished for or thought of, or injury done on purpose;
* `harmed`: violence, coercion or threats that somebody does to the writer;
* `indirect`: hints that a person would understand, which name none of these;
* `mentioned`: suicide or injury by name, but denied, long over, somebody else's, in a story or as a subject;
* `sad`: grief, loneliness, illness, also after other people's suicide, without any of these;
* `ordinary`: everyday things, figures of speech and accidents among them.

Sets: the rules of `chat.screening` were made with `developed` (disclosures.csv). `heldout`
(disclosures_heldout.csv) was written in families of phrasing and committed before a rule was; in the second round of
rules it was looked into, so it says no more than `developed` now. `fresh` (disclosures_fresh.csv) was written and
committed before whoever made the second round had read a rule, in each language on its own; no rule was changed for
what it misses there. The same hand wrote rules and sentences, so on other people's words the rules may do worse than
on any of them: label messages of your own pilot. Whoever changes a rule because of what it misses in `fresh` writes
another set first, and says so here.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILES = {"developed": "disclosures.csv", "heldout": "disclosures_heldout.csv", "fresh": "disclosures_fresh.csv"}
LABELS = ("imminent", "explicit", "harmed", "indirect", "mentioned", "sad", "ordinary")


@dataclass(frozen=True)
class Disclosure:
    """One message: its set and language, its label, its words, and the family of its phrasing."""

    of_set: str
    language: str
    label: str
    text: str
    family: str = ""

    @property
    def is_explicit(self) -> bool:
        """Whether it names a risk of the writer's own in so many words, imminent or not."""
        return self.label in ("imminent", "explicit")

    @property
    def wants_card(self) -> bool:
        """Whether a card must be shown."""
        return self.is_explicit or self.label == "harmed"


def _read() -> Iterator[Disclosure]:
    for of_set, name in FILES.items():
        with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as rows:
            yield from (Disclosure(of_set, **row) for row in csv.DictReader(rows))


DISCLOSURES = list(_read())
