"""The measuring instrument itself: what it finds in numbers that were made, and what it does not."""

import subprocess
import sys
from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from config.places import ROOT
from tests.blinding.classify import TOLD_APART, auc_of, bound, table
from tests.blinding.features import PageRead, of_page, of_value
from tests.blinding.leaks import LEAKS, MODEL_LEAKS, Leak
from tests.blinding.scorers import Few
from tests.blinding.turns import Row
from tests.blinding.verdict import verdict_on

Made = Callable[[Random, bool, int], dict[str, float]]


def made(how: Made, *, groups: int = 16, each: int = 20) -> list[Row]:
    """Rows of programs and people by turns, in groups whose numbers go together."""
    rng = Random(7)
    return [Row(f"g{g}", bool(n % 2), how(rng, bool(n % 2), g)) for g in range(groups) for n in range(each)]


def noise(rng: Random, is_program: bool, group: int) -> dict[str, float]:
    return {f"x{i}": group + rng.gauss(0, 1) for i in range(12)}


def later(rng: Random, is_program: bool, group: int) -> dict[str, float]:
    return {**noise(rng, is_program, group), "gap": rng.uniform(0, 3) + is_program}


def rounded(rng: Random, is_program: bool, group: int) -> dict[str, float]:
    seconds = rng.uniform(0, 3)
    return {**noise(rng, is_program, group), "phase": round(seconds) % 1 if is_program else seconds % 1}


def missing(rng: Random, is_program: bool, group: int) -> dict[str, float]:
    is_void = not is_program and rng.random() < 0.4
    return noise(rng, is_program, group) | ({"void: frames": 3.0} if is_void else {})


def test_numbers_that_differ_by_group_alone_tell_nothing() -> None:
    verdict = verdict_on(made(noise), [])
    assert verdict.is_blind, verdict
    assert not verdict.tells


@pytest.mark.parametrize("how", [later, rounded, missing])
def test_one_telling_number_among_many_is_found(how: Made) -> None:
    verdict = verdict_on(made(how), [])
    assert verdict.tells, verdict
    assert not verdict.is_blind


def among_many(rng: Random, is_program: bool, group: int) -> dict[str, float]:
    """Of programs one of a thousand columns is nearer to its middle."""
    columns = {f"x{i}": rng.gauss(0, 1) for i in range(1000)}
    return columns | {"x7": rng.gauss(0, 0.3 if is_program else 1.0)}


def test_one_column_among_a_thousand_is_found_by_its_spread() -> None:
    areas = {one.what: one for one in verdict_on(made(among_many, groups=40, each=8), []).areas}
    assert areas["turns by few"].low > TOLD_APART
    assert areas["turns by line"].low < TOLD_APART


def test_few_keep_no_column_that_only_goes_with_groups() -> None:
    """Rows of one meeting are alike, so what seems to tell is counted by group and not by row."""
    rng = np.random.default_rng(13)
    kept = 0
    for _ in range(40):
        is_program = np.repeat(rng.random(60) < 0.5, 10)
        values = np.repeat(rng.normal(0, 1, (60, 50)), 10, axis=0)
        few = Few()
        few.fit(values, is_program, np.repeat(np.arange(60), 10))
        kept += len(few.kept) > 0
    assert kept <= 7, "some 2 of 40 are expected, and more than 7 are so by chance in one of a thousand"


def test_limits_are_those_of_delong_where_every_row_is_a_group_of_its_own() -> None:
    """Against the variance written out: components of each row, divided by their number less one."""
    rng = np.random.default_rng(3)
    truth = np.arange(400) % 2 == 1
    scores = rng.normal(0, 1, 400) + truth * 0.5
    found = auc_of(scores, truth, np.arange(400))
    above = scores[truth][:, None] > scores[~truth][None, :]
    error = np.sqrt(above.mean(1).var(ddof=1) / 200 + above.mean(0).var(ddof=1) / 200)
    assert found.auc == pytest.approx(above.mean())
    assert (found.high - found.low) / 2 == pytest.approx(1.966 * error, rel=0.01)


def test_limits_are_wider_where_rows_of_a_group_go_together() -> None:
    rng = np.random.default_rng(5)
    truth = np.arange(600) % 2 == 1
    group = np.arange(600) // 30
    scores = rng.normal(0, 1, 20)[group] * np.where(truth, 1, -1) + rng.normal(0, 1, 600)
    together, apart = auc_of(scores, truth, group), auc_of(scores, truth, np.arange(600))
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_limits_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(11)
    truth = np.arange(240) % 2 == 1
    found = [auc_of(rng.normal(0, 1, 240), truth, np.arange(240) // 12) for _ in range(400)]
    assert 0.92 <= np.mean([one.low <= 0.5 <= one.high for one in found]) <= 0.98


def test_bound_narrows_with_the_number_of_rows_to_what_was_promised() -> None:
    found = [bound(n, n, 20) for n in (50, 200, 800, 2000)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == TOLD_APART


def test_everything_but_words_is_read_from_a_page() -> None:
    def numbers(html: str) -> dict[str, float]:
        return of_page(PageRead(html), "page")

    one = numbers('<div id="page" data-rev="a1"><p class="said">amber</p></div>')
    assert one == numbers('<div id="page" data-rev="a1"><p class="said">lilac</p></div>')
    for other in (
        '<div id="page" data-rev="a2"><p class="said">amber</p></div>',
        '<div id="page" data-rev="a1"><p class="said" data-x="1">amber</p></div>',
        '<div id="page" data-rev="a1"><!-- x --><p class="said">amber</p></div>',
        '<div id="page" data-rev="a1"><p class="said">amber</p><b></b></div>',
    ):
        assert numbers(other) != one
    cards = '<span class="letter">{}</span><span class="letter">{}</span>'
    assert numbers(cards.format("3", "4")) != numbers(cards.format("4", "3")), "where somebody stands is no talk"
    assert of_value("seq", "12") == {"seq": 12.0}


def test_columns_that_say_nothing_are_left_out() -> None:
    rows = [
        Row("g", True, {"same": 1.0, "key is": i / 10, "gap": float(i % 2), "twin": float(i % 2)}) for i in range(9)
    ]
    assert table(rows).names == ["gap"]


# Names that do not exist, too: a page that fails tells nothing, and would be no leak.
RUFF = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", "--stdin-filename"]


@pytest.mark.parametrize("leak", [*LEAKS, *MODEL_LEAKS], ids=lambda leak: leak.name)
def test_every_leak_can_still_be_planted(leak: Leak) -> None:
    """An edit whose place is gone would plant nothing, and the test of leaks would pass for the wrong reason."""
    for edit in leak.edits:
        text = edit.applied(ROOT)
        assert text != (ROOT / edit.file).read_text()
        if edit.file.endswith(".py"):
            wrong = subprocess.run([*RUFF, edit.file, "-"], input=text, capture_output=True, text=True, check=False)
            assert wrong.returncode == 0, wrong.stdout
