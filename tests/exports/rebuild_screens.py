"""What people read, page by page, from a dataset's files alone: nothing of the platform is imported.

    python tests/exports/rebuild_screens.py FOLDER             # how many screens agree with what was recorded
    python tests/exports/rebuild_screens.py FOLDER PARTICIPANT  # every screen of one person, in order

Joins `exposures.csv` (a step of a game) and `pages.csv` (a page of a stage) with the words in `texts.vN.json`. The
SHA-256 of a screen's words, one space between any two, is that which was recorded as the page was opened.

A screen is the page's own words. The strip above it (place, points, time left), notes, refusals and the footer are not
part of it, and neither are waiting rooms, pages between two steps, and the last page.
"""

import csv
import hashlib
import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = dict[str, str]
SLOT = re.compile(r"\{\{ (.*?) \}\}")
UNSEEN_KINDS = {"Cc", "Cs", "Co"}
UNSEEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
MOST_RADIOS = 7  # longer ratings are a number box
csv.field_size_limit(10_000_000)


@dataclass(frozen=True)
class Screen:
    """One screen.

    Attributes:
        where: "main/quiz/1" of a stage's page, "main:2/quiz/1" of a second visit's; match and step of a game.
        words: As it was opened. `acted`: once the person has acted and others have not; "" where that cannot be.
        sha256: As it was recorded; "" where it was not.
    """

    participant: str
    where: str
    words: str
    acted: str
    sha256: str

    @property
    def agrees(self) -> bool:
        """Whether these are the words that were recorded."""
        return hashlib.sha256(self.words.encode()).hexdigest() == self.sha256


class Bundle:
    """A dataset's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.texts = {
            said["version"]: said
            for said in (json.loads(file.read_text("utf-8")) for file in folder.glob("texts.v*.json"))
        }

    def table(self, name: str) -> Iterator[Row]:
        """A table's rows."""
        with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    def pages(self) -> Iterator[Screen]:
        """The pages of stages, by person and in order."""
        for row in self.table("pages"):
            if not row["text_sha256"]:
                continue
            texts = self.texts[int(row["version"])]
            words = joined(page_parts(texts, row))
            visit = row["wave"] if row["repeat"] == "1" else f"{row['wave']}:{row['repeat']}"
            where = f"{visit}/{row['stage']}/{row['number']}"
            yield Screen(row["participant"], where, words, "", row["text_sha256"])

    def steps(self) -> Iterator[Screen]:
        """The steps of games at which a person sat, as they were recorded."""
        groups = {row["group"]: row for row in self.table("groups")}
        role = {row["seat"]: row["role"] for row in self.table("seats")}
        for row in self.table("exposures"):
            if not row["text_sha256"]:
                continue
            texts = self.texts[int(row["version"])]
            view, name = json.loads(row["view"]), row["step"].rpartition("/")[2]
            step = steps_of(texts, groups[row["group"]])[name]
            asked = [question(step["fields"][role[row["seat"]]], one) for one in json.loads(row["fields"])]
            seen = Seen(texts, row, view)
            opened = joined(seen.parts(step, asked, acts=row["acts"] == "1"))
            acted = joined(seen.parts(step, [], acts=False, has_decided=step["acted"])) if row["acts"] == "1" else ""
            yield Screen(row["participant"], f"{row['match']} {row['step']}", opened, acted, row["text_sha256"])


def steps_of(texts: dict[str, Any], group: Row) -> dict[str, Any]:
    """The steps of a group's game, as they are under its levels: a factor may decide a question's bounds."""
    levels = set(group["condition"].split(","))
    by_level = texts["stages"][group["stage"]]["steps"]
    return next(steps for said, steps in by_level.items() if set(said.split(",")) - {""} <= levels)


def joined(parts: Iterator[str]) -> str:
    """Words with one space between any two."""
    return " ".join(" ".join(parts).split())


def unquoted(cell: str) -> str:
    """A text cell without the apostrophe that keeps spreadsheets from running it."""
    return cell[1:] if re.match(r"^'+[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]", cell) else cell


def drawn(words: str) -> str:
    """People's words as a page draws them: without characters that nobody sees."""
    return "".join(
        c for c in words if c in "\n\t" or not (unicodedata.category(c) in UNSEEN_KINDS or UNSEEN.fullmatch(c))
    )


def filled(words: str, slots: dict[str, str]) -> str:
    """Words with the values that stood in their slots."""
    return SLOT.sub(lambda match: slots[match[1]], words)


def question(declared: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """A question as it was asked: its declaration, and whom it was about, which options it had."""
    name, _, about = asked["key"].partition("@")
    found = declared[name] | {"about": about, "label": declared[name]["label"].replace("{about}", about)}
    if "level" in asked:
        found["label"] = found["wordings"][asked["level"]]
    return found | ({"options": asked["options"]} if "options" in asked else {})


def page_parts(texts: dict[str, Any], row: Row) -> Iterator[str]:
    """A page of a stage, from top to bottom."""
    items = texts["stages"][row["stage"]].get("items", {})
    text = texts["files"][row["text"]]["words"] if row["text"] else ""
    yield from (unquoted(row["title"]), unquoted(row["lead"]), filled(text, json.loads(row["slots"])))
    yield unquoted(row["instruction"])
    for table in json.loads(row["tables"]):
        yield from table_parts(table)
    for one in json.loads(row["fields"]):
        yield from question_parts(texts, question(items, one), {})
    yield from json.loads(row["buttons"])
    yield unquoted(row["hint"])


def table_parts(table: dict[str, Any]) -> Iterator[str]:
    """Caption, heads, cells."""
    yield from (table["caption"], *table["columns"], *(str(cell) for row in table["rows"] for cell in row))


@dataclass(frozen=True)
class Seen:
    """What a seat was told at a step."""

    texts: dict[str, Any]
    row: Row
    view: dict[str, Any]

    def parts(
        self, step: dict[str, Any], asked: list[dict[str, Any]], *, acts: bool, has_decided: bool = False
    ) -> Iterator[str]:
        """The page, from top to bottom."""
        own, slots = self.texts["interface"], json.loads(self.row["slots"])
        files = [self.texts["files"][name] for name in self.row["texts"].split("|")]
        if has_decided:
            yield from (own["acted_title"], own["acted_words"])
        else:
            yield from (filled(file[part], slots) for file in files for part in ("title", "words"))
        for line in self.view["lines"]:
            yield from (line["who"] or own["you"], drawn(line["text"]))
        yield from self.cards(asked)
        if not asked and not acts:
            yield own["goes_on"]
        offered = self.offered(asked)
        for one in asked:
            is_about_people = bool(offered) and offered <= {value for value, _ in one.get("options", ())}
            yield from question_parts(self.texts, one, self.by_letter() if is_about_people else {})
            offered = set() if is_about_people else offered
        if acts:
            yield from (step["button"], step["hint"])
        for table in self.view["tables"]:
            yield from table_parts(table)

    def offered(self, asked: list[dict[str, Any]]) -> set[str]:
        """The letters of the cards, if there is a question whose options they all are."""
        letters = {card["position"] for card in self.view["cards"]}
        choices = [{value for value, _ in one.get("options", ())} for one in asked]
        return letters if letters and any(letters <= values for values in choices) else set()

    def cards(self, asked: list[dict[str, Any]]) -> Iterator[str]:
        """Who is there, where something is said of them and they are not the options of a question."""
        cards = self.view["cards"]
        if not self.offered(asked) and any(card["label"] or card["text"] for card in cards):
            for card in cards:
                yield from self.card(card)

    def card(self, card: dict[str, str]) -> Iterator[str]:
        """Letter, whether it is oneself, label, words."""
        yield card["position"]
        if self.view["facts"].get("letter") == card["position"]:
            yield self.texts["interface"]["own_card"]
        yield from (card["label"], drawn(card["text"]))

    def by_letter(self) -> dict[str, list[str]]:
        """The words of each card."""
        return {card["position"]: list(self.card(card)) for card in self.view["cards"]}


def question_parts(texts: dict[str, Any], one: dict[str, Any], cards: dict[str, list[str]]) -> Iterator[str]:
    """A question: its label, and what stands beside the place for the answer."""
    own, label = texts["interface"], one["label"]
    if one.get("about") and one["about"] not in re.findall(r"\w+", label):
        yield one["about"]
    yield label
    if not one["required"] and not label.endswith(")"):
        yield own["optional"]
    for value, words in one.get("options", ()):
        yield from cards.get(value, ())
        yield words
    if one["type"] == "circles":
        yield own["circles"].format(other=one["other"])
    if one["type"] == "text":
        bound = "from_to" if "min_chars" in one else "at_most_one" if one["max_chars"] == 1 else "at_most"
        yield own[bound].format(min=one.get("min_chars"), max=one["max_chars"])
    if one["type"] in ("points", "rating"):
        yield from number_parts(own, one)


def number_parts(own: dict[str, str], one: dict[str, Any]) -> Iterator[str]:
    """Ends and points of a short rating; otherwise the range of a number."""
    low, high, labels = one["low"], one["high"], dict(one.get("labels", ()))
    if one["type"] == "rating" and high - low < MOST_RADIOS:
        yield from labelled(labels, low, high) or (one["low_label"], one["high_label"], *map(str, range(low, high + 1)))
    elif labels or one.get("low_label"):
        ends = labels or {low: one["low_label"], high: one["high_label"]}
        yield " · ".join(f"{point} = {words}" for point, words in ends.items())
    else:
        yield own["range"].format(low=low, high=high)


def labelled(labels: dict[int, str], low: int, high: int) -> list[str]:
    """What stands at each point where others than the ends have labels; numbers where not all of them have."""
    points = range(low, high + 1)
    if len(labels) == len(points):
        return list(labels.values())
    return [f"{point} = {labels[point]}" if point in labels else str(point) for point in points] if labels else []


def screens(folder: Path) -> list[Screen]:
    """Every screen of a dataset that can be made again."""
    bundle = Bundle(folder)
    return [*bundle.pages(), *bundle.steps()]


def main(folder: str, participant: str = "") -> int:
    """Print what was asked for; 1 where a screen does not agree."""
    found = screens(Path(folder))
    for one in found if participant else ():
        if one.participant == participant:
            print(f"--- {one.where}\n{one.words}")  # noqa: T201
    wrong = [f"{one.participant} at {one.where}: not the words that were recorded" for one in found if not one.agrees]
    if not participant:
        print("\n".join(wrong) or f"{len(found)} screens agree")  # noqa: T201
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
