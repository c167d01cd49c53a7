"""The example that reads a decline from a dataset: right figures from curves that are known, and only what is there."""

import csv
import importlib.util
from math import isnan
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from config.places import ROOT


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """As anybody would run it: it is no part of the platform."""
    spec = importlib.util.spec_from_file_location("novelty_decay", ROOT / "docs" / "examples" / "novelty_decay.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def write(folder: Path, table: str, rows: list[dict[str, Any]]) -> None:
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def dataset(folder: Path, curves: dict[str, dict[int, float]], levels: dict[str, str]) -> None:
    """As an export has it: with subscales, other scales and waves, and visits without a score."""
    scores = [
        {"participant": code, "wave": "chat", "repeat": k, "scale": "closeness", "subscale": "", "score": y}
        for code, curve in curves.items()
        for k, y in curve.items()
    ]
    beside = {"participant": "pa", "wave": "chat", "repeat": 1, "scale": "closeness", "subscale": "felt", "score": 99}
    scores += [
        beside,
        beside | {"scale": "enjoyment", "subscale": ""},
        beside | {"wave": "final", "subscale": ""},
        beside | {"subscale": "", "repeat": 5, "score": ""},
    ]
    write(folder, "scores", [*scores, {**beside, "participant": "pq", "subscale": "", "score": 1}])
    origins = dict.fromkeys(curves, "link") | {"pq": "pilot"}
    write(folder, "participants", [{"participant": code, "origin": origin} for code, origin in origins.items()])
    given = [
        {"unit": "participant", "unit_code": code, "condition": f"memory={level}"} for code, level in levels.items()
    ]
    write(folder, "allocations", [*given, {"unit": "group", "unit_code": "pa", "condition": "memory=neither"}])


CURVES = {
    "pa": {1: 5.0, 2: 4.0, 3: 3.5, 4: 3.0},
    "pb": {1: 3.0, 2: 3.0, 4: 2.0},
    "pc": {1: 4.0},
}


def test_figures_of_known_curves_are_those_worked_out_by_hand(example: ModuleType, tmp_path: Path) -> None:
    dataset(tmp_path, CURVES, {"pa": "kept", "pb": "wiped", "pc": "wiped"})
    found = example.curves(tmp_path, "closeness", "chat")
    assert found == CURVES
    assert example.drops(found) == [-1.0, 0.0]
    assert example.in_sd_of_first(found) == pytest.approx(-0.5 / 2**0.5)
    assert example.slopes(found) == pytest.approx([-0.5, -0.5])
    assert example.ends(4)(found) == [-2.0, -1.0]
    assert example.estimate([-1.0, 0.0]) == pytest.approx((-0.5, 0.5))
    assert example.contrast([-1.0, 0.0], [1.0, 3.0]) == pytest.approx((-2.5, (0.25 + 1.0) ** 0.5))
    assert example.extrapolation_error(found, 4) == pytest.approx(2.5 - 4.0)
    assert example.levels(tmp_path, "memory") == {"pa": "kept", "pb": "wiped", "pc": "wiped"}


def test_printed_lines_tell_completers_from_all_and_level_from_level(
    example: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset(tmp_path, CURVES, {"pa": "kept", "pb": "wiped", "pc": "wiped"})
    example.main([str(tmp_path), "closeness", "chat", "memory"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("  ")[0].strip() for line in lines] == [
        "everybody, all available", "everybody, completers", "kept, all available", "kept, completers",
        "wiped, all available", "wiped, completers",
        "wiped less kept, all available", "wiped less kept, completers",
        "kept less wiped, all available", "kept less wiped, completers",
    ]  # fmt: skip
    assert "D1 -0.500 (SE 0.500, 95% -1.480 to +0.480, n=2, -0.35 SD)" in lines[0]
    assert "paired -1.500 (SE 0.500, 95% -2.480 to -0.520, n=2)" in lines[0]
    assert lines[0].endswith("left 3 2 1 2")
    assert "D1 -1.000" in lines[1]
    assert lines[1].endswith("left 1 1 1 1")
    assert "D1 +1.000 (SE nan" in lines[6], "of one person each there is no standard error"


def test_contrast_of_levels_has_the_standard_error_of_both(
    example: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = {"pa": 1.0, "pb": 3.0, "pc": 0.0, "pd": 2.0, "pe": 4.0}
    dataset(tmp_path, {code: {1: 0.0, 2: end} for code, end in ends.items()}, dict(zip(ends, "aabbb", strict=True)))
    example.main([str(tmp_path), "closeness", "chat", "memory"])
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith("b less a, all available")]
    error = (1.0 + 4.0 / 3) ** 0.5  # variances 2 of two and 4 of three
    assert f"D1 +0.000 (SE {error:.3f}, 95% {-1.96 * error:+.3f} to {1.96 * error:+.3f}, n=3, 2)" in line


def test_what_comes_back_is_reckoned_against_each_ones_own_line(example: ModuleType) -> None:
    later = {"pa": {1: 4.0, 2: 9.0}, "pb": {1: 2.0}, "pc": {1: 4.0}, "pd": {1: 5.0}}
    own = [4.0 - 2.25, 2.0 - 12 / 7]  # lines by hand: 3.875 - 0.65 * 2.5, and 8/3 - 5/14 * 8/3; pc has no line
    assert example.backs(later, 4)(CURVES) == pytest.approx(own)


def test_nothing_is_made_up_where_nothing_is_known(example: ModuleType) -> None:
    assert example.drops({"pa": {1: 3.0}}) == []
    assert example.slopes({"pa": {1: 3.0, 2: 2.0}}) == []
    assert isnan(example.estimate([])[0])
    assert isnan(example.estimate([1.0])[1])
    assert isnan(example.extrapolation_error({}, 7))
    assert example.backs({"pa": {1: 3.0}}, 1)({"pa": {1: 3.0}}) == []
