"""What the screening found in free text outside conversations, and what followed from it. It has no word of anybody."""

from collections.abc import Iterator
from dataclasses import replace

from chat.models import WordsStep, WordsTrigger
from exports import keys
from exports.cells import listed
from exports.codes import match_code
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope, by_code, kept, seconds
from flow.models import Act

What = WordsStep.What
A_REPORT = "it is a report, which is in `reports`"
NO_ANSWER = f"it is a decision, or {A_REPORT}"
NO_DECISION = "it is no decision"

COLUMNS = [
    keys.PARTICIPANT,
    keys.WAVE,
    keys.REPEAT,
    Column("what", "What was looked at.", allowed="answer|decision|report"),
    Column("stage", "The survey, quiz or game, as named in the study file.", missing=A_REPORT),
    replace(keys.MATCH, missing=NO_DECISION),
    replace(keys.STEP, missing=NO_DECISION),
    Column("item", "The item, as `answers` names it; of a decision its field, as in `decisions`.", missing=A_REPORT),
    Column("attempt", "Which try it was, as in `answers`.", "integer", missing=NO_ANSWER),
    Column("tier", "How grave it may be, by fixed rules.", allowed="note|offer|stop"),
    Column(
        "source", "What said so; `failed`: the screening itself failed, and the card was shown.",
        allowed="rules|failed",
    ),
    Column("rules", "Names of the rules that were met, the gravest first."),
    Column("edition", "Which edition of the rules it was: the beginning of a sha256 of them."),
    keys.since_session("found_s", "When it was found"),
    keys.since_session("card_s", "When the first page with the card was shown", missing="none was"),
    keys.since_session("alerted_s", "When whoever is on call was told", missing="nobody was, or it is no `stop`"),
    keys.since_session("answered_s", "When the study team had looked at it", missing="nobody has said so"),
    Column("verdict", "What the study team says of it.", allowed="risk|no_risk|unclear", missing="nobody has said so"),
]  # fmt: skip


def _words(scope: Scope) -> Iterator[Row]:
    found = WordsTrigger.objects.filter(kept("session__participant"), session__participant__study=scope.study)
    found = found.select_related("session__participant", "act__match__group").prefetch_related("steps")
    code = by_code("session__participant__code")
    for one in found.order_by(code, "session__wave", "session__repeat", "pk").iterator(chunk_size=CHUNK):
        is_report, began, act = one.report_id is not None, one.session.started_at, one.act
        steps = {step.what: step for step in one.steps.all()}
        at = {what: seconds(step.at, began) for what, step in steps.items()}
        yield {
            "participant": one.session.participant.code,
            "wave": one.session.wave,
            "repeat": one.session.repeat,
            "what": "report" if is_report else "answer" if act is None else "decision",
            "stage": None if is_report else one.stage,
            "match": _code_of(act) if act is not None else None,
            "step": act.path if act is not None else None,
            "item": None if is_report else one.item,
            "attempt": None if is_report or act is not None else one.attempt,
            "tier": one.tier,
            "source": one.source,
            "rules": listed(one.rules),
            "edition": one.edition,
            "found_s": seconds(one.at, began),
            "card_s": at.get(What.CARD, ""),
            "alerted_s": at.get(What.ALERTED, ""),
            "answered_s": at.get(What.ANSWERED, ""),
            "verdict": steps[What.ANSWERED].verdict if What.ANSWERED in steps else None,
        }


def _code_of(act: Act) -> str:
    return match_code(act.match.group.code, act.match.round, act.match.number)


SAFETY_WORDS = Table(
    "safety_words", "What was found in free text outside conversations that may be danger, and what followed", COLUMNS,
    _words,
)  # fmt: skip
