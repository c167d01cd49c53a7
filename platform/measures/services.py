"""Keeping answers, and which pages were shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from events.prepared import Given, insert, insert_all, prepared
from flow.kinds import kind
from flow.page import Page
from flow.visible import buttons_of, hint_of, text_sha256
from measures.draws import draw_for
from measures.models import Answer, PageShown, ScaleDrawn
from measures.timing import UNTIMED, Times
from paradigm import Text
from scheduling.models import Session
from studies import definition
from studies.items import Item
from studies.models import Version
from studies.schema_stages import SurveyStage


def record_answers(
    session: Session,
    stage: str,
    items: Sequence[tuple[int, Item]],
    values: Mapping[str, Any],
    *,
    times: Mapping[str, Times] | None = None,
) -> int:
    """Keep one attempt at a page of items, and return its number, from 1. The caller holds the session's lock.

    It is one more than the last at any of these items: a funnel's pages ask each its own, a quiz asks again.

    Args:
        items: Those that were shown, each with its place from 1.
        values: Cleaned, by the key of the field; what was shown and not answered is null.
        times: When each was seen and answered, by the same key, as far as that is known.
    """
    known = times or {}
    attempt = (_last.first(session=session.pk, stage=stage, items=[item.id for _, item in items]) or 0) + 1
    screened = _to_be_screened(session, items, values)
    edition = kind("screening", "edition")() if screened else ""
    insert_all(
        [
            Answer(
                session=session,
                stage=stage,
                item=item.id,
                attempt=attempt,
                position=position,
                value=values.get(item.field.key),
                edition=edition if item.id in screened else "",
                is_correct=item.is_correct(values.get(item.field.key)),
                shown_ms=seen.shown_ms,
                first_ms=seen.first_ms,
                last_ms=seen.last_ms,
            )
            for position, item in items
            for seen in [known.get(item.field.key, UNTIMED)]
        ]
    )
    for name, text in screened.items():
        kind("safety", "look")(session, stage=stage, item=name, attempt=attempt, text=text)
    return attempt


def _to_be_screened(
    session: Session, items: Sequence[tuple[int, Item]], values: Mapping[str, Any]
) -> Mapping[str, str]:
    """What was answered in one's own words, by item, in a study that says what protects people."""
    if definition.definition(session.participant.version).safety is None:
        return {}
    said = {item.id: values.get(item.field.key) for _, item in items if isinstance(item.field, Text)}
    return {name: text for name, text in said.items() if isinstance(text, str) and text}


def draw_scales(session: Session, version: Version, stage: SurveyStage) -> None:
    """Draw what somebody is asked of a survey's scales, and keep it. The caller holds the session's lock.

    Whoever is sent back to a survey is asked the same again.
    """
    known = set(ScaleDrawn.objects.filter(session=session, stage=stage.id).values_list("scale", flat=True))
    for name in stage.scales:
        if name not in known:
            drawn = draw_for(session, version, stage=stage.id, name=name)
            shown, left_out = list(drawn.shown), list(drawn.left_out)
            insert(ScaleDrawn(session=session, stage=stage.id, scale=name, shown=shown, left_out=left_out))


def keep_page(session: Session, version: Version, stage: str, page: Page) -> None:
    """Keep that a visit has come to a page. The caller holds the session's lock, and speaks the study's language.

    Of its words only what the version's files do not hold is kept: the heading, the names of the questions in order and
    the levels that word them, what the platform wrote before the text (`lead`) and below it (`buttons`, `hint`), how a
    scale is to be answered (`instruction`), what only this page filled its slots with (`given`), and tables of one's
    own rounds.

    Args:
        version: Whose texts the page shows.
    """
    facts: dict[str, Any] = {
        "title": page.title,
        "asked": [field.key for field in page.fields],
        "worded": page.facts.get("worded", {}),
        "lead": page.facts.get("lead", ""),
        "instruction": page.facts.get("instruction", ""),
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
