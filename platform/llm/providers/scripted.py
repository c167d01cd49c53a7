"""The provider without a model: replies made from the schema and a seed. Needs no key, no network and no waiting.

What stands after the slash of a model's name are its policies, joined by "+". Any other name draws everything.

* `least`, `half`, `most`: numbers are the lowest, half way, or the highest that is allowed.
* `reflective`: words answer what was said last (`reflective`), and of choices the first is taken.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from llm.exchange import Question, Reply
from llm.providers.reflective import replies, said_last
from llm.rules import sha256_of

SENTENCES = (
    "I see.",
    "That makes sense to me.",
    "Could you say a little more about that?",
    "I had not thought of it that way.",
    "Let us see how it goes.",
    "How did that feel?",
    "Thank you for telling me.",
    "I would like to hear more.",
)
LARGEST = 100
SHARES = {"least": 0.0, "half": 0.5, "most": 1.0}
"""Policy → where between the lowest and the highest its numbers are."""
REFLECTIVE = "reflective"
LARGEST_TEXT = 100_000


async def ask(question: Question) -> Reply:
    """Answer from the question alone: the same messages, schema, seed and policies give the same reply."""
    seed = question.parameters.get("seed", 0)
    rng = random.Random(f"{seed}/{question.model}/{sha256_of([dict(each) for each in question.messages])}")  # noqa: S311
    policies = question.model.partition("/")[2].split("+")
    share = next((SHARES[policy] for policy in policies if policy in SHARES), None)
    words = list(replies(said_last(question.messages), rng)) if REFLECTIVE in policies else []
    if question.schema is None:
        text = words[0] if words else rng.choice(SENTENCES)
    else:
        text = json.dumps(filled(question.schema, rng, share=share, words=words), ensure_ascii=False)
    words_in = sum(len(str(message["content"]).split()) for message in question.messages)
    return Reply(
        text=text, model_served=served(question.model), tokens_in=words_in, tokens_out=len(text.split()), latency_ms=0,
        finish_reason="stop",
    )  # fmt: skip


def served(model: str) -> str:
    """What answered, as it is kept: never the name of a model that was not asked."""
    return model if model.startswith("scripted/") else "scripted"


def filled(
    schema: Mapping[str, Any], rng: random.Random, *, share: float | None = None, words: Sequence[str] = ()
) -> Any:
    """A value that satisfies `schema` (objects, arrays, numbers, texts, choices; references within it).

    Args:
        share: Where between the lowest and the highest numbers are; None: they are drawn.
        words: Texts, the first that fits is said, and of choices the first is taken; none: both are drawn.
    """
    return _Filler(schema, rng, share, words).fill(schema)


class _Filler:
    def __init__(self, root: Mapping[str, Any], rng: random.Random, share: float | None, words: Sequence[str]) -> None:
        self._root = root
        self._rng = rng
        self._share = share
        self._words = words

    def fill(self, schema: Mapping[str, Any]) -> Any:
        if "$ref" in schema:
            return self.fill(self._resolved(schema["$ref"]))
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0] if self._words else self._rng.choice(list(schema["enum"]))
        for alternatives in ("anyOf", "oneOf"):
            if alternatives in schema:
                return self.fill(self._rng.choice(list(schema[alternatives])))
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = next((each for each in kind if each != "null"), "null")
        draw = getattr(self, f"_{kind}", None)
        return draw(schema) if draw else None

    def _resolved(self, reference: str) -> Mapping[str, Any]:
        found: Any = self._root
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        resolved: Mapping[str, Any] = found
        return resolved

    def _object(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.fill(each) for name, each in schema.get("properties", {}).items()}

    def _array(self, schema: Mapping[str, Any]) -> list[Any]:
        least = schema.get("minItems", 0)
        count = self._rng.randint(least, schema.get("maxItems", max(least, 2)))
        items = [self.fill(schema.get("items", {})) for _ in range(count * (5 if schema.get("uniqueItems") else 1))]
        if schema.get("uniqueItems"):
            items = list({json.dumps(item, sort_keys=True): item for item in items}.values())[:count]
        return items

    def _integer(self, schema: Mapping[str, Any]) -> int:
        low, high = self._bounds(schema)
        step = schema.get("multipleOf", 1)
        least, most = -(-int(low) // step), int(high) // step
        chosen = self._rng.randint(least, most) if self._share is None else least + round(self._share * (most - least))
        return int(chosen * step)

    def _number(self, schema: Mapping[str, Any]) -> float:
        low, high = self._bounds(schema)
        chosen = self._rng.uniform(low, high) if self._share is None else low + self._share * (high - low)
        return min(high, max(low, round(chosen, 2)))

    def _bounds(self, schema: Mapping[str, Any]) -> tuple[float, float]:
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", max(low, LARGEST) + 1) - 1)
        return low, high

    def _boolean(self, _schema: Mapping[str, Any]) -> bool:
        return self._rng.random() < 0.5

    def _null(self, _schema: Mapping[str, Any]) -> None:
        return None

    def _string(self, schema: Mapping[str, Any]) -> str:
        least, most = schema.get("minLength", 0), schema.get("maxLength", LARGEST_TEXT)
        if said := next((one for one in self._words if least <= len(one) <= most), ""):
            return said
        text = self._rng.choice(SENTENCES)
        while len(text) < least:
            text += " " + self._rng.choice(SENTENCES)
        return text[:most]
