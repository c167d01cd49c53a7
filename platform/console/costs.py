"""What a study's language models cost: its limits, each day, and how much is left; and what the file foretells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bots import forecast
from bots.spent import OF_SOMEBODY, TOLD_HARD, TOLD_SOFT, Day, Standing, days_of, standings_of
from participants.models import Participant
from scheduling.models import Session
from studies import definition
from studies.asked_models import asked_models
from studies.models import Study, Version
from studies.schema import StudyFile

MOST_DAYS, MOST_LIMITS = 60, 40
WIDTH, HEIGHT, LEFT, TOP = 640, 180, 8, 14
LINES = ("reply", "safety", "memory", "sentinel")


@dataclass(frozen=True)
class Bar:
    """One day of the drawing: what was spent on each line, from the bottom up."""

    day: date
    parts: Sequence[tuple[str, float, float]]  # line, top and height
    x: float
    width: float
    usd: Decimal


@dataclass(frozen=True)
class Drawing:
    """The burn-down: a bar for each day, and, where the study has a limit in money, what was left of it after each.

    `left` are the points of a line, as SVG wants them; "" without such a limit.
    """

    bars: Sequence[Bar]
    top_usd: Decimal
    left: str
    limit: Decimal | None
    width: int = WIDTH + 2 * LEFT
    height: int = HEIGHT + 2 * TOP
    floor: int = HEIGHT + TOP

    @property
    def lines(self) -> Sequence[str]:
        """What the bars are made of, from the bottom up."""
        there = {line for bar in self.bars for line, _, _ in bar.parts}
        return [line for line in LINES if line in there]


@dataclass(frozen=True)
class Foretold:
    """What the study file foretells for its whole sample."""

    who: str
    low: Decimal
    expected: Decimal
    high: Decimal
    unpriced: Sequence[str]


@dataclass(frozen=True)
class Costs:
    """The page. While conditions are masked only `states` are told: longer talks cost more, and who meets nobody
    nothing."""

    asks: bool
    spent: Decimal
    assumed: Decimal
    reserved: Decimal
    limits: Sequence[tuple[Standing, str]]
    states: Sequence[tuple[str, str]]
    days: Sequence[Day]
    drawing: Drawing | None
    foretold: Foretold | None


def costs_of(study: Study, *, is_masked: bool = False) -> Costs:
    """Read everything that the page shows."""
    newest = study.versions.order_by("-number").first()
    said = definition.definition(newest) if newest else None
    found = standings_of(study, most=MOST_LIMITS)
    days = [] if is_masked else days_of(study)
    return Costs(
        asks=said is not None and bool(asked_models(said)),
        spent=sum((day.usd for day in days), Decimal(0)),
        assumed=sum((day.assumed for day in days), Decimal(0)),
        reserved=sum((day.reserved for day in days), Decimal(0)),
        limits=[] if is_masked else list(_named(found)),
        states=list(_told(found, said)) if said else [],
        days=days[::-1][: MOST_DAYS * len(LINES)],
        drawing=_drawn(days, said) if days else None,
        foretold=_foretold(newest, said) if newest and said and asked_models(said) else None,
    )


def _told(found: Sequence[Standing], said: StudyFile) -> Iterator[tuple[str, str]]:
    """Each limit of the file with what was last said of it, as the board says it; of people's none.

    All that the file has, spent or not: a row that is there only once a model was asked would tell whom the first
    group of the day has met. Of one name the worst: each model has its own, and a condition may decide the model.
    """
    names = ["model"] if asked_models(said) else []
    names += [name for name in (said.budget.caps if said.budget else {}) if name not in {*OF_SOMEBODY, "call"}]
    for name in names:
        states = {one.state for one in found if one.name == name}
        yield name, next((state for state in (TOLD_HARD, TOLD_SOFT) if state in states), "")


def _named(found: Sequence[Standing]) -> Iterator[tuple[Standing, str]]:
    """Each limit with the code of whose it is; "" where it is everybody's."""
    keys = {kind: [one.number for one in found if one.name == kind] for kind in OF_SOMEBODY}
    people = dict(Participant.objects.filter(pk__in=keys["person"]).values_list("pk", "code"))
    visits = dict(Session.objects.filter(pk__in=keys["session"]).values_list("pk", "participant__code"))
    for one in found:
        codes = {"person": people, "session": visits}.get(one.name, {})
        yield one, codes.get(one.number, "")


def _foretold(version: Version, said: StudyFile) -> Foretold:
    people = forecast.participants_wanted(said)
    found = forecast.forecast(said, forecast.frozen_prompts(version), people)
    return Foretold(found.who, found.usd(0), found.usd(1), found.usd(2), found.unpriced)


def _drawn(days: Sequence[Day], said: StudyFile | None) -> Drawing:
    """The newest days, one beside the other, days without calls among them."""
    last = days[-1].day
    first = max(days[0].day, last - timedelta(days=MOST_DAYS - 1))
    shown = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    by_day = {day: [one for one in days if one.day == day] for day in shown}
    top = max([sum((one.usd for one in found), Decimal(0)) for found in by_day.values()] + [Decimal("0.000001")])
    width = WIDTH / len(shown)
    bars = [_bar(day, by_day[day], LEFT + width * at, width, top) for at, day in enumerate(shown)]
    cap = said.budget.study if said is not None and said.budget is not None else None
    limit = cap.hard_usd if cap is not None else None
    before = sum((one.usd for one in days if one.day < first), Decimal(0))
    return Drawing(bars, top, _left(bars, before, limit) if limit else "", limit)


def _bar(day: date, found: Sequence[Day], x: float, width: float, top: Decimal) -> Bar:
    parts, floor = [], float(HEIGHT + TOP)
    for line in LINES:
        usd = sum((one.usd for one in found if one.line == line), Decimal(0))
        height = float(usd / top) * HEIGHT
        if height:
            floor -= height
            parts.append((line, round(floor, 2), round(height, 2)))
    total = sum((one.usd for one in found), Decimal(0))
    return Bar(day, parts, round(x + width * 0.1, 2), round(width * 0.8, 2), total)


def _left(bars: Sequence[Bar], spent: Decimal, limit: Decimal) -> str:
    points = []
    for bar in bars:
        spent += bar.usd
        share = max(float(1 - spent / limit), 0.0)
        points.append(f"{bar.x + bar.width / 2:.2f},{TOP + HEIGHT * (1 - share):.2f}")
    return " ".join(points)
