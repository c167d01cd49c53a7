"""Messages that people of the study team were asked for in an automated seat's place: draft, what was said, by whom."""

from collections.abc import Iterator, Mapping

from bots.models import WizardReply
from bots.wizards.rules import difference, words_of
from exports import keys
from exports.columns import BY_PARTNER, OUTLIVED, Column, Row, Table
from exports.scope import CHUNK, Scope, seconds
from exports.society import Society, societies

By, Outcome = WizardReply.By, WizardReply.Outcome
OVERTAKEN = "overtaken"
NO_WORDS = "there was none, or see `missing_reason`"
UNDECIDED = "nobody has decided it, and time has not"
COLUMNS = [
    keys.MATCH,
    keys.GROUP,
    keys.ROUND,
    keys.STEP,
    keys.SEAT,
    Column("n_made", "How many entries the seat had made.", "integer", "entries"),
    Column("asking", "Which asking for this entry, from 1: more where nothing was said at first.", "integer"),
    Column(
        "heard_seq", "Place in the talk of the newest entry of somebody else when it was asked for.", "integer",
        missing="nobody had written",
    ),
    Column(
        "outcome",
        "chosen: a person decided; lapsed: nobody did in time, and the study file's `otherwise` followed; held: the "
        "line that stands for a reply held for safety was said; overtaken: the talk ended first; open: it goes on.",
        allowed="|".join([*Outcome.values, OVERTAKEN]),
    ),
    Column(
        "written_by",
        "Who gave the words: a person in their own; a model, its draft as it was; a model, its draft changed by a "
        "person; a line of the study file; the line for safety; nobody: nothing was said.",
        allowed="|".join(By.values), missing=UNDECIDED,
    ),
    Column(
        "wizard", "Which person of the study team decided, numbered by when each first did.", allowed="w1, w2, …",
        missing="no person decided",
    ),
    Column("draft", "What the model would have said.", "text", missing=NO_WORDS),
    Column("n_draft_chars", "Length of the draft.", "integer", "characters", missing=NO_WORDS),
    Column("error_code", "Why there is no draft, where one was to be made.", missing="there is one, or none was to be"),
    Column("was_drafted_first", "1 if the draft was there when a person decided.", "boolean",
           missing="no person decided, or no draft was made"),
    Column("text", "What was decided to be said.", "text", missing=NO_WORDS),
    Column("n_chars", "Length of that.", "integer", "characters", missing=NO_WORDS),
    Column(
        "n_kept", "Characters of the draft that stand in what was said, in their order.", "integer", "characters",
        missing="one of the two is not there",
    ),
    Column(
        "changes",
        "Each place where what was said differs from the draft: [where in the draft it begins, from 0; what stood "
        "there; what was said instead].",
        "json", missing="one of the two is not there",
    ),
    keys.since_group("asked_s", "When it was asked for"),
    keys.since_group("drafted_s", "When the draft was there, or was known not to come", missing="it is being made"),
    keys.since_group("until_s", "By when somebody had to decide"),
    keys.since_group("decided_s", "When it was decided", missing=UNDECIDED),
    keys.MISSING_REASON,
]  # fmt: skip


def written_by(group: int) -> Mapping[str, str]:
    """Key of an entry behind which people may sit → who gave its words."""
    decided = WizardReply.objects.filter(turn__match__group=group).exclude(outcome=Outcome.OPEN).exclude(by=By.NOBODY)
    rows = decided.order_by("made", "number").values_list("turn", "made", "by")
    return {f"turn:{turn}:{made}": by for turn, made, by in rows}


def _rows(scope: Scope) -> Iterator[Row]:
    who = _numbers(scope)
    for society in societies(scope):
        rows = WizardReply.objects.filter(turn__match__group=society.group).select_related("turn")
        rows = rows.order_by("turn__match__round", "turn__match__number", "turn", "made", "number")
        for one in rows.iterator(chunk_size=CHUNK):
            yield _row(society, one) | {"wizard": who.get(one.wizard)}


def _numbers(scope: Scope) -> Mapping[str, str]:
    """Account → the number of who works with it: names stay inside."""
    theirs = WizardReply.objects.filter(turn__match__group__version__study=scope.study).exclude(wizard="")
    names = dict.fromkeys(theirs.order_by("decided_at", "pk").values_list("wizard", flat=True))
    return {name: f"w{number}" for number, name in enumerate(names, start=1)}


def _row(society: Society, one: WizardReply) -> dict[str, object]:
    turn, began = one.turn, society.group.formed_at
    match = society.matches[turn.match_id]
    is_open = one.outcome == Outcome.OPEN
    return {
        "match": society.match(match),
        "group": society.group.code,
        "round": match.round,
        "step": turn.path,
        "seat": society.seat(turn.seat_id),
        "n_made": one.made,
        "asking": one.number,
        "heard_seq": one.heard or None,
        "outcome": OVERTAKEN if is_open and match.path != turn.path else one.outcome,
        "written_by": one.by or None,
        "error_code": one.error_code or None,
        "was_drafted_first": _was_drafted_first(one),
        "asked_s": seconds(one.asked_at, began),
        "drafted_s": seconds(one.drafted_at, began),
        "until_s": seconds(one.until, began),
        "decided_s": seconds(one.decided_at, began),
        **_words(society, one),
    }


def _was_drafted_first(one: WizardReply) -> bool | None:
    if one.outcome != Outcome.CHOSEN or one.drafted_at is None or one.decided_at is None or one.error_code:
        return None
    return one.drafted_at <= one.decided_at if one.draft is not None else None


def _words(society: Society, one: WizardReply) -> dict[str, object]:
    """The words, and how they differ; none where they may repeat somebody who asked for deletion, or are purged."""
    is_withheld = society.is_withheld(one.turn.match_id, one.turn.seat_id)
    draft, said = ("", "") if is_withheld else (words_of(one.draft), words_of(one.values))
    found = difference(draft, said) if draft and said else None
    is_purged = not is_withheld and one.by in (By.PERSON, By.MODEL, By.MODEL_EDITED, By.LINE) and one.values is None
    return {
        "draft": draft or None,
        "n_draft_chars": len(draft) or None,
        "text": said or None,
        "n_chars": len(said) or None,
        "n_kept": found.kept if found else None,
        "changes": [list(change) for change in found.changes] if found else None,
        "missing_reason": BY_PARTNER if is_withheld else OUTLIVED if is_purged else None,
    }


WIZARD_REPLIES = Table(
    "wizard_replies", "A message that people of the study team were asked for in an AI's place", COLUMNS, _rows
)
