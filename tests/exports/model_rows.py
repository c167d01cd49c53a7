"""Rows of what comes of models: failures, replies that were looked at, notes, sentinels, and people who write."""

from datetime import timedelta

from bots.models import BotTurn, Drift, FailedTurn, Noting, ReplyCheck, Sentinel, WizardReply
from chat.models import Entry
from studies.models import Study
from tests.exports.rows import BEGAN

LATER = BEGAN + timedelta(minutes=4)


def make_checked_turn(turn: BotTurn) -> None:
    """A turn that failed once, was asked whether it is a person, and in whose place somebody wrote."""
    FailedTurn.objects.create(
        turn=turn, made=0, heard=1, error_code="no_usable_reply", tries=2, did="retry", is_answered=True, at=LATER
    )
    ReplyCheck.objects.create(
        turn=turn, made=0, heard=1, rule="asked_if_ai", asked_kind="ai", first="none", claims="program",
        by="regenerated", at=LATER,
    )  # fmt: skip
    WizardReply.objects.create(
        turn=turn, made=0, number=1, heard=1, draft={"message": "I am a program."},
        values={"message": "I am no person."}, outcome="chosen", by="model_edited", wizard="never exported",
        asked_at=BEGAN, drafted_at=BEGAN, until=LATER, decided_at=LATER,
    )  # fmt: skip


def make_noting(said: Entry) -> None:
    """A model took notes of what was said, at its first attempt."""
    assert said.seat.participant is not None
    Noting.objects.create(
        participant=said.seat.participant, partner="computer", kind="facts", conversation=said.conversation, attempt=1,
        outcome="written", asked_at=BEGAN, ended_at=LATER,
    )  # fmt: skip


def make_drift(study: Study) -> None:
    """Two readings of a model, of which the second differs, as somebody knows."""
    before, after = (
        Sentinel.objects.create(
            study=study, model="told/one", day=BEGAN.date(), number=number, asked_sha256="a" * 64, served="told/1",
            software=f"fp-{number}", fingerprint=f"{number}" * 64, verdict=verdict, outcome="answered", at=BEGAN,
            ended_at=LATER,
        )
        for number, verdict in ((1, "first"), (2, "changed"))
    )  # fmt: skip
    Drift.objects.create(
        study=study, model="told/one", before=before, after=after, accepted=after, at=BEGAN, confirmed_at=LATER,
        reason="Their notes tell of it.", by="never exported",
    )  # fmt: skip
