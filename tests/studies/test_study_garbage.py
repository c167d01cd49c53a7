"""One thing of a sound study replaced by garbage: problems that say where, or a study that can be frozen."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from django.conf import settings
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from exports.prereg import content_of, of_folder
from exports.prereg_words import as_markdown
from studies import yaml_file
from studies.check import check_data
from studies.definition import canonical
from studies.services import _content
from studies.sources import FolderSource
from studies.yaml_file import Path

MAIN = settings.EXPERIMENTS_DIR / "partner_selection/studies/main"
SAID: dict[str, Any] = yaml_file.parse((MAIN / "study.yaml").read_text(encoding="utf-8"), name="study.yaml").data
M3 = ("allocation", "conditions", "deception", "exclusions", "factors", "preregistration", "sample", "told", "waves")
GARBAGE: list[Any] = [
    None, True, -1, 0, 10**30, 10**400, 1e308, "", " ", "x", "x" * 9000, "a-b", "id", "consent",
    "\u0441\u043ensent",  # Cyrillic letters that look like ours
    "\u0662\u0660\u0662\u0667-03-31", "9999-99-99", "0001-01-01", "9999-12-31",  # days, and none
    "=1+1", "../../etc/passwd", "pages/\u202egpj.md", "/", "..", "{{ 1/0 }}", "{{", "(" * 150, "1/0 == 1", "a == b",
    "quiz_attempts > 1" + " or quiz_attempts > 2" * 8, "9" * 190 + " < 1", "~", "a ~ b", "~" * 400, "I(" * 200,
    [], {}, [[]], [None], {"": ""}, {"a": {"b": 1}}, [{"id": "x"}] * 3, ["x"] * 200, {f"k{n}": n for n in range(200)},
]  # fmt: skip


def paths(value: Any, here: Path = ()) -> Iterator[Path]:
    """Every place in some data, the whole of it aside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*here, key)
        yield from paths(each, (*here, key))


PLACES = [path for path in paths(SAID) if path[0] in M3]


def with_garbage(path: Path, value: Any) -> dict[str, Any]:
    said: Any = deepcopy(SAID)
    here = said
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    return dict(said)


def test_every_key_of_this_format_is_tried() -> None:
    assert {path[0] for path in PLACES} == set(M3)
    assert len(PLACES) > 200


@effort(max_examples=250, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(GARBAGE))
def test_garbage_in_one_place_is_told_or_can_be_frozen(path: Path, value: Any) -> None:
    checked = check_data(with_garbage(path, value), FolderSource(MAIN))
    for problem in checked.problems:
        assert problem.path
        assert problem.what
        str(problem).encode()
    if checked.study is not None:
        canonical(_content(checked).definition("seed")).encode()


def test_sound_study_is_registered_as_it_is() -> None:
    assert as_markdown(content_of(of_folder(MAIN))).startswith("# Preregistration")
