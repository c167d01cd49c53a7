"""What language models have cost in a study: by line and day, under each limit, and in each group. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice

from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, TruncDate

from bots import scopes
from bots.budgets import root_of_study
from bots.models import BotTurn
from chat.models import Conversation
from events import clock
from llm.models import Account, Call, Charge
from llm.spending import spelled
from matching.models import Group
from studies.models import Study
from studies.schema import StudyFile

NOTHING = Decimal(0)
AT_ONCE = 2000
TOLD_SOFT, TOLD_HARD = "soft", "hard"
OF_SOMEBODY = frozenset({"person", "session"})
OF_A_DAY = frozenset({"day", "model"})


@dataclass(frozen=True)
class Day:
    """What one line cost on one day (UTC). `assumed` is the part of it that may have been billed or not."""

    day: date
    line: str
    calls: int
    tokens: int
    usd: Decimal
    assumed: Decimal
    reserved: Decimal


@dataclass(frozen=True)
class Standing:
    """How one limit stands. `state` is "", "soft" or "hard": what was last reached of the present limit."""

    name: str
    key: str
    spent_usd: Decimal
    reserved_usd: Decimal
    hard_usd: Decimal | None
    soft_usd: Decimal | None
    spent_tokens: int
    reserved_tokens: int
    hard_tokens: int | None
    state: str

    @property
    def left_usd(self) -> Decimal | None:
        """What may still be set aside; None without a limit in money."""
        return None if self.hard_usd is None else self.hard_usd - self.spent_usd - self.reserved_usd

    @property
    def left_tokens(self) -> int | None:
        """As `left_usd`."""
        return None if self.hard_tokens is None else self.hard_tokens - self.spent_tokens - self.reserved_tokens

    @property
    def number(self) -> int:
        """Of a person's or a visit's limit the key of its row; else 0."""
        mark, number = self.key.rpartition(":")[::2]
        return int(number) if self.name in OF_SOMEBODY and mark and number.isdigit() else 0


def calls_of(study: Study) -> QuerySet[Call]:
    """Every call that was made for a study, trials by its researchers included: see `bots.scopes`."""
    root = root_of_study(study.pk)
    return Call.objects.filter(Q(scope__startswith=f"{root}/") | Q(scope__startswith=f"{root}~"))


def days_of(study: Study) -> list[Day]:
    """What was spent on each day and each line, the first day first."""
    charges = Charge.objects.filter(root=root_of_study(study.pk)).annotate(day=TruncDate("at")).values("day", "line")
    reserved, assumed = Q(state=Charge.State.RESERVED), Q(state=Charge.State.ASSUMED)
    found = charges.annotate(
        calls=Count("pk"),
        all_tokens=Coalesce(Sum("tokens"), 0),
        all_usd=Coalesce(Sum("usd"), NOTHING),
        unknown=Coalesce(Sum("usd", filter=assumed), NOTHING),
        open=Coalesce(Sum("most_usd", filter=reserved), NOTHING),
    ).order_by("day", "line")
    return [
        Day(one["day"], one["line"], one["calls"], one["all_tokens"], one["all_usd"], one["unknown"], one["open"])
        for one in found
    ]


def standings_of(study: Study, *, most: int = 100) -> list[Standing]:
    """How the limits in force stand, the widest first; of people and visits those whose limit is nearest."""
    today = f"/{clock.now():%Y-%m-%d}"
    share = Case(
        When(hard_usd__gt=0, then=(F("spent_usd") + F("reserved_usd")) / F("hard_usd")), default=Value(NOTHING)
    )
    rows = Account.objects.filter(root=root_of_study(study.pk)).exclude(Q(name__in=OF_A_DAY) & ~Q(key__endswith=today))
    somebody = rows.filter(name__in=OF_SOMEBODY).annotate(share=share).order_by("-share", "-spent_tokens", "pk")[:most]
    found = [_standing(row) for row in (*rows.exclude(name__in=OF_SOMEBODY), *somebody)]
    return sorted(found, key=lambda one: (len(one.key), one.key))


def _standing(row: Account) -> Standing:
    is_hard = row.hard_told and row.hard_told == spelled(row.hard_usd, row.hard_tokens)
    is_soft = row.soft_told and row.soft_told == spelled(row.soft_usd, row.soft_tokens)
    state = TOLD_HARD if is_hard else TOLD_SOFT if is_soft else ""
    return Standing(
        row.name, row.key, row.spent_usd, row.reserved_usd, row.hard_usd, row.soft_usd, row.spent_tokens,
        row.reserved_tokens, row.hard_tokens, state,
    )  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """What groups that were played here cost. `people` is how many sit in one of them."""

    groups: int
    people: int
    visits: int
    calls: int
    tokens: int
    usd: Decimal
    assumed: Decimal

    def groups_for(self, participants: int) -> int:
        """How many such groups so many people make up, over all visits."""
        return -(-participants * self.visits // self.people)


def measured_cost(study: Study, said: StudyFile) -> Measured | None:
    """What a study's groups that are over have cost, trials included; None where none has asked a model with a price.

    What is asked for no group, as sentinels are, grows with days and not with groups, and is left out.
    """
    own, tried = Q(root=root_of_study(study.pk)), Q(root__startswith=f"{root_of_study(study.pk)}~")
    charges = Charge.objects.filter(own | tried, usd__gt=0)
    sums, groups = _Sums(), set[int]()
    rows = charges.order_by("pk").values_list("call__scope", "usd", "tokens", "state").iterator(chunk_size=AT_ONCE)
    while chunk := list(islice(rows, AT_ONCE)):
        over = _groups_over([scope for scope, *_ in chunk])
        for scope, usd, tokens, state in chunk:
            if (group := over.get(scope)) is not None:
                groups.add(group)
                sums.add(usd or NOTHING, tokens or 0, is_assumed=state == Charge.State.ASSUMED)
    if not groups:
        return None
    plans = [plan.humans for plan in said.groups.values() if plan.humans]
    visits = sum(wave.repeat for wave in said.waves if any(stage.kind == "game" for stage in wave.stages))
    people = max(plans, default=1)
    return Measured(len(groups), people, max(visits, 1), sums.calls, sums.tokens, sums.usd, sums.assumed)


@dataclass
class _Sums:
    calls: int = 0
    tokens: int = 0
    usd: Decimal = NOTHING
    assumed: Decimal = NOTHING

    def add(self, usd: Decimal, tokens: int, *, is_assumed: bool) -> None:
        """Count one call."""
        self.calls, self.tokens, self.usd = self.calls + 1, self.tokens + tokens, self.usd + usd
        self.assumed += usd if is_assumed else NOTHING


def _groups_over(keys: Sequence[str]) -> dict[str, int]:
    """Of the keys of some calls those for groups that are over, each with its group."""
    asked = {key: found for key in keys if (found := scopes.read(key)) is not None}

    def numbers(what: str) -> set[int]:
        return {one.number for one in asked.values() if one.what == what}

    turns = BotTurn.objects.filter(pk__in=numbers(scopes.TURN)).exclude(match__group__status=Group.Status.ACTIVE)
    talks = Conversation.objects.filter(pk__in=numbers(scopes.NOTES))
    talks = talks.exclude(match__group__status=Group.Status.ACTIVE)
    group_of = {
        scopes.TURN: dict(turns.values_list("pk", "match__group")),
        scopes.NOTES: dict(talks.values_list("pk", "match__group")),
    }
    groups = {key: group_of.get(one.what, {}).get(one.number) for key, one in asked.items()}
    return {key: group for key, group in groups.items() if group is not None}


def reached(study: Study) -> Sequence[Standing]:
    """The limits in force of which something was said: a hard one that stopped calls, a soft one that was passed."""
    return [one for one in standings_of(study) if one.state]
