"""The codebook: every column from its declaration, and what one study's own file and experiment add to it."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from exports.cells import canonical, listed
from exports.columns import Column, Row, Table
from exports.declared import Declared, once
from measures.scoring import VERSION, score_bounds
from paradigm import Choice, Field, Parameters
from paradigm.state import Known
from studies import definition
from studies.asked import asked_at
from studies.horizon import horizon_of
from studies.items import Item, briefing_items
from studies.markdown import fill
from studies.models import Study, Version, condition_of
from studies.paces import pace_of
from studies.scales import scale_of, scored, scores_in
from studies.schema import StudyFile, Told
from studies.schema_memory import MemoryByLevel, rules_of
from studies.schema_partners import AutomatedPartner, ModelPartner
from studies.schema_scales import ScaleFile
from studies.schema_stages import BriefingStage, ConsentStage, GameStage, QuizStage, StageConfig, SurveyStage
from studies.slots import slots

COLUMNS = [
    Column(
        "entry", "What the row describes.",
        allowed="column|told|exclusion|parameter|derived|field|factor|tick|item|scale|score|memory|delivery|knowledge"
    ),
    Column("version", "Version of the study it belongs to.", "integer", missing="the same in every version"),
    Column("where", "Table of a column; stage of an item; stage/step/role of a field.", missing="of the whole study"),
    Column("name", "The name in the data, or in the study file."),
    Column(
        "levels", "Levels under which a parameter has this value, or a field is asked like this.",
        allowed="factor=level, joined by commas", missing="whatever the levels",
    ),
    Column("label", "What it says, or the question as asked.", "text", missing="the study file says nothing"),
    Column("type", "How to read the values."),
    Column("unit", "Unit of the values.", missing="no unit"),
    Column("allowed_values", "Values or range.", "text", missing="not bounded"),
    Column(
        "value",
        "In this version: of a parameter; of what people were told; the rule of an exclusion; the licence of a scale; "
        "how a score is reckoned; what a partner remembers, and how what it says comes; what a role knows.",
        "text",
        missing="none of these",
    ),
    Column("missing_meaning", "What an empty cell means.", missing="it does not apply"),
    Column("source", "Where it comes from.", "text", missing="declared by the platform"),
]  # fmt: skip
BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "max_length": "characters at most"}
TYPES = {int: "integer", float: "number", bool: "boolean", str: "string"}
UNANSWERED = "not answered"
YES_NO = "1 = yes, 0 = no"


def codebook(tables: Sequence[Table], study: Study) -> Iterator[Row]:
    """Rows for every column, the codebook's own included, then for every version in order."""
    for table in tables:
        yield from _columns(table.name, table.columns)
    yield from _columns("codebook", COLUMNS)
    for version in study.versions.order_by("number"):
        yield from version_rows(version)


def version_rows(version: Version) -> Iterator[Row]:
    """What one version adds: factors, consent ticks, items, parameters, and the fields of its decisions."""
    said = definition.definition(version)
    yield from _told_rows(version, said)
    for one in said.exclusions:
        yield _row(
            version, "exclusion", "", name=one.id, label=one.note, type="boolean", value=one.rule,
            source=f"study file: exclusions, {one.when}{', registered' if one.registered else ''}",
        )  # fmt: skip
    for name, factor in said.factors.items():
        yield _row(
            version, "factor", "", name=name, label=factor.note, type="string",
            allowed_values=listed(factor.levels), source="study file: factors",
        )  # fmt: skip
    yield from _scale_rows(version, said)
    yield from _memory_rows(version, said)
    yield from _delivery_rows(version, said)
    for stage in said.stages:
        yield from _stage_rows(version, stage)


def _told_rows(version: Version, said: StudyFile) -> Iterator[Row]:
    """What people were told about the mixture of people and AI, with the very words."""
    told = said.told
    values = {
        "ai_may_be_present": int(told.ai_may_be_present),
        "share": told.share,
        "who_knows": told.who_knows if isinstance(told.who_knows, str) else canonical(told.who_knows),
        "sentence": fill(told.sentence, slots(version)) if told.sentence else "",
    }
    for name, value in values.items():
        yield _row(
            version, "told", "", name=name, label=Told.model_fields[name].description or "Whether AI may be there.",
            type="boolean" if name == "ai_may_be_present" else "string", value=value, source="study file: told",
        )  # fmt: skip
    if said.horizon is not None:
        value = canonical(horizon_of(said).model_dump(mode="json"))
        label = "Whether people were told how many visits there are, and between which numbers where they were not."
        yield _row(version, "told", "", name="horizon", label=label, value=value, source="study file: horizon")


def _scale_rows(version: Version, said: StudyFile) -> Iterator[Row]:
    """Of each scale where it comes from, and of each of its scores how it is reckoned."""
    for name in said.scales:
        scale = scale_of(version, name)
        points = "|".join(f"{point}={words}" for point, words in scale.anchors.labels.items())
        yield _row(
            version, "scale", "", name=name, label=scale.title, type="integer", unit="scale point",
            allowed_values=f"{scale.anchors.low} to {scale.anchors.high}: {points}", value=_licence(scale),
            source=f"{scale.citation} ({'' if scale.is_validated else 'not '}validated in this wording)",
        )  # fmt: skip
        for one in scores_in(scale):
            low, high = score_bounds(scale, items=len(scored(scale, one)))
            least = scale.scoring.least_answered
            yield _row(
                version, "score", name, name=one or name, label=scale.subscales.get(one, scale.title), type="number",
                unit="points of the scale", allowed_values=f"{low} to {high}",
                value=f"{scale.scoring.method} of {listed(item.id for item in scored(scale, one))}; "
                f"least answered: {'all that were asked' if least == 'all' else least}",
                missing_meaning="see why_missing", source=VERSION,
            )  # fmt: skip


def _licence(scale: ScaleFile) -> str:
    said, attested = scale.licence, scale.licence.attestation
    words = f"{said.status} {said.name}".strip()
    return f"{words}: {attested.by}, {attested.on}, {attested.reference}" if attested else words


def _memory_rows(version: Version, said: StudyFile) -> Iterator[Row]:
    """What each partner remembers of a person, at each level where a factor decides."""
    for name, partner in said.partners.items():
        memory = partner.memory if isinstance(partner, AutomatedPartner) else None
        for level, rule in rules_of(memory).items() if memory is not None else ():
            by = memory.by if isinstance(memory, MemoryByLevel) else ""
            said_of_it = canonical(rule.model_dump(mode="json", exclude_none=True))
            row = _row(
                version, "memory", "", name=name, label="What the partner remembers of a person it meets again.",
                type="json", value=said_of_it, source="study file: partners",
            )  # fmt: skip
            yield {**row, "levels": condition_of({by: level})} if by else row


def _delivery_rows(version: Version, said: StudyFile) -> Iterator[Row]:
    """How fast each automated partner is, and how what it says comes to the others."""
    for name, partner in said.partners.items():
        if not isinstance(partner, AutomatedPartner):
            continue
        how: dict[str, Any] = {"delay": pace_of(said, partner).model_dump(), "delivery": partner.delivery.model_dump()}
        if isinstance(partner, ModelPartner):
            how["may_stay_silent"] = partner.may_stay_silent
            how["length"] = partner.length.chars if partner.length is not None else None
        yield _row(
            version, "delivery", "", name=name, label="How what the partner says comes to the others.", type="json",
            value=canonical(how), source="study file: partners; unless it says so, defaults of ours",
        )  # fmt: skip


def _stage_rows(version: Version, stage: StageConfig) -> Iterator[Row]:
    if isinstance(stage, ConsentStage):
        for tick in stage.ticks:
            yield _row(
                version, "tick", stage.id, name=tick.id, label=tick.label, type="boolean",
                missing_meaning=UNANSWERED, source=f"study file: {stage.id}",
            )  # fmt: skip
    if isinstance(stage, QuizStage | SurveyStage):
        for item in asked_at(version, stage):
            yield _item_row(version, stage.id, item, source=_item_source(version, stage, item))
    if isinstance(stage, BriefingStage):
        for item in briefing_items(stage, {}, slots(version, stage.id)):
            yield _item_row(version, stage.id, item, source=f"study file: {stage.id}")
    if isinstance(stage, GameStage):
        found = definition.parameters_by_level(definition.definition(version), stage)
        rows = [(levels, [dict(row) for row in game_rows(version, stage, values)]) for levels, values in found]
        yield from (row | ({"levels": condition_of(levels)} if levels else {}) for levels, row in once(rows))
        yield from _knowledge_rows(version, stage)


def _knowledge_rows(version: Version, stage: GameStage) -> Iterator[Row]:
    """Who knew what: which of the facts that are dealt each role is told, at each level where a factor decides."""
    experiment = definition.experiment(stage.experiment)
    for levels, values in definition.parameters_by_level(definition.definition(version), stage):
        for role in experiment.roles if experiment.knows is not None else ():
            row = _row(
                version, "knowledge", f"{stage.id}/{role}", name=role,
                label="Which of the facts that the experiment deals a seat of this role is told from the beginning.",
                type="string", allowed_values=listed(get_args(Known)), value=experiment.known_by(role, values),
                source=f"{stage.experiment}: declared",
            )  # fmt: skip
            yield {**row, "levels": condition_of(levels)} if levels else row


def _item_source(version: Version, stage: QuizStage | SurveyStage, item: Item) -> str:
    file = definition.definition(version).scales[item.scale].file if item.scale else stage.items
    return f"study file: {file}"


def _item_row(version: Version, stage: str, item: Item, *, source: str) -> Row:
    return _row(
        version, "item", stage, name=item.id, label=item.field.label, **described(item.field),
        missing_meaning="never empty" if item.field.required else UNANSWERED, source=source,
    )  # fmt: skip


def game_rows(version: Version, stage: GameStage, values: Parameters) -> Iterator[Row]:
    """A game's parameters, and the fields of its decisions with every bound worked out, under some values."""
    yield from _parameter_rows(version, stage, values)
    yield from _field_rows(version, stage, values)


def _parameter_rows(version: Version, stage: GameStage, values: Parameters) -> Iterator[Row]:
    declared = type(values).model_fields
    for name, value in values.slots().items():
        field = declared.get(name)
        yield _row(
            version, "parameter" if field else "derived", stage.id, name=name,
            label=(field.title if field else _derived_label(type(values), name)) or name,
            type=TYPES.get(type(value), "string"), unit=_extra(field).get("unit", ""),
            allowed_values=_allowed(field) if field else "", value=_written(value),
            source=_source(field, value) if field else f"{stage.experiment}: worked out from parameters",
        )  # fmt: skip


def _extra(field: FieldInfo | None) -> dict[str, Any]:
    extra: Any = field.json_schema_extra if field else None
    return extra or {}


def _allowed(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return listed(str(one) for one in get_args(field.annotation))
    return YES_NO if field.annotation is bool else bounds_of(field.metadata)


def _source(field: FieldInfo, value: object) -> str:
    """The declared source is that of the default: another value comes from the study file, and so is not the paper's.

    A frozen file names every parameter, so whether it repeats a default cannot be seen; it makes no difference.
    """
    declared: str = _extra(field).get("source", "")
    if field.is_required():
        return "study file"
    return declared if value == field.default else f"study file (default {_written(field.default)}: {declared})"


def _written(value: object) -> str | int | float:
    """As the tables write it: yes and no are 1 and 0."""
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, str | int | float) else str(value)


def _derived_label(parameters: type[Parameters], name: str) -> str:
    """What the experiment says of a derived number; where it says nothing, what it is worked out from."""
    worked: Any = getattr(parameters, name)
    said = (worked.__doc__ or "").strip().partition("\n")[0]
    used = [one for one in worked.fget.__code__.co_names if hasattr(parameters, one) or one in parameters.model_fields]
    return said or (f"Worked out from {', '.join(used)}" if used else "")


def _field_rows(version: Version, stage: GameStage, values: Parameters) -> Iterator[Row]:
    declared = Declared(definition.experiment(stage.experiment), values)
    for step, role, field, is_each in declared.every_field():
        label = field.label.replace("{about}", "the partner") or f"{field.name} at {step}"
        belief = f"; a belief about the partner's {field.belief.what}" if field.belief else ""
        yield _row(
            version, "field", f"{stage.id}/{step}/{role}", name=field.name, label=label, **described(field),
            missing_meaning="nothing came in time" + ("" if field.required else ", or left empty"),
            source=f"{stage.experiment}: declared{', once for each partner' if is_each else ''}{belief}",
        )  # fmt: skip


def described(field: Field) -> dict[str, str]:
    """Type, unit and allowed values of what is asked."""
    said = field.describe()
    allowed = said.get("allowed_values", "")
    if isinstance(field, Choice) and callable(field.options):
        allowed = "the options displayed in the match, such as a partner's position"
    return {"type": said.get("type", ""), "unit": said.get("unit", ""), "allowed_values": allowed}


def bounds_of(metadata: Sequence[Any]) -> str:
    """Pydantic's bounds in words, such as: at least 1, at most 60."""
    found = [(word, getattr(one, key)) for one in metadata for key, word in BOUNDS.items() if hasattr(one, key)]
    return ", ".join(f"{word} {value}" for word, value in found if value is not None)


def _columns(table: str, columns: Sequence[Column]) -> Iterator[Row]:
    for column in columns:
        yield _blank() | {
            "entry": "column",
            "where": table,
            "name": column.name,
            "label": column.label,
            "type": column.type,
            "unit": column.unit,
            "allowed_values": column.allowed or (YES_NO if column.type == "boolean" else ""),
            "missing_meaning": column.missing,
            "source": column.source,
        }


def _row(version: Version, entry: str, where: str, **said: object) -> Row:
    return _blank() | {"entry": entry, "version": version.number, "where": where} | said


def _blank() -> dict[str, object]:
    return {column.name: "" for column in COLUMNS}
