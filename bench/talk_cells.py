"""Which conversations are measured in which size: alone, at growing rates, and while others page through a game."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bench import talk_figures
from bench.driver import Crowd, drive, on_loop
from bench.figures import Figures
from bench.machine import Meter, Snapshot, calib_ms, calm_down
from bench.plan import Say, Side
from bench.talk import Company, Talk, Talker
from bench.talk_figures import Stored

PAGES_FIRST_SECONDS = 3.0  # the others are under way when the conversations begin


class TalkingSide(Side, Protocol):
    """One of those that are compared, with conversations."""

    def prepare_talk(self, pairs: int) -> None:
        """Make room for so many conversations."""

    def talker(self, company: Company) -> Talker:
        """One more person who talks."""

    def stored(self) -> Stored:
        """Every message in the table, by conversation, in its order."""


@dataclass(frozen=True)
class TalkPlan:
    """A size.

    Attributes:
        alone: The conversations that are held with nobody else there.
        rates: Messages a second that the same people then try, one after the other, each for `rate_seconds`.
        beside: The conversations that are held while a crowd plays.
        crowd: Who plays meanwhile.
    """

    name: str
    alone: Talk
    rates: Sequence[float]
    rate_seconds: float
    beside: Talk
    crowd: Crowd
    repetitions: int


_CROWD = Crowd(at_once=100, total=100_000)
# Three hundred people may send 600 messages a second between them: each at most 20 within 10 s (platform/flow/pace.py).
QUICK = TalkPlan("quick", Talk(150, 150, 20), (200, 300, 400, 450, 500), 8, Talk(50, 50, 15), _CROWD, repetitions=1)
FULL = TalkPlan("full", Talk(150, 150, 60), (200, 300, 400, 450, 500, 550), 15, Talk(50, 50, 40), _CROWD, repetitions=3)
SMOKE = TalkPlan("smoke", Talk(3, 6, 3), (12,), 2, Talk(2, 4, 3), replace(_CROWD, at_once=4), repetitions=1)
SIZES = {one.name: one for one in (QUICK, FULL, SMOKE)}


def run(plan: TalkPlan, sides: Sequence[TalkingSide], say: Say) -> Figures:
    """Measure everything; the result holds each cell as it was, medians, and the highest rate that each side bore."""
    cells: list[Figures] = []
    for repetition in range(plan.repetitions):
        for side in sides if repetition % 2 == 0 else reversed(sides):
            for one in _of_side(plan, side, sides):
                cells.append(one)
                say(talk_figures.one_line(one))
    by_side = {side.name: [one for one in cells if one["side"] == side.name and not one["people"]] for side in sides}
    return {
        "size": plan.name,
        "medians": [talk_figures.medians(repeated) for repeated in _repeated(cells)],
        "knee": {name: talk_figures.knee(found) for name, found in by_side.items()},
        "cells": cells,
    }


def _repeated(cells: Sequence[Figures]) -> Iterator[list[Figures]]:
    grouped: dict[tuple[str, str], list[Figures]] = {}
    for one in cells:
        grouped.setdefault((one["cell"], one["side"]), []).append(one)
    yield from grouped.values()


def _of_side(plan: TalkPlan, side: TalkingSide, sides: Sequence[Side]) -> Iterator[Figures]:
    """The cells of one side: the same people talk alone, then faster and faster; then others, while a crowd plays."""
    faster = [Talk(plan.alone.pairs, rate, plan.rate_seconds) for rate in plan.rates]
    yield from _measured(side, [plan.alone, *faster], sides, crowd=None)
    yield from _measured(side, [plan.beside], sides, crowd=plan.crowd)


def _measured(side: TalkingSide, talks: Sequence[Talk], sides: Sequence[Side], *, crowd: Crowd | None) -> list[Figures]:
    side.prepare_talk(talks[0].pairs)
    if crowd is not None:
        side.prepare(crowd.at_once * 10)
    calm_down(lambda: [one for each in sides for pid in each.pids().values() for one in Snapshot().tree(pid)])
    return on_loop(_held(side, talks, crowd))


async def _held(side: TalkingSide, talks: Sequence[Talk], crowd: Crowd | None) -> list[Figures]:
    company, found = Company(), []
    await company.gather(side.talker, talks[0].pairs)
    try:
        for talk in talks:
            found.append(await _one(side, company, talk, crowd))
            if found[-1]["to_partner_ms_p99"] > talk_figures.KNEE_MS or found[-1]["errors"]:
                break  # a higher rate would be borne no better
    finally:
        await company.close()
    return found


async def _one(side: TalkingSide, company: Company, talk: Talk, crowd: Crowd | None) -> Figures:
    calibration = calib_ms()
    with Meter(side.pids, weighs=False) as meter:
        playing = asyncio.create_task(_others(side, talk, crowd)) if crowd else None
        if playing:
            await asyncio.sleep(PAGES_FIRST_SECONDS)
        tape, seconds = await company.talk(talk)
        pages_per_s = await playing if playing else 0.0
    one = talk_figures.cell(talk, tape, seconds, side.stored(), meter)
    name = f"{talk.name}, {crowd.at_once} people at pages" if crowd else talk.name
    return {
        "side": side.name,
        **one,
        "cell": name,
        "people": crowd.at_once if crowd else 0,
        "planned_per_s": talk.per_second,
        "others_pages_per_s": pages_per_s,
        "calib_ms": round(calibration, 1),
    }


async def _others(side: TalkingSide, talk: Talk, crowd: Crowd) -> float:
    """A crowd plays for as long as the conversations last; pages a second."""
    limited, began = replace(crowd, limit_seconds=PAGES_FIRST_SECONDS + talk.seconds), time.monotonic()
    tape, _ = await drive(limited, side.visit)
    return round(len(tape.pages_ms) / (time.monotonic() - began), 1)
