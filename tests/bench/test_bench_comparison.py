"""Statements are counted as PostgreSQL logs them, oTree is read as its scripts do, and the table says what is so."""

from typing import Any

import pytest

from bench import plan, table
from bench.browser import Answer
from bench.otree_visit import read
from bench.plan import FULL, QUICK
from bench.statements import Counts, count
from bench.table import Goal
from config.places import ROOT
from studies.check import check

LOG = """\
7|LOG:  statement: SELECT 1
7|LOG:  statement: INSERT INTO a VALUES (1)
7|LOG:  statement: BEGIN
8|LOG:  statement: BEGIN (implicit)
8|LOG:  execute _pg3_1: SELECT 2
8|DETAIL:  Parameters: $1 = '1'
7|LOG:  statement: SAVEPOINT s1
7|LOG:  statement: UPDATE a SET b = 1
\tWHERE c = 2
7|LOG:  statement: ROLLBACK TO SAVEPOINT s1
8|LOG:  statement: COMMIT
7|LOG:  statement: COMMIT
7|LOG:  statement: BEGIN
7|LOG:  statement: DELETE FROM a
7|LOG:  statement: ROLLBACK
7|LOG:  statement: SET lock_timeout = 1
"""


def test_statements_and_commits_are_counted_by_connection() -> None:
    counts = count(LOG.splitlines())
    assert counts == Counts(queries=5, writing_commits=2, reading_commits=1)
    assert counts.less(Counts(queries=2, writing_commits=4), 0.5) == Counts(4, 0, 1)


def test_otree_pages_are_read_as_their_scripts_read_them() -> None:
    form = """<input type="checkbox" name="take_part" value="1"><button class="otree-btn-next btn">Next</button>
      <script id="websocket-redirect" data-socket-url="/auto_advance?participant_code=x&amp;page_index=2"></script>"""
    page = read(Answer(200, "/p/x/trust/Consent/2", form, {}))
    assert (page.asked, page.has_button, page.is_over) == (["take_part"], True, False)
    assert page.socket == "/auto_advance?participant_code=x&page_index=2"
    waits = 'var RELOAD_PARAM = "?reload=1"; socket = makeReconnectingWebSocket("/group_by_arrival_time?a=1");'
    waiting = read(Answer(200, "/p/x/trust/Grouping/4?reload=1", waits, {}))
    assert (waiting.has_button, waiting.reloads, waiting.path) == (False, True, "/p/x/trust/Grouping/4")


@pytest.mark.parametrize(
    ("goal", "value", "said"),
    [
        (Goal("f", "ratio", 4, wish=6, is_least=True), 3.9, ">= 4 (go for 6): MISSED"),
        (Goal("f", "ratio", 4, wish=6, is_least=True), 5.0, ">= 4 (go for 6): reached"),
        (Goal("f", "ratio", 0.25, wish=0.15), 0.15, "<= 0.25 (go for 0.15): reached both"),
        (Goal("f", "ours", 50), 51.0, "<= 50: MISSED"),
        (Goal("f", "ours", 50), None, "<= 50: not measured"),
    ],
)
def test_goals_say_what_became_of_them(goal: Goal, value: float | None, said: str) -> None:
    assert goal.says(value) == said


def figures(side: str, **more: Any) -> dict[str, Any]:
    return {"cell": "20 people, full speed", "side": side, "think_seconds": 0, "note": "", **more}


def test_table_names_what_was_missed_and_what_was_broken_off() -> None:
    ours = figures("ours", participants_per_s=50.0, page_ms_p99=100.0, cpu_ms_per_participant=40.0)
    note = "only 3 of 60 people came to the end"
    theirs = figures("otree", participants_per_s=10.0, page_ms_p99=200.0, cpu_ms_per_participant=80.0, note=note)
    text = "\n".join(table.lines({"medians": [ours, theirs], "statements": [], "creation_s": {"ours": 1.0}}))
    rows = {row[: table.WIDTHS[0]].strip(): row for row in text.splitlines()}
    assert rows["participants per second"].endswith("5.000   >= 4 (go for 6): reached")
    assert rows["page p99, ms"].endswith("0.500   <= 0.25 (go for 0.15): MISSED")
    assert rows["CPU per participant, ms"].endswith("0.500   <= 0.4: MISSED")
    assert f"otree: {note}" in text


def test_sides_take_turns_and_people_come_in_pairs() -> None:
    one, two = [type("Side", (), {"name": name})() for name in ("ours", "otree")]
    order = [side.name for side, _ in plan.in_turns(FULL, [one, two])]
    assert order[:4] == ["ours", "otree", "otree", "ours"]
    assert order[2 * len(FULL.crowds)] == "otree"  # the next repetition begins with the other
    assert order.count("ours") == FULL.repetitions * len(FULL.crowds)
    assert all(crowd.total % 2 == 0 for size in (QUICK, FULL) for crowd in size.crowds)


@pytest.mark.parametrize("name", ["study", "talk_study"])
def test_studies_of_the_benchmark_are_sound(name: str) -> None:
    assert check(ROOT / "bench" / name) == []
