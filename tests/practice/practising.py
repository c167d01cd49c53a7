"""The test study with a practice stage before its waiting room, for everybody or as one level of a factor."""

from typing import Any

from studies.models import Version
from tests.machinery.people import FOLDER, MakeVersion
from tests.machinery.study_files import read_study

SCRIPT = """
A: {give: {given: "{{ endowment / 2 }}", note: A made-up word.}}
"""
STAGE = {"id": "try_out", "kind": "practice", "game": "game", "script": "pages/script.yaml"}
LABEL = {"factors": ["label"], "unit": "group", "block_sizes": [2, 4], "at": "formation"}
TRIED = {"factors": ["tried"], "unit": "participant", "block_sizes": [2], "meets": "anybody", "at": "entry"}
GIVEN = {"by": "tried", "levels": ["given"]}


def practising(make_version: MakeVersion, *, before: str = "lobby", more: Any = None, **said: Any) -> Version:
    """A version with practice.

    Args:
        before: The stage before which it stands.
        more: Other keys of the practice stage.
        said: As `make_version` takes it.
    """
    stages = waves_of()[0]["stages"]
    at = [stage["id"] for stage in stages].index(before)
    stages.insert(at, STAGE | (more or {}))
    for stage in stages:
        stage.update(said.pop(stage["id"], {}))
    texts = {"pages/script.yaml": SCRIPT, "pages/try_out.md": "# Try it\n\nNow you can try it.\n"}
    return make_version(waves=[{"id": "main", "stages": stages}], texts=texts | said.pop("texts", {}), **said)


def as_a_factor(make_version: MakeVersion, **said: Any) -> Version:
    """Practice is given to every second person."""
    return practising(
        make_version,
        more={"when": GIVEN} | said.pop("more", {}),
        factors={"label": {"levels": ["hidden", "marked"]}, "tried": {"levels": ["none", "given"]}},
        conditions={"cross": ["label", "tried"]},
        allocation=[LABEL, TRIED],
        **said,
    )


def waves_of() -> list[Any]:
    """The waves of the test study."""
    waves: list[Any] = read_study(FOLDER)["waves"]
    return waves
