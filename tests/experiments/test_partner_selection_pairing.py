"""Who meets whom in partner selection: everyone once, both kinds, nobody again too soon."""

from collections import Counter
from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.partner_selection.experiment import Settings
from experiments.partner_selection.rules import triads
from paradigm import Matching, MatchPlan
from tests.experiments.societies import rounds_of, seats_of

counts = st.integers(min_value=0, max_value=6)


@settings(max_examples=150, deadline=None)
@given(selectors=counts, humans=counts, ais=counts, seed=st.integers(0, 9999), gone=st.sets(st.integers(1, 18)))
def test_pairing_seats_each_once_in_its_role_and_as_many_as_fit(
    selectors: int, humans: int, ais: int, seed: int, gone: set[int]
) -> None:
    everybody = seats_of(selectors, humans, ais)
    past: list[Sequence[MatchPlan]] = []
    for number in (1, 2, 3):
        present = everybody if number == 1 else [seat for seat in everybody if seat.number not in gone]
        plans = triads(Matching(present, number, Random(f"{seed}/{number}"), Settings(), tuple(past)))
        past.append(plans)
        roles, kinds = ({seat.number: getattr(seat, name) for seat in present} for name in ("role", "kind"))
        placed = [seat for plan in plans for seat in plan.seats.values()]
        assert len(set(placed)) == len(placed)
        assert all(set(plan.seats) == {"Chooser", "A", "B"} for plan in plans)
        assert all(
            roles[seat] == ("selector" if at == "Chooser" else "candidate")
            for p in plans
            for at, seat in p.seats.items()
        )
        count = Counter((roles[seat.number], kinds[seat.number]) for seat in present)
        people, others = count["candidate", "human"], count["candidate", "ai"]
        assert len(plans) == min(count["selector", "human"], (people + others) // 2)
        mixed = sum(len({kinds[plan.seats["A"]], kinds[plan.seats["B"]]}) == 2 for plan in plans)
        assert mixed == min(len(plans), people, others)


def test_pairing_of_a_full_group_is_always_mixed_and_repeats_no_pair_while_it_need_not() -> None:
    seats = seats_of(4, 4, 4)
    kinds = {seat.number: seat.kind for seat in seats}
    for seed in range(40):
        past = rounds_of(seats, 8, seed=str(seed))
        for plans in past:
            assert len(plans) == 4
            assert all({kinds[plan.seats["A"]], kinds[plan.seats["B"]]} == {"human", "ai"} for plan in plans)
        met = Counter((plan.seats["Chooser"], plan.seats[at]) for plans in past[:4] for plan in plans for at in "AB")
        assert set(met.values()) == {1}
        assert len(met) == 32
        met.update((plan.seats["Chooser"], plan.seats[at]) for plans in past[4:] for plan in plans for at in "AB")
        assert set(met.values()) == {2}


def test_pairing_gives_people_and_ai_each_letter_equally_often() -> None:
    seats = seats_of(2, 2, 2)
    kinds = {seat.number: seat.kind for seat in seats}
    firsts = [
        kinds[plan.seats["A"]] for seed in range(250) for plans in rounds_of(seats, 4, seed=str(seed)) for plan in plans
    ]
    share = firsts.count("human") / len(firsts)
    assert len(firsts) == 2000
    assert abs(share - 0.5) < 0.04  # 3.6 standard errors


def test_pairing_lets_those_rest_who_have_played_most() -> None:
    seats = seats_of(3, 3, 2)  # five candidates: two triads a round, so a Chooser and a Responder rest
    past = rounds_of(seats, 15, seed="3")
    played = Counter(seat for plans in past for plan in plans for seat in plan.seats.values())
    choosers = [played[seat.number] for seat in seats if seat.role == "selector"]
    assert max(choosers) - min(choosers) <= 1
    assert all(played[seat.number] >= 9 for seat in seats)
