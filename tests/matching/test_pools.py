"""Pools of partners: drawn by weight, with or without replacement, in turns over groups; kept, and drawn again."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from bots.run import run_groups
from exports.scope import Scope
from exports.tables.groups import SEATS
from matching.models import Group, Seat
from matching.pools import PLACE, Drawn, draw_from_pools
from matching.services import run_group
from paradigm.strategies import STRATEGIES
from studies.models import Version
from studies.pools import drawn_numbers, drawn_way
from studies.problems import errors
from studies.schema_pools import Pool
from studies.services import freeze
from tests.experiments.short_dilemma import MIXED, copied
from tests.verification.tampering import change
from verification.check import check

WAYS = ["tit_for_tat", "win_stay_lose_shift", "always_defect", "random"]


# --- the rule ---


@given(
    weights=st.dictionaries(st.sampled_from(WAYS), st.integers(1, 5)), seed=st.text(max_size=5), urn=st.integers(0, 3)
)
def test_each_urn_holds_everything_as_often_as_its_weight(weights: dict[str, int], seed: str, urn: int) -> None:
    pool = Pool.model_validate({"weights": weights})
    size = sum(weights.get(way, 1) for way in WAYS)
    drawn = [drawn_way(pool, WAYS, seed=seed, at=urn * size + place) for place in range(size)]
    assert Counter(drawn) == {way: weights.get(way, 1) for way in WAYS}
    assert drawn == [drawn_way(pool, WAYS, seed=seed, at=urn * size + place) for place in range(size)]


@given(low=st.floats(0, 1), high=st.floats(0, 1), seed=st.text(max_size=5))
def test_numbers_are_drawn_between_their_bounds(low: float, high: float, seed: str) -> None:
    low, high = sorted((round(low, 4), round(high, 4)))
    pool = Pool.model_validate({"settings": {"random": {"p": {"low": low, "high": high}, "noise": 0.1}}})
    found = drawn_numbers(pool, "random", seed=seed)
    assert low <= found["p"] <= high
    assert found["noise"] == 0.1
    assert drawn_numbers(pool, "grim", seed=seed) == {}


# --- groups ---


@pytest.fixture
def pooled(tmp_path: Path, db: None) -> Callable[..., Version]:
    """`pooled(draw, …)`: the study, its several programs drawn from a pool, and every group of several programs."""

    def make(pool: str, *, rounds: int = 1, turns: int = 1) -> Version:
        folder = copied(tmp_path, rounds=rounds, turns=turns)
        folder.change(MIXED, f"{MIXED}    pool: {pool}\n")
        folder.change("values: {one: same, several: mixed}", "values: {one: mixed, several: mixed}")
        folder.change(
            "  same:\n    occupant: policy\n    policies: [tit_for_tat]\n    label: {by: label, values: {hidden: \"\", "
            "disclosed: Program}}\n    asked_if_ai: deflect\n    delay: {min_s: 2, max_s: 12, chars_per_s: 8, "
            "think_s: [2, 6], miss: 0}\n",
            "",
        )  # fmt: skip
        return freeze(folder.path, seed="9")

    return make


@transaction.atomic
def formed(version: Version) -> Group:
    return run_group(version, "game")


def drawn(group: Group) -> list[str]:
    """The policies of a group's automated seats, by number."""
    return list(group.seats.filter(is_stand_in=False).order_by("number").values_list("policy", flat=True))


Make = Callable[..., Version]


@pytest.mark.django_db(transaction=True)
def test_without_replacement_nobody_meets_the_same_twice_before_all(pooled: Make) -> None:
    version = pooled("{draw: without_replacement}")
    groups = [drawn(formed(version)) for _ in range(6)]
    assert all(sorted(one) == sorted(WAYS) for one in groups)
    assert len({tuple(one) for one in groups}) > 1


@pytest.mark.django_db(transaction=True)
def test_with_replacement_each_seat_draws_by_weight(pooled: Make) -> None:
    version = pooled("{weights: {random: 12}}")
    counted = Counter(policy for _ in range(15) for policy in drawn(formed(version)))
    assert 35 <= counted["random"] <= 57  # of 60 with 12 in 15: 48 and a standard deviation of 3
    assert set(Seat.objects.filter(is_stand_in=False).values_list(f"settings__{PLACE}", flat=True)) == {0}


@pytest.mark.django_db(transaction=True)
def test_balanced_pool_goes_on_from_group_to_group(pooled: Make) -> None:
    version = pooled("{draw: balanced, weights: {tit_for_tat: 3}}")  # an urn of six, four seats a group
    counted = Counter(policy for _ in range(3) for policy in drawn(formed(version)))
    assert counted == {"tit_for_tat": 6, "win_stay_lose_shift": 2, "always_defect": 2, "random": 2}
    places = Seat.objects.filter(is_stand_in=False).values_list(f"settings__{PLACE}", flat=True)
    assert sorted(places) == list(range(12))


@pytest.mark.django_db(transaction=True)
def test_groups_that_form_at_once_take_places_of_their_own(pooled: Make) -> None:
    version = pooled("{draw: balanced}")

    def form(_number: int) -> None:
        try:
            formed(Version.objects.select_related("study").get(pk=version.pk))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(form, range(8)))
    places = Seat.objects.filter(is_stand_in=False).values_list(f"settings__{PLACE}", flat=True)
    assert sorted(places) == list(range(32))
    assert Counter(Seat.objects.filter(is_stand_in=False).values_list("policy", flat=True)) == dict.fromkeys(WAYS, 8)


@pytest.mark.parametrize("first", ["able", "baker"])
def test_pools_are_waited_for_in_one_order_whoever_sits_first(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else two groups that form at once could each hold the pool that the other waits for."""
    seats = [
        Seat(number=number, partner=partner, occupant="policy", settings={})
        for number, partner in enumerate(sorted(("able", "baker"), key=lambda one: one != first), start=1)
    ]
    waited: list[str] = []

    def begin(_version: Version, _group: Group, partner: str) -> int:
        waited.append(partner)
        return 0

    monkeypatch.setattr("matching.pools.pool_of", lambda *_: Pool.model_validate({"draw": "balanced"}))
    monkeypatch.setattr("matching.pools._begin", begin)
    monkeypatch.setattr("matching.pools.drawn_at", lambda *_, at: Drawn(f"grim {at}", {}))
    monkeypatch.setattr("matching.pools.settings_of", lambda *_: {})
    draw_from_pools(Version(), Group(), seats)
    assert [seat.policy for seat in seats] == ["grim 0", "grim 0"]
    assert waited == ["able", "baker"]


@pytest.mark.django_db(transaction=True)
def test_numbers_of_a_policy_are_drawn_for_each_seat_and_played(pooled: Make) -> None:
    version = pooled("{draw: without_replacement, settings: {random: {p: {low: 0.9, high: 1}}}}", rounds=4, turns=4)
    assert run_groups(version, 2).complete == 2
    seats = Seat.objects.filter(policy="random", is_stand_in=False)
    numbers = [seat.settings["numbers"]["p"] for seat in seats]
    assert len(numbers) == len(set(numbers)) == 2
    assert all(0.9 <= p <= 1 for p in numbers)
    others = Seat.objects.filter(is_stand_in=False).exclude(policy="random")
    assert [seat.settings["numbers"] for seat in others] == [{}] * 6
    rows = [row for row in SEATS.rows(Scope(version.study)) if row["policy"] == "random" and not row["is_stand_in"]]
    of_groups = {seat.group.code: seat.settings["numbers"] for seat in seats}
    assert {row["group"]: row["policy_numbers"] for row in rows} == of_groups
    assert {row["pool_place"] for row in rows} <= {0, 1, 2, 3}
    chosen = [act.values["choice"] for seat in seats for act in seat.acts.all() if act.path.endswith("/move")]
    assert chosen.count("C") > 0.8 * len(chosen) > 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"policy": "grim"}, {"draw of a seat from its pool"}),
        ({"settings": {"numbers": {"p": 0.5}}}, {"numbers of a seat from its pool"}),
        ({"settings": {PLACE: None}}, {"place of a seat in its pool"}),
        ({"settings": {PLACE: 99}}, {"places of a pool"}),
    ],
)
def test_verify_draws_again(pooled: Make, changes: dict[str, Any], named: set[str]) -> None:
    version = pooled("{draw: balanced, settings: {random: {p: {low: 0, high: 1}}}}")
    run_groups(version, 1)
    assert check(version.study, late_after_seconds=3600).differences == []
    seat = Seat.objects.filter(is_stand_in=False).first()
    assert seat is not None
    settings = {**seat.settings, **changes.get("settings", {})}
    settings = {name: value for name, value in settings.items() if value is not None}
    change(seat, **{**changes, "settings": json.dumps(settings)})
    found = {each.what for each in check(version.study, late_after_seconds=3600).differences}
    assert found >= named


# --- the study file ---


@pytest.mark.parametrize(
    ("pool", "code", "path"),
    [
        ("{weights: {grim: 2}}", "E893", "partners.mixed.pool.weights.grim"),
        ("{settings: {grim: {noise: 0.1}}}", "E893", "partners.mixed.pool.settings.grim"),
        ("{settings: {random: {p: {low: 0.9, high: 0.1}}}}", "E893", "partners.mixed.pool.settings.random.p"),
        ("{settings: {random: {p: {low: 0.9, high: 1.1}}}}", "E891", "partners.mixed.pool.settings.random.p"),
        ("{settings: {random: {chi: 3}}}", "E890", "partners.mixed.pool.settings.random.chi"),
    ],
)
def test_pool_that_does_not_fit_is_refused(tmp_path: Path, pool: str, code: str, path: str) -> None:
    folder = copied(tmp_path)
    folder.change(MIXED, f"{MIXED}    pool: {pool}\n")
    assert folder.one(code).path == path


def test_pool_of_a_partner_that_lasts_is_refused_and_one_seat_warned_about(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    folder.change(MIXED, f"{MIXED}    pool: {{draw: without_replacement}}\n")
    assert errors(folder.problems()) == []
    folder.change("ai: 4}", "ai: 1}")
    assert folder.one("W890").path == "partners.mixed.pool.draw"
    folder.change(MIXED, f"{MIXED}    identity: {{display_name: {{draw_from: [Ann]}}}}\n")
    assert folder.one("E894").path == "partners.mixed.pool"


def test_pools_of_these_tests_are_of_strategies() -> None:
    assert set(WAYS) <= set(STRATEGIES)
