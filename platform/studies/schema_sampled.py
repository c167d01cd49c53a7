"""Which persona and which model a partner has, where that is not the same in every seat."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from studies.problems import StudyError
from studies.schema_models import LanguageModel
from studies.schema_types import FilePath, Name, Part

Personas = Annotated[list[FilePath], Field(min_length=1)]


class PersonasByLevel(Part):
    """Other personas at each level of a factor."""

    by: Name = Field(description="A factor that is given to people one by one, to whole groups, or to the study.")
    values: dict[Name, Personas] = Field(min_length=1)


class ModelByLevel(Part):
    """Another model at each level of a factor."""

    by: Name = Field(description="A factor that is given to people one by one, to whole groups, or to the study.")
    values: dict[Name, LanguageModel] = Field(min_length=1)


class DrawnModel(Part):
    """Several models, of which one is drawn for each seat from the seed."""

    draw: Annotated[dict[Name, LanguageModel], Field(min_length=2, max_length=12)] = Field(
        description="A name of your own → the model. The name is in the dataset (`model_choice`)."
    )
    weights: dict[Name, Annotated[int, Field(ge=1, le=100)]] = Field(
        default_factory=dict, description="Name → how often it is in the urn; once, where it is not named."
    )


def _has(said: Any, key: str) -> bool:
    return key in said if isinstance(said, Mapping) else hasattr(said, key)


def _which_personas(said: Any) -> str:
    return "by_level" if _has(said, "by") else "one"


def _which_model(said: Any) -> str:
    if _has(said, "by"):
        return "by_level"
    return "drawn" if _has(said, "draw") else "one"


AnyPersonas = Annotated[
    Annotated[Personas, Tag("one")] | Annotated[PersonasByLevel, Tag("by_level")], Discriminator(_which_personas)
]
AnyModel = Annotated[
    Annotated[LanguageModel, Tag("one")]
    | Annotated[ModelByLevel, Tag("by_level")]
    | Annotated[DrawnModel, Tag("drawn")],
    Discriminator(_which_model),
]


def models_of(said: AnyModel) -> dict[str, LanguageModel]:
    """Level, or name in the draw → model; under "" where there is but one."""
    if isinstance(said, ModelByLevel):
        return dict(said.values)
    return dict(said.draw) if isinstance(said, DrawnModel) else {"": said}


def shares_of(said: AnyModel) -> dict[str, float]:
    """The same names → the share of seats that such a model is expected to have, each level being as likely."""
    weights = {key: said.weights.get(key, 1) if isinstance(said, DrawnModel) else 1 for key in models_of(said)}
    return {key: weight / sum(weights.values()) for key, weight in weights.items()}


def place_of(said: AnyModel, key: str) -> tuple[str, ...]:
    """Where a model stands below `model` in the study file."""
    if isinstance(said, ModelByLevel):
        return ("values", key)
    return ("draw", key) if isinstance(said, DrawnModel) else ()


def urn_of(said: AnyModel, levels: Mapping[str, str]) -> dict[str, int]:
    """The models that a seat may have at some levels, by the names of `models_of`, with how often each is in the urn.

    Raises:
        StudyError: "level_missing": a factor decides, and none of its levels is among these.
    """
    if isinstance(said, DrawnModel):
        return {key: said.weights.get(key, 1) for key in said.draw}
    return {_level_of(said.by, said.values, levels, "a model"): 1} if isinstance(said, ModelByLevel) else {"": 1}


def personas_in(said: AnyPersonas) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every file, with where it stands below `personas` in the study file."""
    if isinstance(said, PersonasByLevel):
        for level, files in said.values.items():
            yield from ((("values", level, at), file) for at, file in enumerate(files))
    else:
        yield from (((at,), file) for at, file in enumerate(said))


def personas_under(said: AnyPersonas, levels: Mapping[str, str]) -> list[str]:
    """The files from which the persona of a seat is drawn at some levels.

    Raises:
        StudyError: "level_missing", as `urn_of`.
    """
    if not isinstance(said, PersonasByLevel):
        return list(said)
    return list(said.values[_level_of(said.by, said.values, levels, "personas")])


def _level_of(by: str, values: Mapping[str, object], levels: Mapping[str, str], what: str) -> str:
    level = levels.get(by, "")
    if level not in values:
        known = ", ".join(f"{by}={name}" for name in values)
        raise StudyError("level_missing", f'a partner has {what} for {known}, and not for "{level}"')
    return level
