"""Every write about a turn whose model gave nothing usable, and about replies that were not said as they came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction

from bots.errors import FOREIGN_FACT
from bots.held import Turn
from bots.judging import ASKED_IF_AI, Rules, Settled
from bots.models import BotTurn, FailedTurn, ReplyCheck
from bots.services import end, postpone
from events.claim import Claim
from events.log import record
from flow.services import breaking, games

Outcome = BotTurn.Outcome


@dataclass(frozen=True)
class Failure:
    """That a model gave nothing usable for a turn, how often it was asked, and the step of the policy that follows."""

    error_code: str
    did: str
    tries: int


@transaction.atomic
def note_failed(turn: Turn, what: Failure) -> FailedTurn:
    """Keep a failure. The same turn has one row, whoever looks at it how often."""
    place: dict[str, Any] = {"turn": turn.row, "made": turn.made, "heard": turn.answers}
    new = {"error_code": what.error_code[:30], "did": what.did, "tries": what.tries}
    row, _ = FailedTurn.objects.update_or_create(**place, defaults=new)
    at = {"match": turn.address.match, "path": turn.address.path}
    facts = {**at, "because": row.error_code, "policy": what.did, "attempt": what.tries}
    study = turn.row.match.group.version.study_id
    record("turn.failed", study=study, subject=("seat", turn.address.seat), facts=facts)
    return row


def give_up(claim: Claim, turn: Turn, what: Failure) -> str:
    """The turn has failed and nothing stands for it; where its policy says so the step is over.

    Where the experiment itself is at fault the game is over, as where its own rules fail.

    Raises:
        LostClaim: somebody else has the turn; nothing was done.
    """

    def settle() -> None:
        note_failed(turn, what)
        end(claim, turn, outcome=Outcome.FAILED, error_code=what.error_code)

    at = turn.address
    if what.error_code == FOREIGN_FACT:
        games.break_off(group_id=turn.row.match.group_id, settle=settle)
    elif what.did == FailedTurn.Did.END:
        breaking.break_step(match_id=at.match, path=at.path, seat_id=at.seat, settle=settle)
    else:
        with transaction.atomic():
            settle()
    return str(Outcome.FAILED)


def fail(claim: Claim, turn: Turn, error_code: str) -> str:
    """The turn has failed whatever its policy says: the door refused what it gave, or the work on it keeps breaking.

    Raises:
        LostClaim: somebody else has the turn; nothing was done.
    """
    did = FailedTurn.Did.SILENCE if turn.heard else FailedTurn.Did.DEADLINE
    return give_up(claim, turn, Failure(error_code, did, turn.failed.tries if turn.failed else 1))


def try_later(claim: Claim, turn: Turn, what: Failure, seconds: float, *, lasts_longer: bool = False) -> str:
    """Ask again after some seconds, and no sooner: whoever writes meanwhile has a new turn begin, which waits as long.

    Args:
        lasts_longer: Whether a talk lasts so much longer in a pause.

    Raises:
        LostClaim: somebody else has the turn; nothing was done.
    """

    def settle() -> None:
        note_failed(turn, what)
        until = claim.now() + timedelta(seconds=seconds)
        if turn.heard and seconds:
            BotTurn.objects.filter(pk=turn.row.pk).update(rests_until=until)
        postpone(claim, until)

    at = turn.address
    if what.did == FailedTurn.Did.PAUSE and lasts_longer:
        breaking.put_off(match_id=at.match, path=at.path, by=timedelta(seconds=seconds), settle=settle)
    else:
        with transaction.atomic():
            settle()
    return what.did


@transaction.atomic
def keep_checks(place: Mapping[str, Any], rules: Rules, given: Settled, *, by: str, claims: str) -> None:
    """Keep which replies were not said as they came, and how the rule for `asked_if_ai` was kept. Never words.

    Args:
        place: `turn`, `made` and `heard` of the rows. The same turn again changes its rows.
    """
    turn = BotTurn.objects.select_related("match__group__version").get(pk=place["turn"])
    kept: dict[str, dict[str, Any]] = {rule: {"by": by} for rule in given.blocked}
    if rules.asked_kind:
        asked = {"asked_kind": rules.asked_kind, "first": given.first, "claims": claims}
        kept[ASKED_IF_AI] = {"by": by, **asked}
    for rule, facts in kept.items():
        _, is_new = ReplyCheck.objects.update_or_create(
            turn=turn, made=place["made"], heard=place["heard"], rule=rule, defaults=facts
        )
        if is_new:
            kind = "asked_if_ai.answered" if rule == ASKED_IF_AI else "gate.blocked"
            told = {"match": turn.match_id, "path": turn.path, "source": by}
            told |= {} if rule == ASKED_IF_AI else {"because": rule}
            record(kind, study=turn.match.group.version.study_id, subject=("seat", turn.seat_id), facts=told)
