"""Keeping answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Max

from measures.models import Answer
from scheduling.models import Session
from studies.items import Item


def record_answers(session: Session, stage: str, items: Sequence[tuple[int, Item]], values: Mapping[str, Any]) -> int:
    """Keep one attempt at a page of items, and return its number, from 1. The caller holds the session's lock.

    Args:
        items: Those that were shown, each with its place from 1.
        values: Cleaned, by item; what was shown and not answered is null.
    """
    known = Answer.objects.filter(session=session, stage=stage)
    attempt = (known.aggregate(last=Max("attempt"))["last"] or 0) + 1
    Answer.objects.bulk_create(
        Answer(
            session=session,
            stage=stage,
            item=item.id,
            attempt=attempt,
            position=position,
            value=values.get(item.id),
            is_correct=item.is_correct(values.get(item.id)),
        )
        for position, item in items
    )
    return attempt
