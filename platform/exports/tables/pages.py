"""Which pages of stages each person came to, and what stood on them that the version's texts do not hold."""

from collections.abc import Iterator, Mapping
from typing import Any

from exports import keys
from exports.columns import OUTLIVED, Column, Row, Table
from exports.scope import CHUNK, Scope, by_code, kept, seconds
from exports.texts import slots_shown
from measures.models import PageShown
from studies.definition import version_of
from studies.models import Version
from studies.slots import slots

COLUMNS = [
    keys.PARTICIPANT,
    keys.WAVE,
    keys.REPEAT,
    Column("version", "Number of the study version whose texts the page shows: `texts.vN.json`.", "integer"),
    Column("stage", "The stage, as named in the study file."),
    Column("number", "Which page of the stage, from 1; a quiz that is asked again is another page.", "integer"),
    Column("title", "The heading.", "text", missing=OUTLIVED),
    Column("text", "The file of its text, in `files` of `texts.vN.json`.", missing="the page has no text"),
    Column("slots", "What the text's slots were filled with: expression and words.", "json"),
    Column(
        "fields",
        "The questions in the order shown, by `key`; `level`: the level that worded one. Keys of a scale are places; "
        "`texts.vN.json` has the `item` of each.",
        "json",
    ),
    Column("lead", "What the platform wrote before the text.", "text", missing="nothing"),
    Column("instruction", "How a scale is to be answered, after the text.", "text", missing="it asks no scale"),
    Column("buttons", "Words of the buttons, in order.", "json"),
    Column("hint", "What stood under them about the end of the time.", "text", missing="nothing"),
    Column("tables", "Tables of one's own rounds, as in a view.", "json"),
    Column(
        "text_sha256",
        "SHA-256 of the page's words, one space between any two, as it was opened. "
        "`tests/exports/rebuild_screens.py` makes the words again.",
        missing=OUTLIVED,
    ),
    keys.since_session("page_s", "When the person came to it"),
]  # fmt: skip


def _pages(scope: Scope) -> Iterator[Row]:
    shown = PageShown.objects.filter(kept("session__participant"), session__participant__study=scope.study)
    shown = shown.select_related("session__participant").order_by(
        by_code("session__participant__code"), "session", "rev"
    )
    before: tuple[int, str] | None = None
    number = 0
    for page in shown.iterator(chunk_size=CHUNK):
        number = number + 1 if (page.session_id, page.stage) == before else 1
        before = page.session_id, page.stage
        yield _row(page, version_of(page.version_id), number)


def _row(page: PageShown, version: Version, number: int) -> Row:
    said: Mapping[str, Any] = page.facts
    worded = said.get("worded", {})
    fields = [{"key": key} | ({"level": worded[key]} if key in worded else {}) for key in said.get("asked", ())]
    names = slots(version) | {"calculator": ""} | said.get("given", {})
    return {
        "participant": page.session.participant.code,
        "wave": page.session.wave,
        "repeat": page.session.repeat,
        "version": version.number,
        "stage": page.stage,
        "number": number,
        "title": said.get("title", ""),
        "text": page.source or None,
        "slots": slots_shown(version, page.source, names) if page.source else {},
        "fields": fields,
        "lead": said.get("lead") or None,
        "instruction": said.get("instruction") or None,
        "buttons": said.get("buttons", []),
        "hint": said.get("hint") or None,
        "tables": said.get("tables", []),
        "text_sha256": page.sha256 or None,
        "page_s": seconds(page.at, page.session.started_at),
    }


PAGES = Table("pages", "A page of a stage that a person came to", COLUMNS, _pages)
