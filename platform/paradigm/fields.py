"""What a decision or a survey asks for: one declaration gives form, schema, validator, simulated value, codebook."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, ClassVar, Literal

from paradigm.parameters import Parameters
from paradigm.state import Place, State

_WHOLE = re.compile(r"-?[0-9]+")


class FieldError(Exception):
    """A value was refused. `code` is for programs, the text for the person who must mend it (a gettext id)."""

    def __init__(self, code: str, text: str, **slots: object) -> None:
        super().__init__(text % slots if slots else text)
        self.code, self.text, self.slots = code, text, slots


@dataclass(frozen=True)
class Belief:
    """Marks a field as a belief about a partner: the return one expects, or the partner's type (per cent AI).

    `when` is before or after the decision of the round; `incentive` is the rule by which a right one is paid, or the
    name of the parameter that says so.
    """

    what: Literal["return", "type"]
    when: Literal["before", "after"] = "after"
    incentive: str = "none"

    def under(self, parameters: Parameters) -> "Belief":
        """The same with the incentive worked out, where it names a parameter."""
        try:
            return replace(self, incentive=str(parameters.named(self.incentive)))
        except KeyError:
            return self


@dataclass(frozen=True)
class Option:
    """One thing that may be chosen: what is stored, and what is shown."""

    value: str
    label: str


@dataclass(frozen=True)
class Field(ABC):
    """What every field has. `about` is the position it is about, set by `Each`."""

    name: str
    label: str = ""
    required: bool = True
    belief: Belief | None = None
    about: str = ""
    kind: ClassVar[str] = ""

    @property
    def key(self) -> str:
        """The name in forms, prompts and rows: "returned", or "expected@A" where the field is about A."""
        return f"{self.name}@{self.about}" if self.about else self.name

    def resolve(self, place: Place, state: State) -> "Field":
        """The field with every bound that names a parameter, and every computed option, worked out."""
        return self

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of one value."""

    def clean(self, raw: Any) -> Any:
        """The stored value of what was sent, from a form (text) or a structured reply.

        Raises:
            FieldError: refused; nothing is clamped or guessed.
        """
        if raw is None or raw == "":
            if self.required:
                raise FieldError("missing", "Please answer this.")
            return None
        return self.parse(raw)

    @abstractmethod
    def parse(self, raw: Any) -> Any:
        """The value of something that is not empty. Raises FieldError."""

    @abstractmethod
    def simulate(self, rng: Random) -> Any:
        """A value that `clean` accepts."""

    @abstractmethod
    def describe(self) -> dict[str, str]:
        """For the codebook: type, unit, allowed values."""


def _refuse_control_characters(text: str) -> str:
    if any(ord(c) < 32 and c not in "\n\t" for c in text) or "\x7f" in text:
        raise FieldError("characters", "This has characters that cannot be stored.")
    return text


@dataclass(frozen=True)
class Text(Field):
    """Free words: at most `max_chars` characters after stripping and, unless left out, at least `min_chars`."""

    max_chars: int | str = 300
    long: bool = True
    min_chars: int | str = 0
    kind: ClassVar[str] = "text"

    def resolve(self, place: Place, state: State) -> "Text":
        number = state.parameters
        return replace(self, max_chars=_number(number, self.max_chars), min_chars=_number(number, self.min_chars))

    def schema(self) -> dict[str, Any]:
        # what may be left out may be empty, which no one bound can say
        low = {"minLength": max(1, int(self.min_chars))} if self.required else {}
        return {"type": "string", "maxLength": self.max_chars, **low}

    def clean(self, raw: Any) -> str | None:
        value = super().clean(raw.strip() if isinstance(raw, str) else raw)
        return value if value is not None else ""

    def parse(self, raw: Any) -> str:
        if not isinstance(raw, str):
            raise FieldError("not_text", "Please write words here.")
        text = _refuse_control_characters(raw.replace("\r\n", "\n"))
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise FieldError("characters", "This has characters that cannot be stored.") from error
        if len(text) > int(self.max_chars):
            raise FieldError("too_long", "Please use at most %(max)s characters.", max=self.max_chars)
        if len(text) < int(self.min_chars):
            raise FieldError("too_short", "Please use at least %(min)s characters.", min=self.min_chars)
        return text

    def simulate(self, rng: Random) -> str:
        words = ["I", "would", "share", "it", "in", "a", "fair", "way", "so", "that", "we", "both", "gain"]
        said = " ".join(rng.sample(words, k=rng.randint(3, len(words))))
        while len(said) < int(self.min_chars):
            said = f"{said} {rng.choice(words)}"
        return said[: int(self.max_chars)].strip().ljust(int(self.min_chars), "o")

    @property
    def bounds(self) -> str:
        """How many characters, for researchers and models."""
        least = f"at least {self.min_chars} and " if self.min_chars else ""
        return f"{least}at most {self.max_chars} characters"

    def describe(self) -> dict[str, str]:
        return {"type": "string", "unit": "", "allowed_values": self.bounds}


@dataclass(frozen=True)
class Points(Field):
    """A whole number from `low` to `high`, with a unit. There is never a preset value."""

    low: int | str = 0
    high: int | str = 100
    unit: str = "points"
    kind: ClassVar[str] = "points"

    def resolve(self, place: Place, state: State) -> "Points":
        number = state.parameters
        belief = self.belief.under(number) if self.belief else None
        return replace(self, low=_number(number, self.low), high=_number(number, self.high), belief=belief)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}

    def parse(self, raw: Any) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int | str):
            raise FieldError("not_a_number", "Please write a whole number.")
        if isinstance(raw, str) and not _WHOLE.fullmatch(raw.strip()):
            raise FieldError("not_a_number", "Please write a whole number.")
        if isinstance(raw, str) and len(raw.strip()) > 12:
            raise FieldError("out_of_range", "Please choose from %(low)s to %(high)s.", low=self.low, high=self.high)
        value = int(raw)
        if not int(self.low) <= value <= int(self.high):
            raise FieldError("out_of_range", "Please choose from %(low)s to %(high)s.", low=self.low, high=self.high)
        return value

    def simulate(self, rng: Random) -> int:
        return rng.randint(int(self.low), int(self.high))

    def describe(self) -> dict[str, str]:
        return {"type": "integer", "unit": self.unit, "allowed_values": f"{self.low} to {self.high}"}


@dataclass(frozen=True)
class Rating(Points):
    """A point on a labelled line, e.g. 1 "not at all" … 7 "very much", or 0 … 100 per cent.

    `labels` names further points than the two ends, the ends among them, in order.
    """

    low: int | str = 1
    high: int | str = 7
    unit: str = "scale point"
    low_label: str = ""
    high_label: str = ""
    labels: Sequence[tuple[int, str]] = ()
    kind: ClassVar[str] = "rating"

    @property
    def points(self) -> list[str]:
        """What stands at each point of a line whose points have labels of their own: "4 = sometimes", "5".

        Where all are named the numbers are left out. Empty where only the ends have labels.
        """
        named = dict(self.labels)
        every = range(int(self.low), int(self.high) + 1) if named else ()
        if all(point in named for point in every):
            return [named[point] for point in every]
        return [f"{point} = {named[point]}" if point in named else str(point) for point in every]

    def describe(self) -> dict[str, str]:
        said = "|".join(f"{point}={words}" for point, words in self.labels)
        found = super().describe()
        return found | {"allowed_values": f"{found['allowed_values']}: {said}"} if said else found


Options = Sequence[Option] | Callable[[Place, State], Sequence[Option]]


@dataclass(frozen=True)
class Choice(Field):
    """One of several options, which may be computed from the place and the state."""

    options: Options = ()
    kind: ClassVar[str] = "choice"

    def resolve(self, place: Place, state: State) -> "Choice":
        return replace(self, options=tuple(self.options(place, state))) if callable(self.options) else self

    @property
    def offered(self) -> Sequence[Option]:
        """The options, once resolved."""
        if callable(self.options):
            raise TypeError(f"{self.name}: resolve the field before asking what it offers")
        return self.options

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": [option.value for option in self.offered]}

    def parse(self, raw: Any) -> str:
        if not isinstance(raw, str) or raw not in [option.value for option in self.offered]:
            raise FieldError("not_offered", "Please pick one of the options.")
        return raw

    def simulate(self, rng: Random) -> str:
        return rng.choice([option.value for option in self.offered])

    def describe(self) -> dict[str, str]:
        shown = "computed" if callable(self.options) else "|".join(f"{o.value}={o.label}" for o in self.options)
        return {"type": "string", "unit": "", "allowed_values": shown}


@dataclass(frozen=True)
class Each:
    """The same field once for each of several partners, e.g. one message per neighbour, one belief per candidate.

    `{about}` in the field's label becomes the partner's position.
    """

    field: Field
    of: Callable[[Place, State], Sequence[str]]

    def resolve(self, place: Place, state: State) -> list[Field]:
        """One resolved field per position."""
        return [self._about(position).resolve(place, state) for position in self.of(place, state)]

    def _about(self, position: str) -> Field:
        return replace(self.field, about=position, label=self.field.label.replace("{about}", position))


Declared = Field | Each
Fields = Sequence[Declared]


def plain(declared: Declared) -> Field:
    """The field itself, whether it is asked once or about each of several partners."""
    return declared.field if isinstance(declared, Each) else declared


def resolve(fields: Fields, place: Place, state: State) -> list[Field]:
    """Fields as one seat meets them now: every bound a number, every option listed, every partner named."""
    found: list[Field] = []
    for declared in fields:
        resolved = declared.resolve(place, state)
        found.extend(resolved if isinstance(resolved, list) else [resolved])
    return found


def clean(fields: Sequence[Field], raw: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, FieldError]]:
    """Stored values and refusals, by field key. Keys that no field declares are ignored."""
    values: dict[str, Any] = {}
    errors: dict[str, FieldError] = {}
    for one in fields:
        try:
            values[one.key] = one.clean(raw.get(one.key))
        except FieldError as error:
            errors[one.key] = error
    return values, errors


def schema(fields: Sequence[Field]) -> dict[str, Any]:
    """JSON Schema of one act: an object with every field, nothing else."""
    return {
        "type": "object",
        "properties": {one.key: one.schema() | ({"description": one.label} if one.label else {}) for one in fields},
        "required": [one.key for one in fields],
        "additionalProperties": False,
    }


def _number(parameters: Parameters, value: int | str) -> int:
    return parameters.number(value)
