"""One thing of a sound scale replaced by garbage: problems that say where, or a scale that can be asked and scored."""

from copy import deepcopy
from random import Random
from typing import Any

import yaml
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from measures.draws import draw
from measures.scoring import scores_of
from studies.check import check_data
from studies.scales import parse, scale_items, scored
from studies.sources import FolderSource
from studies.yaml_file import Path
from tests.studies.test_scale_checks import SCALE
from tests.studies.test_study_garbage import GARBAGE, MAIN, SAID, paths

SCALE_SAID: dict[str, Any] = yaml.safe_load(SCALE)
SCALE_SAID["anchors"] = {"low": 1, "high": 7, "labels": {"1": "not at all", "4": "so so", "7": "very much"}}
SCALE_SAID["items"][3]["labels"] = {"1": "short", "7": "long"}
SCALE_SAID["items"].append({"id": "pair", "type": "circles", "text": "How close?", "other": "the others"})
PLACES = list(paths(SCALE_SAID))
EXAMPLES = 40  # each checks a whole study


class Source(FolderSource):
    """The shipped study, with a scale beside it."""

    def __init__(self, scale: str) -> None:
        super().__init__(MAIN)
        self.scale = scale

    def read(self, path: str) -> str:
        return self.scale if path == "scales/near.yaml" else super().read(path)


def study() -> dict[str, Any]:
    said: dict[str, Any] = deepcopy(SAID) | {"scales": {"near": {"file": "scales/near.yaml"}}}
    survey = next(one for one in said["waves"][0]["stages"] if one["kind"] == "survey" and "purpose" not in one)
    survey["scales"] = ["near"]
    return said


STUDY = study()


def spoiled(path: Path, value: Any) -> str:
    said: Any = deepcopy(SCALE_SAID)
    here = said
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    return str(yaml.safe_dump(said, allow_unicode=True, sort_keys=False))


def test_scale_without_garbage_is_sound() -> None:
    assert check_data(STUDY, Source(spoiled(("note",), ""))).study is not None


@effort(max_examples=EXAMPLES, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(GARBAGE))
def test_garbage_in_a_scale_is_told_or_can_be_asked_and_scored(path: Path, value: Any) -> None:
    text = spoiled(path, value)
    checked = check_data(STUDY, Source(text))
    for problem in checked.problems:
        assert problem.path
        assert problem.what
        str(problem).encode()
    if checked.study is not None:
        scale = parse(text)
        drawn = draw(scale, Random(1))
        asked = scale_items("near", scale, {}, at=0, may_skip=False)
        assert len(asked) == len(drawn.shown) + len(drawn.left_out) == len(scale.items)
        assert all(one.field.clean(str(one.field.simulate(Random(1)))) is not None for one in asked)
        replies = {item.id: scale.anchors.low for item in scored(scale)}
        assert all(score.value is not None for score in scores_of(scale, dict(replies)))
