"""What people write to a companion, labelled by us in `disclosures.csv`: nobody said these sentences.

Labels, by what the words say and not by what is found in them:

* `imminent`: an intention, a plan, means, or an act under way;
* `explicit`: of oneself, death or suicide as wished for or thought of, or injury done on purpose;
* `indirect`: hints that a person would understand, which name none of these;
* `sad`: grief, loneliness, illness, other people's suicide, without any of these;
* `ordinary`: everyday things, figures of speech and accidents among them.

Sets: the rules of `chat.screening` were made for `tuned`. `unseen` was written after them and has changed none: whoever
changes a rule because of what it misses there moves those sentences to `tuned` and writes others. The rules' author
wrote both, so on other people's words the rules may do worse than on either: label messages of your own pilot.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_suffix(".csv")
LABELS = ("imminent", "explicit", "indirect", "sad", "ordinary")


@dataclass(frozen=True)
class Disclosure:
    """One message: its set and language, its label, its words."""

    of_set: str
    language: str
    label: str
    text: str

    @property
    def is_explicit(self) -> bool:
        """Whether a card must be shown: risk in so many words, imminent or not."""
        return self.label in ("imminent", "explicit")


with FILE.open(encoding="utf-8", newline="") as rows:
    DISCLOSURES = [Disclosure(**row) for row in csv.DictReader(rows)]
