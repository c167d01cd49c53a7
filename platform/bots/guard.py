"""What holds a model's reply to somebody who may be in danger, or one that names danger itself.

Nothing here ever holds what a person wrote: that is stored and shown before this looks. A reply is held before it is
planned, so the pace of the seat hides the time that it took. What is held is replaced by the study file's own line.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bots import scopes
from bots.budgets import SAFETY, spending_of
from bots.errors import SUPERSEDED, BotsError
from chat.forms import MESSAGE, MORE, THEN
from chat.models import Conversation, Entry, Trigger
from chat.safety import services
from chat.safety.policy import SHOWN, Judged, Source, Tier, judged, language_of, safety_of
from events.offload import run_db
from flow.game import game_of
from flow.queries import TurnFacts
from llm.door import complete
from llm.errors import ModelFailed
from llm.exchange import Request
from llm.models import Call
from llm.spending import Spending
from matching.models import Group
from studies import definition
from studies.schema_safety import Classifier, Replies

WHOLE = "whole"
"""In values: the words are the study file's own, to be said as they stand there."""
LAST_MESSAGES = 12
VERDICT: Mapping[str, Any] = {
    "type": "object",
    "properties": {"hold": {"type": "boolean"}},
    "required": ["hold"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Watch:
    """How replies of one seat are watched at one moment.

    Attributes:
        newest: What was found in what a person said since the seat last spoke; None where nothing was.
        prompt: What the classifier is asked.
        lines: The newest messages, each with whether the seat itself said it.
        spending: How asking the classifier is counted: by itself, under the same limits.
    """

    conversation: int
    language: str
    replies: Replies
    newest: Trigger | None
    prompt: str
    lines: Sequence[tuple[bool, str]]
    spending: Spending | None = None

    @property
    def stops(self) -> bool:
        """Whether no model may answer: somebody may be in danger at this moment."""
        return self.newest is not None and self.newest.tier == Tier.STOP


def watch(facts: TurnFacts) -> Watch | None:
    """How the replies of a turn's seat are watched; None where nobody may be in danger, or nothing is declared."""
    version = game_of(facts.seat.group).version
    safety = safety_of(version)
    if safety is None or safety.replies is None or not facts.is_talk or facts.seat.group.origin == Group.Origin.RUN:
        return None
    talk = Conversation.objects.filter(match=facts.match_id, path=facts.path).first()
    if talk is None:
        return None
    last = talk.entries.filter(seat=facts.seat).order_by("-seq").values_list("seq", flat=True).first() or 0
    since = talk.triggers.filter(is_reply=False, seq__gt=last, tier__in=SHOWN).order_by("-pk")
    newest = since.filter(tier=Tier.STOP).first() or since.first()
    classifier = safety.replies.classifier
    prompt = definition.text(version, classifier.prompt) if classifier else ""
    # As far as the reply's model has read: whoever comes back to a turn asks the same, and the answer is used again.
    shown = max((line.seq for line in facts.view.lines), default=0)
    read = talk.entries.filter(seq__lte=shown) if shown else talk.entries
    said = read.order_by("-seq").values_list("seat_id", "text")[:LAST_MESSAGES]
    lines = [(seat == facts.seat.pk, text) for seat, text in reversed(said)]
    asked = classifier.model.model_dump(mode="json") if classifier else None
    spending = spending_of(facts.seat, asked, SAFETY, match=facts.match_id) if asked else None
    return Watch(talk.pk, language_of(version), safety.replies, newest, prompt, lines, spending)


def is_stopped(facts: TurnFacts) -> bool:
    """Whether somebody may be in danger since a seat last spoke: what its model has made before that is not said."""
    safety = safety_of(game_of(facts.seat.group).version)
    if safety is None or safety.replies is None or not facts.is_talk:
        return False
    here = {"conversation__match": facts.match_id, "conversation__path": facts.path}
    found = Trigger.objects.filter(**here, is_reply=False, tier=Tier.STOP).order_by("-seq")
    newest = found.values_list("seq", flat=True).first()
    return newest is not None and not Entry.objects.filter(**here, seat=facts.seat, seq__gt=newest).exists()


async def instead(watched: Watch, facts: TurnFacts, *, key: str) -> Mapping[str, Any]:
    """The study file's own line, where no model may answer at all."""
    assert watched.newest is not None
    found = Judged(watched.newest.tier, tuple(watched.newest.rules), Source(watched.newest.source))
    return await _replaced(watched, facts, {}, key=key, found=found, began=time.monotonic())


async def checked(
    watched: Watch, facts: TurnFacts, values: Mapping[str, Any], *, key: str, scope: str
) -> Mapping[str, Any]:
    """What a model gave, or with the study file's line in place of its words."""
    began, words = time.monotonic(), str(values.get(MESSAGE) or "")
    if not words:
        return values
    found = judged(words, watched.language)
    if found.tier not in SHOWN and watched.replies.classifier is not None:
        found = await _classified(watched, watched.replies.classifier, words, scope=scope)
    if found.tier not in SHOWN:
        return values
    return await _replaced(watched, facts, values, key=key, found=found, began=began)


async def _classified(watched: Watch, classifier: Classifier, words: str, *, scope: str) -> Judged:
    """What the classifier says; where it says nothing in time the reply is held, and the card shown.

    Raises:
        BotsError: "model_superseded".
    """
    talk = [{"who": "partner" if own else "person", "text": text} for own, text in watched.lines]
    asked = json.dumps({"conversation": talk, "reply": words}, ensure_ascii=False)
    model = classifier.model
    parameters: dict[str, Any] = {"max_tokens": model.max_tokens, "temperature": model.temperature or 0.0}
    parameters |= {"seed": model.seed} if model.seed is not None else {}
    request = Request(
        scope=scopes.safety_of(scope),
        model=model.name,
        messages=[{"role": "system", "content": watched.prompt}, {"role": "user", "content": asked}],
        schema=VERDICT,
        parameters=parameters,
        budget_seconds=watched.replies.hold_seconds,
        keeps=model.keep_prompts,
        spending=watched.spending,
    )
    try:
        answer = await asyncio.wait_for(complete(request), watched.replies.hold_seconds)
    except TimeoutError:
        return Judged(Tier.OFFER, ("timeout",), Source.FAILED)
    except ModelFailed as error:
        if error.code == Call.Outcome.SUPERSEDED:  # somebody else has the turn: what is said, and held, is theirs
            raise BotsError(SUPERSEDED, str(error)) from error
        return Judged(Tier.OFFER, (error.code,), Source.FAILED)
    return Judged(Tier.OFFER, ("classifier",), Source.CLASSIFIER) if answer.value["hold"] else Judged("")


async def _replaced(
    watched: Watch, facts: TurnFacts, values: Mapping[str, Any], *, key: str, found: Judged, began: float
) -> Mapping[str, Any]:
    held_ms = round((time.monotonic() - began) * 1000)
    await run_db(_keep, watched.conversation, facts.seat.pk, key, found, held_ms)
    return {**values, MESSAGE: watched.replies.line, THEN: values.get(THEN) or MORE, WHOLE: True}


def _keep(conversation: int, seat: int, key: str, found: Judged, held_ms: int) -> None:
    services.hold_reply(conversation, seat, key=key, found=found, held_ms=held_ms)
