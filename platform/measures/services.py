"""Keeping answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from events.prepared import Given, insert_all, prepared
from measures.models import Answer
from scheduling.models import Session
from studies.items import Item


def record_answers(session: Session, stage: str, items: Sequence[tuple[int, Item]], values: Mapping[str, Any]) -> int:
    """Keep one attempt at a page of items, and return its number, from 1. The caller holds the session's lock.

    Args:
        items: Those that were shown, each with its place from 1.
        values: Cleaned, by item; what was shown and not answered is null.
    """
    attempt = (_last.first(session=session.pk, stage=stage) or 0) + 1
    insert_all(
        [
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
        ]
    )
    return attempt


@prepared
def _last(session: Given, stage: Given) -> QuerySet[Answer, int]:
    answers = Answer.objects.filter(session=session, stage=stage).order_by("-attempt")
    return answers.values_list("attempt", flat=True)[:1]
