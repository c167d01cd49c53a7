"""Scales, drawn once more: what people were asked follows from the seed, and only what they were asked was answered."""

from __future__ import annotations

from collections.abc import Sequence

from measures.draws import draw_for
from measures.models import Answer, ScaleDrawn
from scheduling.models import Session
from studies import definition
from studies.schema_stages import SurveyStage
from verification.inquiry import Inquiry


def check_scales(inquiry: Inquiry, sessions: Sequence[Session]) -> None:
    """Every draw of some visits, and the answers to it in the order in which they were asked."""
    by_key = {session.pk: session for session in sessions}
    drawn = ScaleDrawn.objects.filter(session__in=sessions).order_by("pk")
    answered: dict[tuple[int, str, str], list[str]] = {}
    for answer in Answer.objects.filter(session__in=sessions, attempt=1, item__contains=".").order_by("position"):
        scale, _, item = answer.item.partition(".")
        answered.setdefault((answer.session_id, answer.stage, scale), []).append(item)
    for one in drawn:
        given = answered.pop((one.session_id, one.stage, one.scale), [])
        _check_draw(inquiry, by_key[one.session_id], one, given)
    for (session, stage, scale), _items in answered.items():
        where = f"{by_key[session].participant.code} at {stage}"
        inquiry.report.differ("answers to a scale that was not asked", where, "none", scale)


def _check_draw(inquiry: Inquiry, session: Session, drawn: ScaleDrawn, given: Sequence[str]) -> None:
    report, version = inquiry.report, session.participant.version
    where = f"{session.participant.code} at {drawn.stage}, {drawn.scale}"
    stages = {one.id: one for one in definition.definition(version).stages}
    stage = stages.get(drawn.stage)
    if not isinstance(stage, SurveyStage) or drawn.scale not in stage.scales:
        report.differ("scale at another stage", where, "a survey that asks it", drawn.stage)
        return
    if "codes" in inquiry.purged:
        report.left_out["what was drawn for people with new codes"] += 1
        return
    again = draw_for(session, version, stage=drawn.stage, name=drawn.scale)
    told, found = [list(again.shown), list(again.left_out)], [drawn.shown, drawn.left_out]
    report.compare("draw of a scale", where, told, found)
    report.compare("items of a scale that were answered", where, drawn.shown if given else [], list(given))
