"""Keeping answers, and which pages were shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from events.prepared import Given, insert, insert_all, prepared
from flow.page import Page
from flow.visible import buttons_of, hint_of, text_sha256
from measures.models import Answer, PageShown
from scheduling.models import Session
from studies.items import Item
from studies.models import Version


def record_answers(session: Session, stage: str, items: Sequence[tuple[int, Item]], values: Mapping[str, Any]) -> int:
    """Keep one attempt at a page of items, and return its number, from 1. The caller holds the session's lock.

    It is one more than the last at any of these items: a funnel's pages ask each its own, a quiz asks again.

    Args:
        items: Those that were shown, each with its place from 1.
        values: Cleaned, by item; what was shown and not answered is null.
    """
    attempt = (_last.first(session=session.pk, stage=stage, items=[item.id for _, item in items]) or 0) + 1
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


def keep_page(session: Session, version: Version, stage: str, page: Page) -> None:
    """Keep that a visit has come to a page. The caller holds the session's lock, and speaks the study's language.

    Of its words only what the version's files do not hold is kept: the heading, the names of the questions in order and
    the levels that word them, what the platform wrote before the text (`lead`) and below it (`buttons`, `hint`), what
    only this page filled its slots with (`given`), and tables of one's own rounds.

    Args:
        version: Whose texts the page shows.
    """
    facts: dict[str, Any] = {
        "title": page.title,
        "asked": [field.key for field in page.fields],
        "worded": page.facts.get("worded", {}),
        "lead": page.facts.get("lead", ""),
        "buttons": buttons_of(page),
        "hint": hint_of(page),
        "given": dict(page.given),
        "tables": page.view.as_json()["tables"] if page.view else [],
    }
    insert(
        PageShown(
            session=session,
            version=version,
            stage=stage,
            rev=session.rev,
            source=page.source,
            facts={name: value for name, value in facts.items() if value},
            sha256=text_sha256(page),
        )
    )


@prepared
def _last(session: Given, stage: Given, items: Given) -> QuerySet[Answer, int]:
    answers = Answer.objects.filter(session=session, stage=stage, item__any=items).order_by("-attempt")
    return answers.values_list("attempt", flat=True)[:1]
