"""How long data are kept: the lengths fit each other, and the consent page says them, and no others."""

import re
from collections.abc import Iterator

from studies.checks.consent_words import slots_in
from studies.checks.context import Context, needs
from studies.checks.stages import needs_nobody
from studies.retention import lengths
from studies.schema_retention import CLASSES, FOR_GOOD, OURS
from studies.schema_stages import ConsentStage, DebriefStage

DEBRIEF_DAYS = 14
"""For at least so long people must be able to come back to a debrief that waits for the end of collection. Ours."""
WAITS = "collection_closed"
DAYS = {
    "day": 1, "week": 7, "month": 30, "year": 365, "tag": 1, "woche": 7, "monat": 30, "jahr": 365,
}  # fmt: skip
_LENGTH = re.compile(
    r"\b(\d{1,4}|one|two|three|five|ten|ein(?:en|em|er)?|zwei|drei|fünf|zehn)\s+"
    r"(day|week|month|year|tag|woche|monat|jahr)\w*\b",
    re.IGNORECASE,
)
_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "five": 5, "ten": 10, "ein": 1, "einen": 1, "einem": 1, "einer": 1, "zwei": 2,
    "drei": 3, "fünf": 5, "zehn": 10,
}  # fmt: skip
_KEEPING = re.compile(
    r"\b(keep|kept|store|stored|delet\w+|eras\w+|retain\w*|destroy\w*|(auf)?bewahr\w*|gespeichert|speichern|"
    r"(ge)?lösch\w*|vernichte\w*)\b",
    re.IGNORECASE,
)
_ANOTHER = re.compile(r"\b(backups?|sicherung\w*|ask\w*|request\w*|verlang\w*|wunsch|bitte\w*)\b", re.IGNORECASE)
"""Sentences about other lengths: how long backups last, and how soon a wish is done."""


@needs("retention", "waves", "groups")
def lengths_fit(context: Context) -> None:
    """E840, E841: links outlive the debrief that they lead to, and payments can be matched while they are kept."""
    rule = context.study.retention
    if rule is None or needs_nobody(context):
        return
    contact, codes, payments = rule.days("contact"), rule.days("codes"), rule.days("payments")
    late = [one for _, one in context.stages("debrief") if isinstance(one, DebriefStage) and one.when == WAITS]
    if late and contact is not None and contact < DEBRIEF_DAYS:
        what = f"links end {contact} days after closing, and the debrief can be read only from then on."
        context.say("E840", ("retention", "contact"), what, f'Write "{DEBRIEF_DAYS}d" or more.')
    if codes is not None and (payments is None or codes < payments):
        what = "is shorter than payments, whose lines are found by these codes."
        context.say("E841", ("retention", "codes"), what, f'Write "{rule.payments}" or more, or shorten payments.')


@needs("retention", "waves", "groups")
def it_is_decided(context: Context) -> None:
    """W842, W843: somebody has thought about it, and what leads to people is not kept for good."""
    rule = context.study.retention
    if needs_nobody(context) or not any(True for _ in context.stages("consent")):
        return
    if rule is None:
        told = ", ".join(f"{name} {getattr(OURS, name)}" for name in CLASSES)
        what = f"is missing, so our defaults hold: {told}."
        context.say("W842", ("retention",), what, "Ask your board, and write retention: {…} with its answers.")
        return
    for name in ("contact", "technical"):
        if getattr(rule, name) == FOR_GOOD:
            what = "is kept for good, and leads to people."
            context.say("W843", ("retention", name), what, 'Write after how many days it goes, such as "30d".')


@needs("retention", "waves", "groups")
def consent_says_it(context: Context) -> None:
    """W840, W841: the page says how long, by the slots; a length beside words of keeping is one of the study file."""
    rule = context.study.retention or OURS
    if needs_nobody(context):
        return
    known = {"retention", *lengths(rule, context.study.language)} if "language" in context.sections else {"retention"}
    declared = {rule.days(name) for name in CLASSES}
    for path, stage in context.stages("consent"):
        assert isinstance(stage, ConsentStage)
        text = context.read(stage.document, (*path, "document"))
        if text is None:
            continue
        found = list(_lengths_told(text))
        if not known & slots_in(text) and not found:
            what = f"{stage.document} does not say how long data are kept."
            context.say("W840", (*path, "document"), what, "Write {{ retention }} where it belongs.")
        for line, said, days in found:
            if days not in declared:
                what = f'says "{said}" of keeping or deleting, and retention has no such length.'
                context.say_of_file("W841", stage.document, line, what, "Write {{ kept_texts }} or the like instead.")


def _lengths_told(text: str) -> Iterator[tuple[int, str, int]]:
    """Line, words and days of each length that stands in a sentence about keeping or deleting."""
    for number, line in enumerate(text.splitlines(), 1):
        for sentence in re.split(r"(?<=[.!?])\s", line):
            if _KEEPING.search(sentence) and not _ANOTHER.search(sentence):
                for found in _LENGTH.finditer(sentence):
                    count = _NUMBERS.get(found[1].lower()) or int(found[1])
                    yield number, found[0], count * DAYS[found[2].lower()]


CHECKS = [lengths_fit, it_is_decided, consent_says_it]
