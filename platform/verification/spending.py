"""What models cost: every account is the sum of its charges, and no call that is over is still set aside for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from bots.budgets import root_of_study
from llm.models import Account, Call, Charge
from verification.inquiry import Inquiry

AT_ONCE = 2000
UNDER_WAY = (Call.Outcome.OPEN, Call.Outcome.SUPERSEDED)
"""A superseded call may still get its reply; what is set aside for it lapses by itself."""


@dataclass
class _Sums:
    reserved_usd: Decimal = Decimal(0)
    reserved_tokens: int = 0
    spent_usd: Decimal = Decimal(0)
    spent_tokens: int = 0

    def add(self, charge: Charge) -> None:
        """Count one charge."""
        if charge.state == Charge.State.RESERVED:
            self.reserved_usd += charge.most_usd or 0
            self.reserved_tokens += charge.most_tokens
        else:
            self.spent_usd += charge.usd or 0
            self.spent_tokens += charge.tokens or 0

    def __str__(self) -> str:
        spent, aside = (self.spent_usd, self.spent_tokens), (self.reserved_usd, self.reserved_tokens)
        return " and ".join(
            f"{usd:.8f} USD, {tokens} tokens {what}" for what, (usd, tokens) in (("spent", spent), ("set aside", aside))
        )


def check_spending(inquiry: Inquiry) -> None:
    """Every account of a study and of its trials."""
    root = root_of_study(inquiry.study.pk)
    mine = Q(root=root) | Q(root__startswith=f"{root}~")
    sums: dict[str, _Sums] = defaultdict(_Sums)
    charges = Charge.objects.filter(mine).select_related("call").defer("call__prompt", "call__output")
    for charge in charges.order_by("pk").iterator(AT_ONCE):
        for key in charge.keys:
            sums[key].add(charge)
        if charge.state == Charge.State.RESERVED and charge.call.outcome not in UNDER_WAY:
            where = f"call {charge.call.attempt} of a turn on {charge.at:%Y-%m-%d}"
            inquiry.report.differ("charge of a call that is over", where, "settled", charge.state)
    for account in Account.objects.filter(mine).order_by("pk"):
        inquiry.report.count("accounts")
        found = _Sums(
            account.reserved_usd, account.reserved_tokens, account.spent_usd, account.spent_tokens
        )  # fmt: skip
        where = f"the limit {account.name}, since {account.at:%Y-%m-%d}"
        inquiry.report.compare("sums of an account", where, str(sums[account.key]), str(found))
