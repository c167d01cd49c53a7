"""Can anything but words tell a program from a person, where nobody says which is which?"""

import logging
from collections.abc import Iterator

import pytest

from tests.blinding.classify import ENOUGH
from tests.blinding.installation import Copied
from tests.blinding.leaks import LEAKS
from tests.blinding.meetings import Play
from tests.blinding.study import CALM, SURE
from tests.blinding.turns import Row
from tests.blinding.verdict import verdict_on

PLAYS = 15
AT_A_TIME = 40  # groups; 120 people, who keep half of two cores busy
log = logging.getLogger("rapport.blinding")  # shown by --log-cli-level=INFO


@pytest.fixture(scope="module")
def copied() -> Iterator[Copied]:
    """One installation whose source is exchanged from test to test."""
    with Copied() as installation:
        yield installation


def _is_blind(copied: Copied, seed: str, groups: int) -> bool:
    clean = verdict_on(*copied.rows(Play(seed, groups=groups, rounds=2, pace=SURE)))
    log.info("clean\n%s", clean)
    return clean.is_blind


@pytest.mark.timeout(600)
def test_little_tells_nothing_and_one_planted_leak_is_caught(copied: Copied) -> None:
    # So few turns differ by chance once in some dozen plays, and not three times; a leak is there each time.
    assert any(_is_blind(copied, f"small-{number}", groups) for number, groups in enumerate((10, 20, 20)))
    copied.restart(next(leak for leak in LEAKS if "header" in leak.name))
    leaking = verdict_on(*copied.rows(Play("small-leak", groups=6, rounds=2, pace=SURE)))
    log.info("with a leak\n%s", leaking)
    assert leaking.tells, leaking
    assert not leaking.is_blind


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_two_thousand_turns_of_each_kind_tell_nothing(copied: Copied) -> None:
    # Rows of one meeting go together, and in a group every program keeps its seat: many groups for few rounds tell more
    # than few groups for many. Not all play at once: on a machine that is busy, pages are slower where a person's
    # browser asks for one, too.
    copied.restart(None)
    turns: list[Row] = []
    meetings: list[Row] = []
    for number in range(PLAYS):
        more, met = copied.rows(Play(f"large-{number}", groups=AT_A_TIME, rounds=2, pace=CALM))
        turns, meetings = turns + more, meetings + met
    verdict = verdict_on(turns, meetings)
    log.info("clean\n%s", verdict)
    assert min(verdict.areas[0].programs, verdict.areas[0].people) >= ENOUGH
    assert verdict.is_blind, verdict


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_every_planted_leak_is_caught(copied: Copied) -> None:
    unseen = {}
    for number, leak in enumerate(LEAKS):
        copied.restart(leak)
        verdict = verdict_on(*copied.rows(Play(f"leak-{number}", groups=AT_A_TIME, rounds=leak.rounds, pace=leak.pace)))
        log.info("%s\n%s", leak.name, verdict)
        if verdict.is_blind or not verdict.tells:
            unseen[leak.name] = str(verdict)
    assert unseen == {}
