"""Whatever a verification may call different, some test has made different."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.verification import tampered_games, tampered_people, tampered_points
from tests.verification.tampering import CASES

FOLDER = Path(__file__).resolve().parents[2] / "platform" / "verification"
FILES = (tampered_games, tampered_people, tampered_points)  # importing them enters their cases
ELSEWHERE = {
    "slot of a person", "sequence of a person",  # tests/verification/test_people_with_slots.py
    "condition that a group's people share", "condition of a match",  # tests/matching/test_levels_of_rounds.py
    "levels of a person in a match", "label of a seat in a match",
    "award", "award, reckoned", "awards that cannot be drawn",  # tests/verification/test_awards.py
    "page of practice", "hash of a page of practice", "answer of a page of practice",  # tests/practice/test_verified.py
    "numbers of the pages of practice", "practice at another stage", "stage shown",
    "hash of notes", "lines of notes with their sources", "source of notes missing",  # tests/bots/test_memory.py
    "source of notes later than they", "source of notes by somebody else", "versions of notes",
    "lines of notes that nothing supports", "attempts at notes",  # tests/bots/test_notes_by_model.py
    "version of an attempt at notes",
    "draw of a lasting partner", "persona of a lasting partner",  # tests/matching/test_lasting_partner.py
    "name of a lasting partner",
    "draw of a scale", "items of a scale that were answered",  # tests/measures/test_scale_stage.py
    "scale at another stage", "answers to a scale that was not asked",
    "state of a planned visit", "end of a planned visit",  # tests/scheduling/test_visits_verified.py
    "beginning of a planned visit", "window of a planned visit", "windows that overlap",
    "planned visits of a participant",
    "too many missed visits", "visit that is still offered",  # tests/scheduling/test_still_offered.py
    "visits beside one that is still offered",
    "reminders of a visit", "state of a reminder", "sending of a reminder",  # tests/reminders/test_kept_apart.py
    "reminder sent twice", "reminder against its condition", "reminder of somebody who had left",
    "reminders beyond a cap", "forbidden move of a reminder",
    "message shown before it was said",  # tests/chat/test_shown.py
    "order of topics", "topic of a group",  # tests/matching/test_topics.py
    "place of a seat in its pool", "draw of a seat from its pool",  # tests/matching/test_pools.py
    "numbers of a seat from its pool", "places of a pool",
    "model of a seat", "persona of a seat",  # tests/bots/test_models_sampled.py
    "facts known to a seat", "fact that is kept from a seat",  # tests/bots/test_who_knows_what.py
    "act that was written",
    "groups of a batch", "end of a batch", "groups of a batch that is over",  # tests/bots/test_batches.py
    "levels of a group of a batch",
    "people of a pair", "forming of a pair", "status of a pair",  # tests/scheduling/test_couples_verified.py
    "end reason of a pair", "people of a pair that is over", "pair of somebody who has left",
    "outcome of a pair's visit", "second time of a pair's visit", "window of a pair", "window of a pair, reckoned",
    "meeting of a pair", "wait in vain", "people of a group of a pair",
    "pair of two who were partners before",
    "trigger missing", "trigger that no rule gives", "tier of a trigger",  # tests/chat/test_safety_verified.py
    "rules of a trigger", "trigger without its message", "trigger in a study without safety",
    "step of safety without a trigger", "alert missing", "pause missing", "pause without a reason",
    "pause without an end", "pause that ended twice", "end of a pause that never began",
    "first and last case number", "case number of another study or kind",  # tests/chat/test_case_numbers.py
    "case number without what it stands for",
    "wish that nobody reported", "group of two who are to be kept apart",  # tests/matching/test_apart.py
    "wish that is not kept", "pair of two who are to be kept apart",  # tests/scheduling/test_couples_reported.py
    "sums of an account", "charge of a call that is over",  # tests/bots/test_budgets.py
    "message behind a seat that lets nobody write", "decision behind a curtain",  # tests/bots/test_wizards_kept.py
    "message as it was decided", "message that nobody decided",
    "trigger without its words", "card without a reason",  # tests/consent/test_safety_of_words.py
}  # fmt: skip


def names() -> Iterator[str]:
    """A pattern for the name of every difference that the code may note."""
    for file in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("differ", "compare"):
                yield from _patterns(node.args[0])


def _patterns(said: ast.expr) -> Iterator[str]:
    if isinstance(said, ast.IfExp):
        yield from _patterns(said.body)
        yield from _patterns(said.orelse)
    elif isinstance(said, ast.Constant):
        yield re.escape(str(said.value))
    elif isinstance(said, ast.JoinedStr):
        yield "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in said.values)


def test_every_difference_has_a_case() -> None:
    met = {named for case in CASES.values() for named in case.named} | ELSEWHERE
    found = set(names())
    assert len(found) > 50
    assert {pattern for pattern in found if not any(re.fullmatch(pattern, named) for named in met)} == set()


def test_every_case_names_something_that_can_be_noted() -> None:
    found = set(names())
    met = {named for case in CASES.values() for named in case.named}
    assert {named for named in met if not any(re.fullmatch(pattern, named) for pattern in found)} == set()
