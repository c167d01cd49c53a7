"""Which differences between two conditions a study file declares: labels, condition pages, parameters, named places."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from chat.terms import word
from paradigm import Chat, Decision, Parameters, Talk
from paradigm.fields import plain
from paradigm.program import leaves, may_ask, may_come
from paradigm.steps import CONTACTS, PASTES, TYPING
from screens.looking import PAST
from screens.reading import Piece
from screens.screen import Key
from studies.definition import experiment, parameters_of
from studies.models import levels_of
from studies.schema import StudyFile
from studies.schema_memory import VisibleByLevel
from studies.schema_partners import Label
from studies.schema_stages import BriefingStage, GameStage
from studies.schema_when import ConditionalStage
from studies.varied import varied

NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
LABEL = "span.label"  # the element in which a card shows what somebody is called
UNNAMED = "nothing"  # what a debrief calls the empty label
Pieces = Sequence[Piece]


@dataclass(frozen=True)
class Side:
    """What one condition shows in the places that may differ.

    Attributes:
        labels: What partners are called here.
        values: Words that parameters have here, where they have others there.
    """

    labels: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Declared:
    """What may differ between two conditions, and where the study file says so.

    Attributes:
        briefings: Stage → the factor that decides which page is shown.
        label_factor: By which partners' labels differ; empty where they do not.
        has_draws: Whether a partner's label is drawn for each match, and so differs by chance.
        parameter_factor: By which parameters of a game differ; empty where none does.
        past_factor: By which it differs whether earlier conversations can be read; empty where it does not.
        places: Stage, or stage and step → why, as the study file puts it.
        shown: Stage that is for some conditions only → the declaration.
    """

    first: Side = Side()
    second: Side = Side()
    briefings: Mapping[str, str] = field(default_factory=dict)
    label_factor: str = ""
    has_draws: bool = False
    parameter_factor: str = ""
    past_factor: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)

    def page_by(self, key: Key) -> str:
        """How the declaration of a condition page reads; empty at another stage."""
        factor = self.briefings.get(key.stage)
        return f"{key.stage}.pages by {factor}" if factor else ""

    def _of_place(self, key: Key) -> str:
        """The declaration that holds for all of a screen; empty where there is none."""
        named = [self.places[place] for place in (key.place, key.stage) if place in self.places]
        for stage, declaration in self.shown.items():
            if key.stage == stage or key.state.endswith((f" from {stage}", f" at {stage}")):
                named.append(declaration)
        return named[0] if named else ""

    def reason(self, key: Key, first: Pieces, second: Pieces) -> str:
        """Where the study file declares that these stretches of a screen differ; empty where it does not."""
        if found := self._of_place(key):
            return found
        if key.stage in self.briefings and _are_of_its_text([*first, *second]):
            return self.page_by(key)
        if self.past_factor and (key.state == PAST or all(piece.is_in("past") for piece in (*first, *second))):
            return f"past_transcript_visible by {self.past_factor}"
        return self._of_values(first, second)

    def _of_values(self, first: Pieces, second: Pieces) -> str:
        """The declaration of labels or parameters by which stretches differ; empty where none does."""
        one, other = without_labels(first, self.first.labels), without_labels(second, self.second.labels)
        if self.label_factor and one == other:
            return f"labels of partners by {self.label_factor}"
        if self.has_draws and one == other:
            return "labels of partners, drawn for each match"
        if self.parameter_factor and _masked(one, self.first.values) == _masked(other, self.second.values):
            return f"parameters by {self.parameter_factor}"
        return ""


def declared(study: StudyFile, first: str, second: str) -> Declared:
    """What a study file lets differ between two conditions, "label=hidden" and "label=disclosed"."""
    one, other = levels_of(first), levels_of(second)
    differing = {name for name in one if one[name] != other.get(name)}
    labels = [partner.label for partner in study.partners.values()]
    drawn = [label for label in labels if any(len(_labels([label], levels)) > 1 for levels in (one, other))]
    partners = [label for label in labels if label.by in differing or label in drawn]
    parameters = list(_parameters(study, differing))
    briefings = [stage for stage in study.stages if isinstance(stage, BriefingStage) and stage.by in differing]
    return Declared(
        first=Side(_labels(partners, one), _words(parameters, one)),
        second=Side(_labels(partners, other), _words(parameters, other)),
        briefings={stage.id: str(stage.by) for stage in briefings},
        label_factor=_named({label.by for label in partners if label.by in differing}),
        has_draws=bool(drawn),
        parameter_factor=_named({by for by, _values in parameters}),
        past_factor=_named(_decide_the_past(study) & differing),
        shown={
            stage.id: f"{stage.id} when {stage.when.by}"
            for stage in study.stages
            if isinstance(stage, ConditionalStage) and stage.when and stage.when.by in differing
        },
        places=_steps(study, one, other)
        | {
            each.at: f"factors.{name}.differs at {each.at}: {each.note}"
            for name in sorted(differing)
            for each in study.factors[name].differs
        },
    )


def _steps(study: StudyFile, one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Steps of games that only one of the conditions has, or at which it asks something else: by their parameters."""
    found: dict[str, str] = {}
    for stage in study.stages:
        decided = varied(stage.parameters) if isinstance(stage, GameStage) else {}
        factors = sorted({each.by for each in decided.values() if one.get(each.by) != other.get(each.by)})
        if isinstance(stage, GameStage) and factors:
            first, second = (_asked(stage, levels) for levels in (one, other))
            for name in first:
                if first[name] != second[name]:
                    found[f"{stage.id}/{name}"] = f"parameters by {', '.join(factors)}"
    return found


def _asked(stage: GameStage, levels: Mapping[str, str]) -> dict[str, object]:
    """What each role can be asked at each step, and what makes it a belief; None for a step that never comes."""
    played, numbers = experiment(stage.experiment), parameters_of(stage, levels)
    found: dict[str, object] = {}
    for step in leaves(played.steps):
        asking = [(role, step) for role in played.roles if isinstance(step, Decision)]
        fields = [(role, plain(one)) for role, decision in asking for one in may_ask(decision, role, numbers)]
        marks = [(role, field.name, field.belief and field.belief.under(numbers)) for role, field in fields]
        shown = _terms(step, numbers) if isinstance(step, Talk) else marks
        found[step.name] = shown if may_come(step, numbers) else None
    return found


def _terms(talk: Talk, numbers: Parameters) -> list[object]:
    """What a talk's page shows by its parameters, numbers apart: these are covered by themselves."""
    terms = [talk.min_active_seconds, talk.min_turns]
    said = [word(numbers, talk.contacts, CONTACTS)]
    if isinstance(talk.channel, Chat):
        terms += [talk.channel.min_chars]
        said += [word(numbers, talk.channel.pastes, PASTES), word(numbers, talk.channel.typing, TYPING)]
    return [*(numbers.number(one) > 0 for one in terms), *said]


def _decide_the_past(study: StudyFile) -> set[str]:
    """The factors that decide whether people may read earlier conversations."""
    seen = [partner.past_transcript_visible for partner in study.partners.values()]
    return {one.by for one in seen if isinstance(one, VisibleByLevel)}


def _labels(partners: Sequence[Label], levels: Mapping[str, str]) -> frozenset[str]:
    """What some partners may be called under some levels."""
    return frozenset(word for label in partners for word in label.under(levels.get(label.by or "")))


def _parameters(study: StudyFile, differing: set[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Factor and value by level, of each parameter of a game that is given by one of the factors."""
    for stage in study.stages:
        for value in stage.parameters.values() if isinstance(stage, GameStage) else ():
            if isinstance(value, Mapping) and value.get("by") in differing and isinstance(value.get("values"), Mapping):
                yield value["by"], value["values"]


def _words(parameters: Sequence[tuple[str, Mapping[str, Any]]], levels: Mapping[str, str]) -> frozenset[str]:
    found = (values.get(levels[by]) for by, values in parameters)
    return frozenset(value for value in found if isinstance(value, str) and value)


def _named(factors: set[str]) -> str:
    return ", ".join(sorted(factors))


def _are_of_its_text(found: Pieces) -> bool:
    """Whether all this is the page's own heading or text, or which of the offered answers is ticked."""
    return all(piece.is_in("prose", "h1") or is_answer(str(piece)) for piece in found)


def is_answer(text: str) -> bool:
    """Whether a piece is one of the offered answers."""
    return text.startswith("[field] input type=radio")


def without_labels(found: Pieces, labels: frozenset[str]) -> list[str]:
    """What is left of a stretch once the declared labels are taken out.

    A row of names that is shown for its labels alone goes with them, if nothing but letters and labels stands in it.
    """
    called = {label for label in labels if label}
    if not labels:
        return [f"{piece.kind} {piece.text}" for piece in found]
    row = [piece for piece in found if piece.is_in("present")]
    is_row = all(_is_of_the_row(piece, called) for piece in row)
    rest = [piece for piece in found if not (is_row and piece in row) and not _is_a_label(piece, called)]
    return [f"{piece.kind} {_unlabelled(piece, called, has_empty='' in labels)}" for piece in rest]


def _is_of_the_row(piece: Piece, called: set[str]) -> bool:
    if piece.kind != "words":
        return piece.kind == "element"
    return piece.is_in("letter", "own") or piece.text in called


def _is_a_label(piece: Piece, called: set[str]) -> bool:
    if piece.kind == "element":
        return piece.text == LABEL
    return piece.text in called and piece.within[-1:] == (LABEL,)


def _unlabelled(piece: Piece, called: set[str], *, has_empty: bool) -> str:
    """The words of a piece without " (Person)"; a cell that holds a label alone is empty."""
    text = piece.text
    if piece.is_in("td") and (text in called or (has_empty and text == _(UNNAMED))):
        return ""
    for label in sorted(called, key=len, reverse=True):
        text = text.replace(f" ({label})", "")
    return text


def _masked(texts: Sequence[str], values: frozenset[str]) -> list[str]:
    """Texts without their numbers, and without the words that a parameter has: what follows from it differs in both."""
    found = []
    for text in texts:
        for value in sorted(values, key=len, reverse=True):
            text = text.replace(value, "…")  # noqa: PLW2901
        found.append(NUMBER.sub("#", text))
    return found
