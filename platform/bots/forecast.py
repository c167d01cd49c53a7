"""What a study's language models will cost, from its file alone: low, expected and high, with what is assumed. Pure.

Nobody knows beforehand how much people write. So each number has three cases, and each case says what it takes for
granted; a dry run with the real model (`measured_cost`) is better than any of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from statistics import mean
from typing import Any

from bots.delivery import KEEP
from bots.guard import LAST_MESSAGES
from bots.prompts import ASKED_IF_AI, FORM, MOST_EARLIER_CHARS, MOST_LINES, MOST_LINES_CHARS, RECALL, SECRECY
from paradigm import Decision, Parameters, Repeat, Talk
from paradigm.program import decides, may_come
from paradigm.steps import Step
from studies import definition
from studies.asked_models import MEMORY, REPLY, SAFETY
from studies.models import Version
from studies.prices import A_MILLION, FREE, listed
from studies.schema import StudyFile
from studies.schema_budget import Price
from studies.schema_memory import (
    FactsMemory,
    FullMemory,
    NoMemory,
    NotesByModel,
    SummaryMemory,
    WindowMemory,
    rules_of,
    writer_of,
    writers_of,
)
from studies.schema_models import LanguageModel
from studies.schema_partners import GroupPlan, ModelPartner
from studies.schema_sampled import shares_of
from studies.schema_stages import GameStage

RULES_CHARS = max(map(len, ASKED_IF_AI.values())) + len(RECALL) + len(SECRECY) + len(FORM)
FIELDS_CHARS = 300
CHARS_PER_FACT, CHARS_OF_NOTES_PER_TALK = 80, 400
JSON_TOKENS, VERDICT_TOKENS = 12, 8
MOST_TOKENS_OUT = 10**9
SCRIPTED = "scripted/"  # the provider that answers in this installation, and costs nothing


@dataclass(frozen=True)
class Case:
    """What is taken for granted in one of three cases. All of it is ours, and no paper's.

    Attributes:
        chars_per_token: Of English with today's tokenizers about four; other languages have fewer.
        share_of_time: Of the longest time that a conversation may take, though never less than its shortest.
        seconds_per_exchange: For what a person writes and what is answered.
        person_chars: Of a person's message.
        reply_tokens: Of a reply, as far as the model may write so much.
        page_chars: Of the page and the table that a seat sees, beside the conversation.
        asked: How often a reply is asked for, further attempts included.
        share_of_loop: Of the most turns that a loop may take.
        given_up: Of the most times in a row that a reply may be given up because a person writes on.
    """

    name: str
    chars_per_token: float
    share_of_time: float
    seconds_per_exchange: float
    person_chars: int
    reply_tokens: int
    page_chars: int
    asked: float
    share_of_loop: float
    given_up: float


CASES = (
    Case("low", 5.0, 0.25, 90.0, 60, 30, 300, 1.0, 0.0, 0.0),
    Case("expected", 4.0, 0.5, 60.0, 120, 80, 800, 1.05, 0.5, 0.1),
    Case("high", 3.0, 1.0, 30.0, 300, MOST_TOKENS_OUT, 3000, 2.0, 1.0, 1.0),
)


@dataclass(frozen=True)
class Usage:
    """Calls and tokens; fractions where something is shared between conditions."""

    calls: float = 0.0
    tokens_in: float = 0.0
    tokens_out: float = 0.0

    def plus(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(
            self.calls + other.calls, self.tokens_in + other.tokens_in, self.tokens_out + other.tokens_out
        )  # fmt: skip

    def times(self, number: float) -> Usage:
        """So many of it."""
        return Usage(self.calls * number, self.tokens_in * number, self.tokens_out * number)


@dataclass(frozen=True)
class Use:
    """One model in one use, for everybody in the study: an entry for each of `CASES`.

    Attributes:
        levels: The partner's memory at one level, "memory=kept: facts", and which of its models, "model small"; ""
            where there is but one.
    """

    stage: str
    partner: str
    levels: str
    line: str
    model: str
    price: Price | None
    usages: Sequence[Usage]

    def usd(self, case: int) -> Decimal | None:
        """What it costs in one case; None where no price is known."""
        if self.price is None:
            return None
        used = self.usages[case]
        cost = self.price.input * Decimal(used.tokens_in) + self.price.output * Decimal(used.tokens_out)
        return (cost / A_MILLION).quantize(Decimal("0.000001"))


@dataclass(frozen=True)
class Forecast:
    """What some people will cost; where nobody takes part, what `groups` will."""

    participants: int
    uses: Sequence[Use]
    groups: int = 0

    @property
    def who(self) -> str:
        """For whom it is reckoned."""
        return f"{self.participants} people" if self.participants else f"{self.groups} groups without people"

    def usd(self, case: int) -> Decimal:
        """All that has a price."""
        return sum((one.usd(case) or Decimal(0) for one in self.uses), Decimal(0))

    def tokens(self, case: int) -> float:
        """All tokens, both ways."""
        return sum(one.usages[case].tokens_in + one.usages[case].tokens_out for one in self.uses)

    @property
    def unpriced(self) -> list[str]:
        """Models that nobody knows a price of."""
        return sorted({one.model for one in self.uses if one.price is None})


def forecast(study: StudyFile, texts: Mapping[str, str], participants: int) -> Forecast:
    """What so many people will cost who all come to the end.

    Args:
        texts: The files that the study names, prompts among them.
    """
    return Forecast(participants, list(_uses(study, texts, participants)), study.sample.target)


def prompt_files(study: StudyFile) -> list[str]:
    """The files that stand in prompts."""
    models = [one for one in study.partners.values() if isinstance(one, ModelPartner)]
    found = [file for partner in models for file in partner.persona_files]
    found += [one.prompt for partner in models if partner.memory is not None for one in writers_of(partner.memory)]
    replies = study.safety.replies if study.safety is not None else None
    return [*found, replies.classifier.prompt] if replies is not None and replies.classifier is not None else found


def frozen_prompts(version: Version) -> dict[str, str]:
    """The texts that stand in prompts of a frozen version."""
    return {file: definition.text(version, file) for file in prompt_files(definition.definition(version))}


def participants_wanted(study: StudyFile) -> int:
    """How many people the sample wants; of one that counts groups, those who fill them."""
    if study.sample.unit == "participant":
        return study.sample.target
    people = max((plan.humans for plan in study.groups.values()), default=0)
    return study.sample.target * people


def _uses(study: StudyFile, texts: Mapping[str, str], participants: int) -> Iterator[Use]:
    before: dict[str, int] = {}
    for wave in study.waves:
        for stage in wave.stages:
            if not isinstance(stage, GameStage):
                continue
            plan = study.groups.get(definition.group_of(study, stage.id))
            if plan is None:
                continue
            groups = participants / plan.humans if plan.humans else float(study.sample.target)
            for name in plan.ais if plan.ai else ():
                partner = study.partners.get(name)
                if isinstance(partner, ModelPartner):
                    shares = shares_of(partner.model)
                    for key, model in partner.models.items():
                        which = f"model {key}" if key else ""
                        seen = _Seen(study, texts, stage, plan, partner, model, which, before.get(name, 0), wave.repeat)
                        yield from seen.uses(name, groups * shares[key] / len(plan.ais))
                before[name] = before.get(name, 0) + wave.repeat


@dataclass(frozen=True)
class _Seen:
    """One partner with one of its models at one stage, which comes `repeat` times.

    Attributes:
        which: The model's name in the study file; "" where it has but one.
        met: How many conversations with the partner came before.
    """

    study: StudyFile
    texts: Mapping[str, str]
    stage: GameStage
    plan: GroupPlan
    partner: ModelPartner
    model: LanguageModel
    which: str
    met: int
    repeat: int

    def uses(self, name: str, groups: float) -> Iterator[Use]:
        """What its replies cost, and what screening them does, at each level of its memory."""
        rules: Mapping[str, Any] = rules_of(self.partner.memory) if self.partner.memory is not None else {"": None}
        by = getattr(self.partner.memory, "by", "")
        for level, rule in rules.items():
            memory = f"{by}={level}: {rule.kind}" if level else rule.kind if rule is not None else ""
            levels = ", ".join(part for part in (memory, self.which) if part)
            found = [self._of_group(case, rule).times(groups / len(rules)) for case in CASES]
            yield self._use(name, levels, REPLY, self.model, found)
            writer = writer_of(rule) if rule is not None else None
            if writer is not None:
                taken = [self._noting(case, writer).times(groups / len(rules)) for case in CASES]
                yield self._use(name, levels, MEMORY, writer.model, taken)
            classifier = self._classifier()
            if classifier is not None and any(one.calls for one in found):
                model, prompt = classifier
                screened = [self._screening(case, prompt, model).times(groups / len(rules)) for case in CASES]
                if any(one.calls for one in screened):
                    yield self._use(name, levels, SAFETY, model, screened)

    def _use(self, name: str, levels: str, line: str, model: LanguageModel, found: Sequence[Usage]) -> Use:
        is_free = not model.daily_cost_usd or model.name.startswith(SCRIPTED)
        price = model.price or (FREE if is_free else listed(model.name))
        return Use(self.stage.id, name, levels, line, model.name, price, found)

    def _classifier(self) -> tuple[LanguageModel, str] | None:
        replies = self.study.safety.replies if self.study.safety is not None else None
        if replies is None or replies.classifier is None:
            return None
        return replies.classifier.model, self.texts.get(replies.classifier.prompt, "")

    def _of_group(self, case: Case, rule: Any) -> Usage:
        """One group's replies over all visits: the mean over the values that factors give to its parameters."""
        found = [self._of_visits(case, rule, parameters) for parameters in self._parameters()]
        return _mean(found)

    def _parameters(self) -> list[Parameters]:
        return [parameters for _, parameters in definition.parameters_by_level(self.study, self.stage)]

    def _of_visits(self, case: Case, rule: Any, parameters: Parameters) -> Usage:
        system = mean(len(self.texts.get(file, "")) for file in self.partner.persona_files) + RULES_CHARS
        rounds, total = self._rounds(parameters), Usage()
        for visit in range(self.repeat):
            for role, seats in self.plan.roles.items():
                for step, times in _steps(self._program(), parameters, case):
                    fixed = system + case.page_chars + FIELDS_CHARS
                    one = _of_step(step, role, parameters, case, _Memory(rule, self.met + visit, fixed, self))
                    total = total.plus(one.times(seats.ai * times * rounds))
        return total

    def _rounds(self, parameters: Parameters) -> int:
        return definition.experiment(self.stage.experiment).rounds(parameters, Random("forecast"))  # noqa: S311

    def made(self, case: Case) -> float:
        """How often a reply of a conversation is made for one that is said, where it gives way to who writes on."""
        delivery = self.partner.delivery
        return 1 + case.given_up * (delivery.most_interruptions if delivery.if_interrupted != KEEP else 0)

    def _program(self) -> Sequence[Step]:
        return definition.experiment(self.stage.experiment).steps

    def _noting(self, case: Case, writer: NotesByModel) -> Usage:
        """What takes notes after each conversation: the whole of it, and the notes of before."""
        found, total = [], len(self.texts.get(writer.prompt, "")) + FIELDS_CHARS
        for parameters in self._parameters():
            used = Usage()
            for role, seats in self.plan.roles.items():
                for step, times in _steps(self._program(), parameters, case):
                    if isinstance(step, Talk) and step.includes(role):
                        said = 2 * _replies(step, parameters, case) * _message_chars(case, self.model)
                        before = CHARS_OF_NOTES_PER_TALK * (self.met + self.repeat / 2)
                        out = min(writer.model.max_tokens, case.reply_tokens + JSON_TOKENS)
                        one = Usage(1, (total + said + before) / case.chars_per_token, out).times(case.asked)
                        used = used.plus(one.times(seats.ai * times * self.repeat * self._rounds(parameters)))
            found.append(used)
        return _mean(found)

    def _screening(self, case: Case, prompt: str, model: LanguageModel) -> Usage:
        """What looks at each reply of a conversation: the newest messages, and the reply."""
        found = []
        for parameters in self._parameters():
            replies = 0.0
            for role, seats in self.plan.roles.items():
                for step, times in _steps(self._program(), parameters, case):
                    if isinstance(step, Talk) and step.includes(role):
                        replies += seats.ai * times * self._rounds(parameters) * _replies(step, parameters, case)
            chars = len(prompt) + LAST_MESSAGES * _message_chars(case, self.model) + FIELDS_CHARS
            out = model.max_tokens if case.reply_tokens == MOST_TOKENS_OUT else VERDICT_TOKENS
            found.append(Usage(1, chars / case.chars_per_token, out).times(replies * self.repeat * self.made(case)))
        return _mean(found)


@dataclass(frozen=True)
class _Memory:
    """What one visit's prompts hold beside the conversation, and how it grows with what came before."""

    rule: Any
    talks_before: int
    fixed: float
    seen: _Seen

    def chars(self, here: float, before: float, message: float) -> float:
        """Of a prompt after some messages in this conversation, and some in earlier ones."""
        shown = min(here * message, MOST_LINES_CHARS + MOST_EARLIER_CHARS)
        noted = CHARS_OF_NOTES_PER_TALK * self.talks_before
        match self.rule:
            case None:
                shown = min(min(here, MOST_LINES) * message, MOST_LINES_CHARS)
            case NoMemory():
                shown = min(here, 1) * message
            case WindowMemory(messages=most):
                shown = min(here + before, most) * message
            case SummaryMemory(chars=most):
                shown += min(most, noted)
            case FactsMemory(max_facts=most):
                shown += min(most * CHARS_PER_FACT, noted)
            case FullMemory():
                shown += min(before * message, MOST_EARLIER_CHARS)
        return shown


def _steps(steps: Sequence[Step], parameters: Parameters, case: Case) -> Iterator[tuple[Step, float]]:
    """Every step that may come and at which somebody is asked, with how often."""
    for step in steps:
        if isinstance(step, Repeat):
            times = max(1.0, parameters.number(step.times) * case.share_of_loop)
            yield from ((one, times * inner) for one, inner in _steps(step.steps, parameters, case))
        elif may_come(step, parameters) and not (isinstance(step, Decision) and not decides(step, parameters)):
            yield step, 1.0


def _of_step(step: Step, role: str, parameters: Parameters, case: Case, memory: _Memory) -> Usage:
    """What one seat of a role asks for at a step."""
    model = memory.seen.model
    out = min(model.max_tokens, case.reply_tokens + JSON_TOKENS)
    message = _message_chars(case, model)
    if isinstance(step, Decision) and step.fields_of(role):
        chars = memory.fixed + memory.chars(0, 0, message)
        return Usage(1, chars / case.chars_per_token, out).times(case.asked)
    if not isinstance(step, Talk) or not step.includes(role):
        return Usage()
    replies = _replies(step, parameters, case)
    before = memory.talks_before * replies * 2
    chars = sum(memory.fixed + memory.chars(2 * number, before, message) for number in range(round(replies)))
    asked = case.asked * memory.seen.made(case)
    return Usage(replies, chars / case.chars_per_token, replies * out).times(asked)


def _replies(step: Talk, parameters: Parameters, case: Case) -> float:
    """How often a seat speaks in a conversation: its quota, or one more than it is written to."""
    quota = parameters.number(step.quota)
    if quota:
        return quota
    least, longest = parameters.number(step.min_active_seconds), parameters.number(step.seconds)
    exchanges = max(least, longest * case.share_of_time) / case.seconds_per_exchange
    return round(max(exchanges, parameters.number(step.min_turns), 1)) + 1


def _message_chars(case: Case, model: LanguageModel) -> float:
    """Of a message, the mean of a person's and a reply's."""
    own = min(model.max_tokens, case.reply_tokens) * case.chars_per_token
    return (case.person_chars + own) / 2


def _mean(found: Sequence[Usage]) -> Usage:
    total = Usage()
    for one in found:
        total = total.plus(one)
    return total.times(1 / len(found)) if found else total
