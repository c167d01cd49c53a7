"""`manage.py study run`: groups without people, with a bar while they play and a table when they have."""

from __future__ import annotations

import argparse
import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from decimal import Decimal, InvalidOperation
from types import FrameType
from typing import Any, Protocol

from django.core.management.base import CommandError, CommandParser

from bots.batches import queries as batches
from bots.batches.rules import Budget, Line, Order, Progress
from bots.models import Batch
from bots.run import AT_ONCE, run_order
from config.study_models import warnings_of_models
from config.study_recording import play_again
from studies import queries
from studies.definition import definition
from studies.masking.standing import is_masked

LOGGED = 2  # the verbosity from which on each turn and call is logged on the terminal
WIDTH = 20  # of the bar, in characters
LINE_SECONDS = 0.2  # between two pictures of the line on a terminal
LOG_SECONDS = 15.0  # between two lines where nobody watches
HEAD = ("condition", "complete", "ended", "under way", "turns", "failed", "calls", "USD", "minutes")


class Teller(Protocol):
    """The command that the verb belongs to."""

    stdout: Any
    style: Any

    def say(self, text: str) -> None:
        """Print one line of good news."""


def declare_run(verb: Callable[..., CommandParser]) -> None:
    """What `study run` may be told."""
    made = verb("run", "play groups without people, as fast as their seats decide", "study")
    made.add_argument("--groups", type=_at_least_one, metavar="N", help="how many")
    text = "levels that each of them has, label=hidden or hidden; without, conditions are given out in balance"
    made.add_argument("--condition", default="", metavar="C", help=text)
    text = "most attempts to ask a language model, of all these groups together"
    made.add_argument("--max-calls", type=_at_least_one, metavar="N", help=text)
    text = "what they may cost together, as far as prices are known"
    made.add_argument("--max-cost", type=_amount, metavar="USD", help=text)
    text = "most groups under way together (default: %(default)s)"
    made.add_argument("--at-once", type=_at_least_one, default=AT_ONCE, metavar="N", help=text)
    text = "leave the turns to the workers of queue bots that are running; only begin groups and watch"
    made.add_argument("--workers", action="store_true", help=text)
    text = "play the groups of this recording again, without asking any model; --groups N for the first N of them"
    made.add_argument("--recorded", metavar="FILE", help=text)


def run_verb(command: Teller, options: dict[str, Any]) -> None:
    """Play the groups; interrupted, it goes on where it stopped when it is called again in the same words."""
    with _hushed() if options["verbosity"] < LOGGED else nullcontext():
        _run(command, options)


@contextmanager
def _hushed() -> Iterator[None]:
    """Without the two lines that are logged of each turn, in which the bar would drown."""
    ours = logging.getLogger("rapport")
    before = ours.level
    ours.setLevel(max(before, logging.WARNING))
    try:
        yield
    finally:
        ours.setLevel(before)


def _run(command: Teller, options: dict[str, Any]) -> None:
    if options["recorded"]:
        play_again(command, options)
        return
    if options["groups"] is None:
        raise CommandError("say how many groups: --groups N")
    version = queries.version_of(queries.study_named(options["study"]), None)
    for text in warnings_of_models(definition(version)):
        command.stdout.write(command.style.WARNING(text))
    budget = Budget(options["max_calls"], options["max_cost"])
    bar = _Bar(command, is_watched=command.stdout.isatty())
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)  # a second one ends at once; what was in hand is taken anew

    before = signal.signal(signal.SIGINT, end)
    try:
        done = run_order(
            version, Order(options["groups"], options["condition"], budget), bar.show,
            by_workers=options["workers"], at_once=options["at_once"], stop=stop,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)
        bar.close()
    batch = Batch.objects.get(version=version, number=done.batch)
    lines = batches.lines_of(batch)
    for row in table(lines[-1:] if is_masked(version.study) else lines):
        command.stdout.write(row)
    _tell_of_failures(command, batch)
    command.say(f"{done.complete} groups complete, {done.ended} ended early")


def _tell_of_failures(command: Teller, batch: Batch) -> None:
    """A group may be complete in which no model has ever answered: so it is said."""
    found = sum(batches.failures(batch).values(), Counter[str]())
    if found:
        reasons = ", ".join(f"{reason} {count}" for reason, count in found.most_common())
        text = (
            f"{found.total()} turns failed ({reasons}): nothing usable came, and what followed is what the study file "
            "says of that (on_failure, on_timeout). The dataset has each in failed_turns.csv and calls.csv."
        )
        command.stdout.write(command.style.WARNING(text))


def table(lines: Sequence[Line]) -> Iterable[str]:
    """What came of a batch, a row for each condition, in columns."""
    rows = [HEAD, *map(_row, lines)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
    for row in rows:
        first, *numbers = (cell.ljust(width) if not at else cell.rjust(width)
                           for at, (cell, width) in enumerate(zip(row, widths, strict=True)))  # fmt: skip
        yield "  ".join([first, *numbers])


def _row(line: Line) -> tuple[str, ...]:
    counts = (line.complete, line.ended, line.under_way, line.turns, line.failed, line.calls)
    return (line.condition or "-", *map(str, counts), f"{line.cost_usd:.4f}", f"{line.minutes:.1f}")


class _Bar:
    """The one line that tells how far it is; a new one now and then where nobody watches."""

    def __init__(self, command: Teller, *, is_watched: bool) -> None:
        self._command, self._is_watched = command, is_watched
        self._began, self._next = time.monotonic(), 0.0
        self._last: Progress | None = None

    def show(self, progress: Progress) -> None:
        """Draw, unless it was drawn a moment ago."""
        if self._last is None and progress.is_resumed:
            text = f"batch {progress.batch} goes on: {progress.finished} of {progress.wanted} groups are over"
            self._command.stdout.write(text)
        self._last = progress
        now = time.monotonic()
        if now >= self._next:
            self._next = now + (LINE_SECONDS if self._is_watched else LOG_SECONDS)
            self._draw(progress)

    def close(self) -> None:
        """Draw the end, once, and leave the line."""
        if self._last is not None:
            self._draw(self._last)
            self._write("\n" if self._is_watched else "")
            self._last = None

    def _draw(self, at: Progress) -> None:
        full = WIDTH * at.finished // at.wanted
        failed = f" ({at.failed} failed)" if at.failed else ""
        told = (
            f"[{'#' * full}{'.' * (WIDTH - full)}] {at.finished} of {at.wanted} groups, {at.turns} turns{failed}, "
            f"{at.calls} calls of models, {at.cost_usd:.2f} USD, {time.monotonic() - self._began:.0f} s"
        )
        self._write(f"\r{told}" if self._is_watched else f"{told}\n")

    def _write(self, text: str) -> None:
        self._command.stdout.write(text, ending="")
        self._command.stdout.flush()


def _at_least_one(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return number


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0 or amount != round(amount, 4):
        raise argparse.ArgumentTypeError(f"{text!r} is no amount in USD, such as 2.50")
    return amount
