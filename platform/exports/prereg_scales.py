"""What a preregistration says of scales: where each comes from, when it is asked, and how answers become scores."""

from collections.abc import Iterator, Mapping
from typing import Any

from studies import scales
from studies.schema import StudyFile
from studies.schema_stages import SurveyStage

Content = dict[str, Any]


def scales_in(study: StudyFile, files: Mapping[str, str]) -> list[Content]:
    """Every scale as it would be frozen, with the surveys that ask it and whether these let people skip questions.

    Args:
        files: The texts that the study names, by path.
    """
    surveys = [stage for stage in study.stages if isinstance(stage, SurveyStage)]
    return [
        scales.parse(files[use.file]).model_dump(mode="json", by_alias=True)
        | {"asked_at": {stage.id: stage.may_skip for stage in surveys if name in stage.scales}}
        for name, use in study.scales.items()
    ]


def lines_of(found: list[Content]) -> Iterator[str]:
    """The same in Markdown: some lines for each scale."""
    for scale in found:
        known = "validated in this wording" if scale["is_validated"] else "**not validated in this wording**"
        yield f"* Scale `{scale['id']}`: {scale['title']}. {scale['citation']} ({known}; {_licence(scale['licence'])})"
        yield f"  * {_asked(scale)}"
        for name, words in [*scale["subscales"].items(), *([("", "all items")] if scale["scoring"]["total"] else [])]:
            yield f"  * Score {f'`{name}`' if name else 'of the scale'} ({words}): {_score(scale, name)}"


def _licence(said: Mapping[str, Any]) -> str:
    attested = said["attestation"]
    words = f"licence: {said['status']} {said['name']}".strip()
    return f"{words}, attested by {attested['by']} on {attested['on']}, {attested['reference']}" if attested else words


def _asked(scale: Content) -> str:
    """Where, in which order, how much of it, and who reads."""
    stages = [
        f"`{stage}`{' (questions may be skipped)' if skips else ''}" for stage, skips in scale["asked_at"].items()
    ]
    order = (
        "in an order drawn for each person and session" if scale["order"] == "random" else "in the order of its file"
    )
    planned, attention = scale["planned_missing"], [one["id"] for one in scale["items"] if one["attention"]]
    said = [f"Asked at {', '.join(stages) or 'no stage'}, {order}."]
    if planned:
        blocks = "; ".join(f"{name}: {', '.join(items)}" for name, items in planned["blocks"].items())
        said.append(
            f"Each person gets {planned['shown']} of {len(planned['blocks'])} blocks in each session ({blocks})."
        )
    if attention:
        said.append(f"Attention items: {', '.join(attention)}.")
    return " ".join(said)


def _score(scale: Content, subscale: str) -> str:
    items = [one for one in scale["items"] if not one["attention"] and subscale in ("", one["subscale"])]
    named = ", ".join(f"{one['id']}{' (reversed)' if one['reverse'] else ''}" for one in items)
    low, high, rule = scale["anchors"]["low"], scale["anchors"]["high"], scale["scoring"]["least_answered"]
    needed = "all that were asked" if rule == "all" else f"{rule} of {len(items)} items"
    prorated = (
        "their mean times the number of items" if scale["scoring"]["method"] == "sum" else "the mean of the answers"
    )
    return (
        f"{scale['scoring']['method']} of {named}, each from {low} to {high}. Least answered: {needed}; with "
        f"answers missing {prorated}, marked as prorated."
    )
