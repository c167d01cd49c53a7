"""What the texts of a study may name between braces: parameters, facts of the study, facts that a page is given."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from paradigm import Parameters
from studies import definition as frozen
from studies.horizon import end_slots
from studies.models import Version
from studies.money import amount_text, points_rule
from studies.prizes import prizes_of
from studies.retention import lengths, retention_text
from studies.schema import StudyFile
from studies.schema_partners import AutomatedPartner, ModelPartner
from studies.schema_retention import OURS
from studies.schema_stages import GameStage, QuizStage, WaitingRoomStage
from studies.spans import span
from studies.staffing import hours_in_words

CALCULATOR = "~calculator~"
"""What the slot `calculator` leaves in a text: the page then has a worked example below it."""
GIVEN: Mapping[str, frozenset[str]] = {
    "waiting_room": frozenset({"here", "needed", "usual_minutes"}),
    "instructions": frozenset({"calculator"}),
    "game": frozenset({"round", "rounds", "void_points", "calculator"}),
    "debrief": frozenset({"points", "paid_rounds"}),
    "reminder": frozenset({"visit", "visits", "when", "opens", "closes", "place", "link", "stop_link"}),
    "exit": frozenset({"code", "points", "paid_rounds", "pay_total", "pay_base", "pay_bonus", "pay_waiting"}),
}
"""Kind of page → facts that the platform knows only when the page is shown. All others come from `slots`.

`here` and `needed` are people; `usual_minutes` is the expected wait; amounts are written with their currency. Of a
reminder `when` is the sentence that says from when and until when the visit can be begun, or finished.
Game pages name parameters, these, and the facts of the view; a page for those who sit out names `void_points` only.
Elsewhere a parameter that has another value at another level of a factor has no name.
"""


_slots: dict[tuple[str, str], dict[str, Any]] = {}  # by the sha256 of the definition, which is frozen


def slots(version: Version, stage_id: str = "") -> dict[str, Any]:
    """Every name that a page at a stage may use, with its value, save for the facts in `GIVEN`.

    Args:
        stage_id: A game stage gives its own parameters; elsewhere the first game's are used.
    """
    known = _slots.get((version.sha256, stage_id))
    if known is None:
        if len(_slots) >= frozen.MOST_PARSED:
            _slots.clear()
        known = _slots[version.sha256, stage_id] = study_slots(frozen.definition(version), stage_id)
    return dict(known)


def study_slots(study: StudyFile, stage_id: str = "") -> dict[str, Any]:
    """As `slots`, of a study file that is not frozen yet."""
    games = [stage for stage in study.stages if isinstance(stage, GameStage)]
    own = [game for game in games if game.id == stage_id] or games[:1]
    found = study_facts(study)
    found["points_rule"] = points_rule(study.payments.points, study.language, prizes_of(study))
    for game in own:
        found["strikes"] = game.on_timeout.strikes
        found["game_visits"] = sum(len(of) for of in frozen.visits_with(study, game.experiment).values())
        found["first_round_extra_seconds"] = game.first_round_extra_seconds
        by_level = [values for _, values in frozen.parameters_by_level(study, game)]
        found |= fixed_slots([*by_level, *frozen.parameters_by_topic(game)])
    return found


def fixed_slots(by_level: Sequence[Parameters]) -> dict[str, Any]:
    """The parameters and properties of a game, as words or numbers, that are the same at every level of its factors."""
    first, *others = [parameter_slots(values.slots()) for values in by_level]
    return {name: value for name, value in first.items() if all(other[name] == value for other in others)}


def parameter_slots(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those parameters and properties that are words or numbers."""
    return {name: value for name, value in values.items() if isinstance(value, str | int | float | Decimal)}


def study_facts(study: StudyFile) -> dict[str, Any]:
    """Money, times and people to ask, by the name that pages use."""
    payments, contact = study.payments, study.contact
    found: dict[str, Any] = {
        "public_title": study.public_title,
        "minutes": study.estimated_minutes,
        "currency": payments.currency,
        "base": amount_text(payments.base, payments.currency),
        "point_rate": amount_text(payments.points.rate if payments.points else Decimal(0), payments.currency),
        "bonus_max": amount_text(payments.points.max if payments.points else Decimal(0), payments.currency),
        "contact_name": contact.name,
        "contact_email": contact.email,
        "ethics_ref": contact.ethics_ref,
        "ai_services": _ai_services(study),
    }
    kept = study.retention or OURS
    found |= {"retention": retention_text(kept, study.language), **lengths(kept, study.language)}
    found |= {f"{wave}_visit_pay": amount_text(amount, payments.currency) for wave, amount in payments.per_wave.items()}
    found |= _visit_facts(study)
    if study.safety is not None:
        found["staffed_hours"] = hours_in_words(study.safety.staffed, study.language)
    fixed = {name: each.amount for name, each in study.exits.items() if each.amount is not None}
    found |= {f"{name}_amount": amount_text(amount, payments.currency) for name, amount in fixed.items()}
    for stage in study.stages:
        if isinstance(stage, QuizStage):
            found["quiz_minutes"] = _minutes(stage.seconds)
        if isinstance(stage, WaitingRoomStage):
            found |= _waiting_facts(study, stage)
    return found


def _visit_facts(study: StudyFile) -> dict[str, Any]:
    """Where there are several: how many visits, in all and of each wave, and for how many hours one can be begun."""
    if sum(wave.repeat for wave in study.waves) == 1:
        return {}
    found: dict[str, Any] = {"visits": sum(wave.repeat for wave in study.waves)}
    for wave in study.waves:
        found[f"{wave.id}_visits"] = wave.repeat
        if wave.closes is not None:
            found[f"{wave.id}_hours"] = _whole(span(wave.closes.after).nominal.total_seconds() / 3600)
    found |= end_slots(study)
    rule = study.attendance
    if rule is not None:
        in_a_row = rule.max_consecutive_missed
        found["most_missed"] = rule.max_missed
        found["most_missed_in_a_row"] = rule.max_missed if in_a_row is None else min(in_a_row, rule.max_missed)
    return found


def _ai_services(study: StudyFile) -> str:
    """Who runs the models that sit in the study's groups, each once."""
    seated = [study.partners.get(name) for plan in study.groups.values() for name in plan.automated]
    acting = [partner for partner in seated if isinstance(partner, ModelPartner)]
    named = [model.run_by for partner in acting for model in partner.models.values()]
    taking = [one for partner in seated if isinstance(partner, AutomatedPartner) for one in partner.note_takers]
    named += [one.model.run_by for one in taking]
    replies = study.safety.replies if study.safety else None
    named += [replies.classifier.model.run_by] if replies and replies.classifier else []
    return "; ".join(dict.fromkeys(name for name in named if name)) or "none"


def _waiting_facts(study: StudyFile, stage: WaitingRoomStage) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "pay_per_minute": amount_text(stage.pay_per_minute, study.payments.currency),
        "max_wait_minutes": _minutes(stage.max_wait_seconds),
        "ready_seconds": stage.ready_seconds,
    }
    if stage.forms in study.groups:
        plan = study.groups[stage.forms]
        facts |= {"group_people": plan.humans, "group_ai": plan.ai, "group_size": plan.humans + plan.ai}
    return facts


def _minutes(seconds: int) -> float | int:
    return _whole(seconds / 60)


def _whole(number: float) -> float | int:
    """Without a point where there is nothing behind it."""
    return int(number) if number == int(number) else round(number, 1)
