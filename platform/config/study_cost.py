"""`manage.py study cost`: what language models will cost, before anybody is let in, and what they cost in a dry run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from django.core.management.base import CommandError

from bots.forecast import (
    CASES,
    MOST_TOKENS_OUT,
    Forecast,
    Use,
    forecast,
    frozen_prompts,
    participants_wanted,
    prompt_files,
)
from bots.spent import Measured, measured_cost
from studies import definition, queries
from studies.asked_models import asked_models
from studies.check import check_folder
from studies.masking.standing import is_masked
from studies.models import Study
from studies.problems import StudyError, errors
from studies.schema import StudyFile
from studies.schema_budget import Price
from studies.sources import FolderSource, SourceError

EXPECTED = 1
NO_PRICE = "not known"


class Teller(Protocol):
    """The command that a verb belongs to."""

    stdout: Any

    def tell(self, problem: Any) -> None:
        """Print one problem."""

    def say(self, text: str) -> None:
        """Print one line of good news."""


def cost_verb(command: Teller, options: dict[str, Any]) -> None:
    """Print the forecast of a folder or of a study's newest version, and of a study what was measured."""
    study: Study | None = None
    if Path(options["what"]).exists():
        said, texts = _of_folder(command, Path(options["what"]))
    else:
        study = queries.study_named(options["what"])
        version = queries.version_of(study, None)
        said, texts = definition.definition(version), frozen_prompts(version)
    people = options["participants"] or participants_wanted(said)
    if not asked_models(said):
        command.say(f"{said.id} asks no language model: nothing to pay for")
        return
    found = forecast(said, texts, people)
    is_held = study is not None and is_masked(study)
    measured = measured_cost(study, said) if study is not None and not is_held else None
    for line in lines_of(said, found, measured, is_held=is_held):
        command.stdout.write(line)
    low, expected, high = (found.usd(case) for case in range(len(CASES)))
    more = f", without {', '.join(found.unpriced)}, whose price nobody knows" if found.unpriced else ""
    command.say(f"expected {_usd(expected)} USD for {found.who}, from {_usd(low)} to {_usd(high)}{more}")


def _of_folder(command: Teller, folder: Path) -> tuple[StudyFile, Mapping[str, str]]:
    checked = check_folder(folder)
    for problem in errors(checked.problems):
        command.tell(problem)
    if checked.study is None:
        raise StudyError("invalid", "a study with errors has no forecast: mend them first")
    source = FolderSource(folder.parent if folder.is_file() else folder)
    return checked.study, {file: checked.files.get(file) or _read(source, file) for file in prompt_files(checked.study)}


def _read(source: FolderSource, file: str) -> str:
    try:
        return source.read(file)
    except SourceError as error:
        raise CommandError(f"{file}: {error.what}") from error


def lines_of(said: StudyFile, found: Forecast, measured: Measured | None, *, is_held: bool = False) -> Iterator[str]:
    """The forecast as it is printed: a row for each use of a model, the limits, and what is assumed.

    Args:
        is_held: While conditions are masked: what was played, read after each group, would tell whom it had met.
    """
    yield f"{said.id}: language models for {found.who}"
    uses = [(one.stage, one.partner, one.line, one.levels) for one in found.uses]
    widths = [max(map(len, column)) for column in zip(("stage", "partner", "for", "levels"), *uses, strict=True)]
    names = "".join(f"{case.name:>12}" for case in CASES)
    yield f"{_named(('stage', 'partner', 'for', 'levels'), widths)}{'calls':>9}{'tokens':>12}  USD:{names}"
    for named, use in zip(uses, found.uses, strict=True):
        yield f"{_named(named, widths)}{_numbers(use)}"
    totals = "".join(f"{_usd(found.usd(case)):>12}" for case in range(len(CASES)))
    calls = sum(one.usages[EXPECTED].calls for one in found.uses)
    yield f"{_named(('all', '', '', ''), widths)}{calls:9.0f}{found.tokens(EXPECTED):12.0f}      {totals}"
    if found.participants:
        each = "".join(f"{_usd(found.usd(case) / found.participants):>12}" for case in range(len(CASES)))
        yield f"{_named(('a person', '', '', ''), widths)}{'':21}      {each}"
    yield ""
    yield from _limits(said, found)
    yield ""
    yield from _assumed(said, found)
    yield ""
    if is_held:
        yield "What it has cost is held back while conditions are masked (docs/masking.md)."
        return
    yield from _dry_run(found, measured)


def _named(words: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"{word:{width}}  " for word, width in zip(words, widths, strict=True))


def _numbers(use: Use) -> str:
    used = use.usages[EXPECTED]
    costs = [use.usd(case) for case in range(len(CASES))]
    shown = "".join(f"{NO_PRICE if one is None else _usd(one):>12}" for one in costs)
    return f"{used.calls:9.0f}{used.tokens_in + used.tokens_out:12.0f}      {shown}"


def _limits(said: StudyFile, found: Forecast) -> Iterator[str]:
    """What each limit of the file means beside the forecast."""
    for one in asked_models(said):
        if one.model.daily_cost_usd:
            own = [use for use in found.uses if (use.model, use.line) == (one.model.name, one.line)]
            costs = {
                case.name: sum((use.usd(at) or Decimal(0) for use in own), Decimal(0)) for at, case in enumerate(CASES)
            }
            days = ", ".join(f"{name} {cost / one.model.daily_cost_usd:.1f}" for name, cost in costs.items())
            name = f"{'.'.join(map(str, one.path))}.daily_cost_usd"
            yield f"{name} {one.model.daily_cost_usd}: days of this limit that all of it uses up: {days}"
    people = max(found.participants, 1)
    for name, cap in (said.budget.caps if said.budget else {}).items():
        number = {"study": 1, "person": people}.get(name)
        if number is None:
            yield f"budget.{name}: {_cap(cap.hard_usd, cap.hard_tokens)}"
            continue
        needed = {case.name: (found.usd(at) / number, found.tokens(at) / number) for at, case in enumerate(CASES)}
        passed = [case for case, one in needed.items() if _passes(cap.hard_usd, cap.hard_tokens, one)]
        verdict = f"passed in: {', '.join(passed)}" if passed else "enough in every case"
        yield f"budget.{name}: {_cap(cap.hard_usd, cap.hard_tokens)}: {verdict}"
    if found.usd(len(CASES) - 1) and found.participants and not (said.budget and said.budget.bounds_people):
        yield "budget.person: not set: one person who writes on and on can use up these limits for everybody"
    yield "Before a call the most that it can cost is set aside, about four times what English needs (docs/models.md)."


def _passes(usd: Decimal | None, tokens: int | None, needed: tuple[Decimal, float]) -> bool:
    return (usd is not None and needed[0] > usd) or (tokens is not None and needed[1] > tokens)


def _cap(usd: Decimal | None, tokens: int | None) -> str:
    parts = [f"{usd} USD" if usd is not None else "", f"{tokens} tokens" if tokens is not None else ""]
    return " and ".join(part for part in parts if part) or "no hard limit"


def _assumed(said: StudyFile, found: Forecast) -> Iterator[str]:
    """Every assumption, with its three values. All are ours."""
    yield "Assumed (low, expected, high); none of it is known before people write:"

    def of(name: str, unit: str = "") -> str:
        return ", ".join(f"{getattr(case, name):g}{unit}" for case in CASES)

    yield f"  characters to a token: {of('chars_per_token')}"
    yield f"  share of the longest time that a conversation takes, never less than its shortest: {of('share_of_time')}"
    yield f"  seconds for what a person writes and what is answered: {of('seconds_per_exchange')}"
    yield f"  characters of a person's message: {of('person_chars')}"
    replies = ", ".join(
        "max_tokens" if each.reply_tokens == MOST_TOKENS_OUT else f"{each.reply_tokens}" for each in CASES
    )
    yield f"  tokens of a reply: {replies}"
    yield f"  characters of the page that a seat sees, beside the conversation: {of('page_chars')}"
    yield f"  how often a reply is asked for, further attempts included: {of('asked')}"
    yield f"  share of the most turns of a loop: {of('share_of_loop')}"
    yield f"  share of the interruptions to which a reply may give way (if_interrupted): {of('given_up')}"
    yield "  no model fails: what `on_failure` asks anew, or of another model, comes on top"
    if said.sentinels is not None:
        yield f"  without sentinels: each model is asked them {said.sentinels.per_day} times a day while people come"
    yield "  everybody comes to the end; levels of a factor come equally often; steps that may come do"
    yield "  low and high each take all of their extremes at once"
    if said.sample.unit == "group" and found.participants:
        yield f"  people: those who fill {said.sample.target} groups, unless --participants says otherwise"
    yield "Prices: of the study file, or of the list that comes with Rapport; without taxes and discounts."
    for name, price in sorted({one.model: one.price for one in found.uses}.items()):
        yield f"  {name}: {_price(price)}"


def _price(price: Price | None) -> str:
    if price is None:
        return NO_PRICE
    return f"{price.input:f} USD for a million tokens that it reads, {price.output:f} for a million that it writes"


def _dry_run(found: Forecast, measured: Measured | None) -> Iterator[str]:
    if measured is None:
        yield "No dry run to compare with: nobody has played it here with a model that has a price."
        return
    groups = measured.groups_for(found.participants) if found.participants else found.groups
    each = measured.usd / measured.groups
    played = f"{measured.groups} groups, {measured.calls} calls, {measured.tokens} tokens"
    yield f"Dry run: {played}, {_usd(measured.usd)} USD"
    many = f"{found.participants} people ({groups} groups)" if found.participants else found.who
    yield f"  {_usd(each)} USD a group; for {many}: {_usd(each * groups)} USD"
    yield f"  of which assumed, because nobody knows whether it was billed: {_usd(measured.assumed)} USD"


def _usd(amount: Decimal) -> str:
    """An amount to the cent, or with more decimals where it is less than a tenth of a dollar."""
    return f"{amount:.2f}" if amount >= Decimal("0.1") or not amount else f"{amount:.4f}"
