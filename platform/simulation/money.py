"""What people earn in an hour, and what the study costs."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Subquery, Sum

from bots.budgets import root_of_study
from flow.models import Award, Placing
from flow.paid import paid_awards
from llm.models import Call
from simulation.figures import median, quantile
from simulation.population import Pay, Someone, major
from simulation.sections import Cell, Column, Section, counted, few
from studies.models import Study
from studies.schema import Payments
from studies.schema_types import DECIMALS

MINUTES_PER_HOUR = 60
NEVER_SAT = "(never seated)"
MODELS_COST = "USD"


def hourly(people: Sequence[Someone], payments: Payments) -> Section:
    """Pay per hour by role: what is owed over the hours from a visit's start to its end."""
    places = DECIMALS.get(payments.currency, 2)
    counting = [one for one in people if one.has_agreed and _per_hour(one, payments.currency) is not None]
    roles = sorted({role for one in counting for role in one.roles})
    groups: dict[str, list[Someone]] = {"everybody": counting} if counting else {}
    groups |= {role: [one for one in counting if role in one.roles] for role in roles}
    unseated = [one for one in counting if not one.roles]
    groups |= {NEVER_SAT: unseated} if unseated else {}
    floor = payments.minimum_hourly
    columns = [
        Column("role", "role"), Column("people", "people"),
        Column("median_per_hour", f"median, {payments.currency}/h", places),
        Column("p10_per_hour", f"10th percentile, {payments.currency}/h", places),
        Column("below_minimum", f"below {floor} (the study's minimum)"),
    ]  # fmt: skip
    rows = [_role(name, found, payments) for name, found in groups.items()]
    notes = [
        "Pay is base, points and waiting as settled; hours run from a visit's start to its end, waiting included.",
        "Time in which somebody had closed the page counts too: whoever vanishes ends when the study says so.",
        "Who sat in two roles counts in both; who never sat has none.",
        *_floor({name: _p10(found, payments) for name, found in groups.items()}, payments),
        *_left_out(people, payments.currency),
        *few({name: len(found) for name, found in groups.items()}),
    ]
    return Section("hourly", "Pay per hour by role", columns, rows, notes)


def _floor(tenths: Mapping[str, float | None], payments: Payments) -> list[str]:
    """Where one in ten earns less than the study promises: a pay that is drawn may do so though the mean does not."""
    floor = payments.minimum_hourly
    under = [name for name, pay in tenths.items() if pay is not None and Decimal(str(pay)) < floor]
    said = [f"The 10th percentile is below the study's minimum for: {', '.join(under)}."] if under else []
    if payments.points and payments.points.is_drawn:
        said.append(f"Points are paid by {payments.points.pay}: those of the rounds that were drawn.")
    return said


def _p10(people: Sequence[Someone], payments: Payments) -> float | None:
    return quantile([found for one in people if (found := _per_hour(one, payments.currency)) is not None], 0.1)


def _role(name: str, people: Sequence[Someone], payments: Payments) -> Sequence[Cell]:
    earned = [found for one in people if (found := _per_hour(one, payments.currency)) is not None]
    below = sum(Decimal(str(each)) < payments.minimum_hourly for each in earned)
    return [name, len(earned), median(earned), quantile(earned, 0.1), below]


def _per_hour(one: Someone, currency: str) -> float | None:
    if one.pay is None or one.pay.currency != currency or not one.minutes:
        return None
    return one.pay.total * MINUTES_PER_HOUR / one.minutes


def _left_out(people: Sequence[Someone], currency: str) -> list[str]:
    ended = [one for one in people if one.exit]
    agreed = [one for one in ended if one.has_agreed]
    other = sum(_per_hour(one, currency) is None for one in agreed)
    counts: Mapping[str, int] = {
        "did not agree to take part": len(ended) - len(agreed),
        "on the way": len(people) - len(ended),
        f"without pay in {currency} or without time": other,
    }
    said = [f"{counted(number, 'person', 'people')} {why}" for why, number in counts.items() if number]
    return [f"Left out: {'; '.join(said)}."] if said else []


def cost(study: Study, people: Sequence[Someone]) -> Section:
    """What the study costs: pay by its parts, and language models where their price is known."""
    owed = [one.pay for one in people if one.pay is not None]
    calls = Call.objects.filter(scope__startswith=f"{root_of_study(study.pk)}/")
    asked = calls.aggregate(calls=Count("pk"), priced=Count("cost_usd"), usd=Sum("cost_usd"))
    amounts = [one for currency in sorted({pay.currency for pay in owed}) for one in _paid(owed, currency)]
    if asked["priced"]:
        amounts.append(("language models", float(asked["usd"]), MODELS_COST))
    if asked["priced"] and {pay.currency for pay in owed} == {MODELS_COST}:
        both = sum(pay.total for pay in owed) + float(asked["usd"])
        amounts.append(("pay and language models", both, MODELS_COST))
    places = max((DECIMALS.get(currency, 2) for *_, currency in amounts), default=2)
    rows: list[Sequence[Cell]] = [[what, total, total / len(people), currency] for what, total, currency in amounts]
    columns = [
        Column("what", "what"), Column("total", "total", places),
        Column("per_person", "per person who entered", places), Column("currency", "currency"),
    ]  # fmt: skip
    notes = ["Without what a recruiter charges, without taxes. Amounts in two currencies are not added up."]
    going = sum(not one.exit for one in people)
    if going:
        notes.append(f"{counted(going, 'person', 'people')} on the way: nothing reckoned for them yet.")
    return Section("cost", "Cost", columns, rows, [*notes, *_of_beliefs(study), _of_models(asked)])


def _of_beliefs(study: Study) -> list[str]:
    """What was paid for beliefs instead of rounds; it is in the pay for points already."""
    own = Placing.objects.filter(seat=OuterRef("seat"), match=OuterRef("match")).values("points")
    awards = Award.objects.filter(seat__group__version__study=study, seat__participant__isnull=False)
    count = awards.count()
    if not count:
        return []
    found = (
        paid_awards(awards)
        .annotate(own=Subquery(own))
        .aggregate(n=Count("pk"), paid=Sum("points"), replaced=Sum("own"))
    )
    drawn = counted(count, "belief was drawn", "beliefs were drawn")
    but = f", {found['n']} in rounds that are paid" if found["n"] < count else ""
    paid, replaced = found["paid"] or 0, found["replaced"] or 0
    return [f"{drawn}{but}: {paid} points were paid for them in place of {replaced} points of their rounds."]


def _paid(owed: Sequence[Pay], currency: str) -> list[tuple[str, float, str]]:
    """What is paid in one currency, by part and together."""
    mine = [pay for pay in owed if pay.currency == currency]
    parts = {
        "base and fixed amounts": sum(pay.base_minor for pay in mine),
        "points": sum(pay.bonus_minor for pay in mine),
        "waiting": sum(pay.waiting_minor for pay in mine),
        "pay, all": sum(pay.total_minor for pay in mine),
    }
    return [(what, major(minor, currency), currency) for what, minor in parts.items()]


def _of_models(asked: Mapping[str, Any]) -> str:
    if not asked["calls"]:
        return "No language model was asked."
    priced = f"{asked['priced']} of them with a known price, {asked['usd'] or 0:.4f} USD together"
    return f"Language models: {counted(asked['calls'], 'call')}, {priced}. The others are left out."
