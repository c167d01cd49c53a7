"""What is written down before data come, out of one study file. Pure: the same version gives the same content."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from exports.codebook import described
from exports.declared import Declared, once
from exports.prereg_scales import scales_in
from exports.tables import TABLES
from studies import definition, items, rules, variables
from studies.allocation_plan import entries_of
from studies.asked import asked_in
from studies.check import check_folder
from studies.definition import FROZEN, canonical
from studies.horizon import horizon_of
from studies.markdown import fill
from studies.models import Version
from studies.money import points_rule
from studies.prizes import prizes_of
from studies.problems import StudyError
from studies.queries import texts
from studies.schema import StudyFile
from studies.schema_partners import AutomatedPartner, ModelPartner, Partner, PersonPartner
from studies.schema_plan import Exclusion, Outcome, Preregistration
from studies.schema_sampled import ModelByLevel, PersonasByLevel
from studies.schema_stages import BriefingStage, GameStage, QuizStage, SurveyStage, WaitingRoomStage
from studies.services import definition_of
from studies.slots import parameter_slots, study_slots
from studies.sources import STUDY_FILE
from studies.varied import varied

FORMAT = "rapport-prereg/1"
NAMELESS = {"partner_name": "{{ partner_name }}"}  # drawn for each person: it stays as it stands in the prompt
Content = dict[str, Any]


@dataclass(frozen=True)
class Planned:
    """A study as it will be: a frozen version, or a folder that is sound.

    Attributes:
        frozen: What freezing adds: the sha256 of each file and of each experiment's code.
        sha256: Of the definition.
        number: Of the version; None of a folder.
    """

    study: StudyFile
    files: Mapping[str, str]
    frozen: Mapping[str, Any]
    sha256: str
    number: int | None = None

    @property
    def said(self) -> Preregistration:
        """What the study file says under `preregistration`. Raises StudyError: "no_preregistration"."""
        if self.study.preregistration is None:
            what = f"{self.study.id} has no preregistration"
            raise StudyError("no_preregistration", f"{what}; write hypotheses, outcomes and models under that key")
        return self.study.preregistration


def of_version(version: Version) -> Planned:
    """A frozen version."""
    frozen = version.definition[FROZEN]
    return Planned(definition.definition(version), texts(version), frozen, version.sha256, version.number)


def of_folder(folder: Path) -> Planned:
    """The study in a folder. Raises StudyError: "invalid"."""
    folder = folder.parent if folder.name == STUDY_FILE else folder
    said = definition_of(folder)
    frozen, texts_there = said.pop(FROZEN), check_folder(folder).files  # with our own text of a reminder, in no folder
    sha256 = hashlib.sha256(canonical(said | {FROZEN: frozen}).encode()).hexdigest()
    files = {path: texts_there[path] for path in frozen["files"]}
    return Planned(StudyFile.model_validate(said), files, frozen, sha256)


def content_of(planned: Planned) -> Content:
    """Everything that is registered, with its own sha256. Raises StudyError: "no_preregistration"."""
    study, said = planned.study, planned.said
    content = {
        "format": FORMAT,
        "study": _identity(planned),
        "registration": {"url": said.url, "registered_on": said.registered_on},
        "hypotheses": [each.model_dump() for each in said.hypotheses],
        "estimands": [each.model_dump() for each in said.estimands],
        "design": _design(planned),
        "allocation": [entry.rule.model_dump() | {"conditions": list(entry.conditions)} for entry in entries_of(study)],
        "told": study.told.model_dump() | {"sentence": fill(study.told.sentence, study_slots(study))},
        "deception": [each.model_dump() for each in study.deception],
        "agreed_to": [tick.model_dump() for stage in study.stages for tick in getattr(stage, "ticks", ())],
        "prompts": list(_prompts(planned)),
        "sample": study.sample.model_dump(),
        "stopping": said.stopping,
        "power": said.power,
        "multiplicity": said.multiplicity,
        "manipulated": list(_manipulated(planned)),
        "outcomes": [_outcome(each) for each in said.outcomes],
        "items": list(_items(planned)),
        "decisions": list(_decisions(study)),
        "exclusions": [_exclusion(planned, each) for each in study.exclusions],
        "missing": said.missing,
        "models": [each.model_dump() for each in said.models],
        "exploratory": said.exploratory,
        "versions": {"software": settings.VERSION} | {key: planned.frozen[key] for key in ("experiments", "files")},
        "seed_sha256": planned.frozen["seed_sha256"] if planned.number else None,
    }
    if study.scales:  # otherwise not said, so that what was registered before there were scales keeps its sha256
        content["scales"] = scales_in(study, planned.files)
    if study.horizon is not None:
        content["horizon"] = horizon_of(study).model_dump(mode="json")
    return content | {"sha256": sha256_of(content)}


def sha256_of(content: Content) -> str:
    """The sha256 of a content: of its canonical JSON without the key `sha256` itself."""
    bare = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(canonical(bare).encode()).hexdigest()


def _identity(planned: Planned) -> Content:
    study = planned.study
    return {
        "id": study.id,
        "title": study.title,
        "public_title": study.public_title,
        "note": study.note,
        "version": study.version,
        "number": planned.number,
        "sha256": planned.sha256,
        "ethics_ref": study.contact.ethics_ref,
    }


def _design(planned: Planned) -> Content:
    study = planned.study
    return {
        "factors": {name: factor.model_dump() for name, factor in study.factors.items()},
        "groups": {name: plan.model_dump() for name, plan in study.groups.items()},
        "partners": {name: partner.model_dump(mode="json") for name, partner in study.partners.items()},
        "automated": [name for name, partner in study.partners.items() if not isinstance(partner, PersonPartner)],
        "models": _models(study),
        "stages": [{"id": stage.id, "kind": stage.kind} for stage in study.stages],
        "games": [
            {
                "stage": stage.id,
                "experiment": stage.experiment,
                "parameters": list(_parameters(study, stage)),
                "on_timeout": stage.on_timeout.model_dump(),
                "min_active": stage.min_active,
            }
            for stage in study.stages
            if isinstance(stage, GameStage)
        ],
        "estimated_minutes": study.estimated_minutes,
        "payments": study.payments.model_dump(mode="json"),
        "points_rule": points_rule(study.payments.points, "en", prizes_of(study)),
        "waiting": [str(stage.pay_per_minute) for stage in study.stages if isinstance(stage, WaitingRoomStage)],
        "exits": {name: each.model_dump(mode="json", include={"pay", "amount"}) for name, each in study.exits.items()},
    }


def _models(study: StudyFile) -> list[str]:
    """Every model that is asked for a partner's acts or notes."""
    partners = [one for one in study.partners.values() if isinstance(one, AutomatedPartner)]
    names = {model.name for one in partners if isinstance(one, ModelPartner) for model in one.models.values()}
    return sorted(names | {writer.model.name for one in partners for writer in one.note_takers})


def _parameters(study: StudyFile, game: GameStage) -> Iterator[Content]:
    """Every parameter with its value, also those that the study file leaves at the experiment's default."""
    values, decided = definition.first_parameters(study, game), varied(game.parameters)
    for name, declared in type(values).model_fields.items():
        extra: Any = declared.json_schema_extra or {}
        is_same = not declared.is_required() and getattr(values, name) == declared.default
        is_default = is_same and name not in decided
        source = extra.get("source", "") if is_default else "study file"
        said = {"name": name, "value": game.parameters.get(name, values.model_dump(mode="json")[name])}
        yield said | {"unit": extra.get("unit", ""), "label": declared.title or name, "source": source}


def _prompts(planned: Planned) -> Iterator[Content]:
    """What models are told, word for word, under the parameters of the first game; each wording that a level makes."""
    games = [one for one in planned.study.stages if isinstance(one, GameStage)]
    by_level = definition.parameters_by_level(planned.study, games[0]) if games else []
    slots = [parameter_slots(values.slots()) for _, values in by_level] or [{}]
    for name, partner in planned.study.partners.items():
        for file in _prompts_of(partner):
            for text in dict.fromkeys(fill(planned.files[file], each | NAMELESS).strip() for each in slots):
                yield {"partner": name, "file": file, "text": text}


def _prompts_of(partner: Partner) -> list[str]:
    """The files of its personas, and of those who take its notes."""
    personas = partner.persona_files if isinstance(partner, ModelPartner) else []
    taking = partner.note_takers if isinstance(partner, AutomatedPartner) else []
    return list(dict.fromkeys([*personas, *(writer.prompt for writer in taking)]))


def _manipulated(planned: Planned) -> Iterator[Content]:
    """Each factor, with what differs between its levels: condition pages word for word, labels, parameters."""
    for name, factor in planned.study.factors.items():
        levels = [_level(planned, name, level) for level in factor.levels]
        check = factor.check.model_dump(mode="json") if factor.check else None
        yield {"factor": name, "note": factor.note, "levels": levels, "check": check}


def _level(planned: Planned, factor: str, level: str) -> Content:
    study, slots = planned.study, study_slots(planned.study)
    briefings = [stage for stage in study.stages if isinstance(stage, BriefingStage) and stage.by == factor]
    pages = [{"stage": stage.id, "file": stage.pages[level]} for stage in briefings]
    labelled = {name: partner.label for name, partner in study.partners.items() if partner.label.by == factor}
    return {
        "level": level,
        "pages": [page | {"text": fill(planned.files[page["file"]], slots).strip()} for page in pages],
        "labels": {name: _label(label.under(level)) for name, label in labelled.items()},
        "parameters": {
            f"{stage.id}.{name}": one.values[level]
            for stage in study.stages
            if isinstance(stage, GameStage)
            for name, one in varied(stage.parameters).items()
            if one.by == factor
        },
    } | _sampled(study, factor, level)


def _sampled(study: StudyFile, factor: str, level: str) -> Content:
    """Which personas and models automated seats have at a level; nothing where the factor does not decide that."""
    found: dict[str, Any] = {"personas": {}, "models": {}}
    for name, partner in study.partners.items():
        if not isinstance(partner, ModelPartner):
            continue
        if isinstance(partner.personas, PersonasByLevel) and partner.personas.by == factor:
            found["personas"][name] = ", ".join(partner.personas.values[level])
        if isinstance(partner.model, ModelByLevel) and partner.model.by == factor:
            found["models"][name] = partner.model.values[level].name
    return {what: each for what, each in found.items() if each}


def _label(labels: Mapping[str, int]) -> str:
    """The label, or with what weights it is drawn for each seat and match."""
    if len(labels) == 1:
        return next(iter(labels))
    return "drawn for each seat and match: " + ", ".join(
        f"{word or 'nothing'} {labels[word]}" for word in sorted(labels)
    )


def _outcome(outcome: Outcome) -> Content:
    columns = {column.name: column for table in TABLES if table.name == outcome.table for column in table.columns}
    column = columns.get(outcome.column)
    known = {"label": column.label, "type": column.type, "unit": column.unit} if column else {}
    return outcome.model_dump() | known


def _items(planned: Planned) -> Iterator[Content]:
    """Every question of quizzes, condition pages and surveys as it is asked."""
    study = planned.study
    for stage in study.stages:
        names = study_slots(study, stage.id)
        found: list[items.Item] = []
        if isinstance(stage, QuizStage | SurveyStage):
            found = asked_in(study, stage, planned.files.__getitem__, names)
        elif isinstance(stage, BriefingStage):
            found = items.briefing_items(stage, {}, names)
        for item in found:
            options = [[one.value, one.label] for one in getattr(item.field, "options", ())]
            asked = {"stage": stage.id, "item": item.id, "wording": item.field.label, "options": options}
            yield asked | described(item.field) | {"required": item.field.required}


def _decisions(study: StudyFile) -> Iterator[Content]:
    """Every field of every decision, with the bounds that follow from the parameters."""
    for stage in study.stages:
        if isinstance(stage, GameStage):
            experiment = definition.experiment(stage.experiment)
            found = definition.parameters_by_level(study, stage)
            rows = [(levels, list(_asked(stage.id, Declared(experiment, values)))) for levels, values in found]
            yield from (row | {"levels": levels} for levels, row in once(rows))


def _asked(stage: str, declared: Declared) -> Iterator[Content]:
    for step, role, field, is_each in declared.every_field():
        wording = field.label.replace("{about}", "the partner")
        asked = {"stage": stage, "step": step, "role": role, "field": field.name, "wording": wording}
        belief = field.belief.what if field.belief else None
        yield asked | described(field) | {"once_per_partner": is_each, "belief": belief}


def _exclusion(planned: Planned, exclusion: Exclusion) -> Content:
    """A rule with the meaning of its names, and whether it defines the analysable sample or a sensitivity analysis."""
    study = planned.study
    slots = study_slots(study)
    known = variables.variables_of(study, lambda stage: asked_in(study, stage, planned.files.__getitem__, slots))
    used = [known[name] for name in dict.fromkeys(rules.names_in(rules.rule_of(exclusion.rule))) if name in known]
    is_primary = exclusion.when == "pre_treatment" and exclusion.registered
    return exclusion.model_dump() | {
        "analysis": "main" if is_primary else "sensitivity",
        "variables": [
            {"name": one.name, "label": one.label, "values": str(one.domain), "known_after": one.stage} for one in used
        ],
    }
