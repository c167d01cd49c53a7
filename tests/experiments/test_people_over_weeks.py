"""Seven conversations of two people who stay partners: they come late, stay away, leave; exits, pay and pairs agree."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.experiments.test_longitudinal_weeks import STEADY, shorter, visits_of
from tests.experiments.weeks import Row, Study, Weeks, play
from tests.sizes import sized

pytestmark = [pytest.mark.sized, pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]

PEOPLE = sized(test=14, long=40)  # of eight it happened that nobody stayed away for good
SPRING = datetime(2027, 3, 20, 9, tzinfo=UTC)  # eight days before clocks go forward in London
LATE_HOURS = sized(test=3, long=12) / 60
DROPPING_OUT = sized(test=6, long=2) / 100
LONGEST_WAIT = sized(test=600, long=2700)  # the study's own is 45 minutes
# What each visit pays, and a minute of waiting, in pence: as the study file has it.
PAID, MINUTE = {"intake": 250, "chat": 350, "final": 250}, 10
EXITS = {"completed", "too_many_missed", "partner_gone", "no_partner", "left", "away", "stopped_early"}
VISITS = 8  # after the first


def of_people(said: Study) -> None:
    """The same study with talks of a minute."""
    shorter(said)
    for wave in said["waves"]:
        for stage in wave["stages"]:
            if stage["kind"] == "waiting_room":
                stage["max_wait_seconds"] = LONGEST_WAIT


def test_seven_chats_of_people_who_stay_partners(tmp_path: Path, own_pages: None) -> None:
    profile = STEADY.with_(
        arrivals_per_minute=4, visit_delay_hours=LATE_HOURS, missing_visits=0.08, dropping_out=DROPPING_OUT,
        misreading=0.15, not_ready=0.05, two_tabs=0.05, reloading=0.02,
    )  # fmt: skip
    weeks = play(tmp_path, "seven_chats_people", people=PEOPLE, profile=profile, change=of_people, start=SPRING)
    assert (weeks.report.run.differences, weeks.report.not_clean_because) == ([], [])
    planned = weeks.table("planned_sessions")
    assert set(visits_of(weeks).values()) == {VISITS}
    assert {"completed", "missed", "cancelled"} <= {row["state"] for row in planned}
    assert "partner_absent" in {row["reason"] for row in planned}, "some waited in vain"
    exits = {row["participant"]: row["exit"] for row in weeks.table("participants")}
    assert set(exits.values()) <= EXITS
    assert {"completed", "too_many_missed"} <= set(exits.values())
    _pay_follows_from_visits(weeks, exits)
    _pairs_are_what_sat_together(weeks)
    _pairs_end_as_their_people_do(weeks, exits)


def _pay_follows_from_visits(weeks: Weeks, exits: dict[str, str]) -> None:
    """Each completed visit, and each minute begun in a waiting room; reckoned from the tables alone."""
    owed: Counter[str] = Counter()
    for code in visits_of(weeks):
        owed[code] += PAID["intake"]
    for row in weeks.table("planned_sessions"):
        owed[row["participant"]] += PAID[row["wave"]] if row["state"] == "completed" else 0
    waited: Counter[str] = Counter()
    for row in weeks.table("waits"):
        waited[row["participant"]] += -(-int(row["waited_s"]) // 60) * MINUTE
    paid = {row["participant"]: row for row in weeks.table("payments")}
    assert set(paid) == set(exits)
    for code, row in paid.items():
        assert int(row["waiting_minor"]) == waited[code]
        assert int(row["total_minor"]) == owed[code] + waited[code], (code, exits[code])
    assert sum(waited.values()) > 0


def _people_of(weeks: Weeks) -> dict[str, set[str]]:
    """The two of each pair."""
    pair = {row["group"]: row["pair"] for row in weeks.table("groups") if row["pair"]}
    found: dict[str, set[str]] = defaultdict(set)
    for row in weeks.table("seats"):
        if row["group"] in pair and row["participant"]:
            found[pair[row["group"]]].add(row["participant"])
    return found


def _pairs_are_what_sat_together(weeks: Weeks) -> None:
    """`pairs` counts the visits in which the two sat together, and nobody ever sat with anybody else."""
    pairs = {row["pair"]: row for row in weeks.table("pairs")}
    people = _people_of(weeks)
    assert set(people) == set(pairs)
    assert {len(two) for two in people.values()} == {2}
    assert sum(map(len, people.values())) == len(set().union(*people.values())), "each has one partner, for all visits"
    met: dict[str, set[tuple[str, str]]] = defaultdict(set)
    pair = {row["group"]: row["pair"] for row in weeks.table("groups")}
    seats: dict[str, list[Row]] = defaultdict(list)
    for row in weeks.table("seats"):
        seats[row["group"]].append(row)
    for group, two in seats.items():
        assert {row["participant"] for row in two} == people[pair[group]]
        met[pair[group]].add((two[0]["wave"], two[0]["repeat"]))
    planned: dict[str, set[str]] = defaultdict(set)
    in_vain: dict[str, set[str]] = defaultdict(set)
    for row in weeks.table("planned_sessions"):
        if row["pair"]:
            planned[row["pair"]].add(row["number"])
            if row["reason"] == "partner_absent":
                in_vain[row["pair"]].add(row["number"])
    for code, row in pairs.items():
        visits = sorted(int(repeat) + 1 for _, repeat in met[code])  # the first is the intake
        assert {wave for wave, _ in met[code]} == {"chat"}
        assert int(row["visits_met"]) == len(visits) > 0
        assert (int(row["first_visit"]), int(row["last_visit"])) == (visits[0], visits[-1])
        assert int(row["visits_in_vain"]) == len(in_vain[code])
        assert int(row["visits_planned"]) >= len(planned[code]) >= len(visits) - 1 + len(in_vain[code])
    same = Counter(row["participant"] for row in weeks.table("sessions") if row["is_same_partner"] == "1")
    again = {code: len(met[one]) - 1 for one, two in people.items() for code in two}
    assert same == Counter({code: times for code, times in again.items() if times})


def _pairs_end_as_their_people_do(weeks: Weeks, exits: dict[str, str]) -> None:
    """A pair ends by the exit of whoever left first; whoever is left alone leaves by the exit for that."""
    people = _people_of(weeks)
    left_alone = {code for code, exit_ in exits.items() if exit_ == "partner_gone"}
    for row in weeks.table("pairs"):
        two = sorted(exits[code] for code in people[row["pair"]])
        assert row["status"] == "ended"
        assert row["end_reason"] in two
        if row["end_reason"] == "completed":
            assert not left_alone & people[row["pair"]]
        else:
            assert "partner_gone" in two or set(two) <= {"completed", row["end_reason"]}
    assert left_alone <= set().union(*people.values())
