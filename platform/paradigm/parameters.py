"""The numbers of a design: each has a unit, bounds, and a source."""

from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic import Field as PydanticField

OUR_DEFAULT = "our default, not the paper's"


class Parameters(BaseModel):
    """What a study file may set for an experiment. Properties add derived numbers, which pages and bounds may name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def named(self, name: str) -> Any:
        """The value of a parameter or property.

        Raises:
            KeyError: there is none of that name.
        """
        if name in type(self).model_fields or isinstance(getattr(type(self), name, None), property):
            return getattr(self, name)
        raise KeyError(name)

    def slots(self) -> dict[str, Any]:
        """Every number or word that a page may show by name: parameters and properties."""
        return {name: getattr(self, name) for name in _names_in(type(self))}

    def number(self, value: int | str) -> int:
        """`value` itself, or the number of the parameter it names."""
        return value if isinstance(value, int) else int(self.named(value))


@cache
def _names_in(kind: type[Parameters]) -> list[str]:
    """The names of the parameters and properties of a kind."""
    derived = [name for name in dir(kind) if isinstance(getattr(kind, name), property)]
    return [*kind.model_fields, *(name for name in derived if not name.startswith(("_", "model_")))]


def setting(default: Any, label: str, *, unit: str = "", source: str = OUR_DEFAULT, **bounds: Any) -> Any:
    """One parameter with what a reader must know of it.

    Args:
        default: Used where the study file says nothing.
        label: What a researcher reads beside it.
        unit: "points", "s", "rounds" … empty for a choice.
        source: Where the value comes from: a citation, or that it is ours.
        bounds: pydantic's `ge`, `le`, `gt`, `lt`, `max_length` …
    """
    return PydanticField(default, title=label, json_schema_extra={"unit": unit, "source": source}, **bounds)
