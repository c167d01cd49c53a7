"""The trust game: who earns what, what a seat is told, and what may be sent back."""

from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.trust.experiment import Settings, experiment
from exports.declared import Declared
from paradigm import Place, Seat, View
from tests.language.rehearsal import Group, Match


def group_of(pairs: int, **values: int) -> Group:
    roles = ["sender", "receiver"] * pairs
    seats = [Seat(number, role, "human") for number, role in enumerate(roles, start=1)]
    return Group(experiment, seats, Settings(**values), seed=str(values))


def told_at(match: Match, path: str) -> dict[str, View]:
    return {place.role: view for at, place, view in match.shown if at == path}


@settings(max_examples=40, deadline=None)
@given(endowment=st.integers(1, 10_000), multiplier=st.integers(1, 10), pairs=st.integers(1, 3))
def test_payoff_is_what_was_kept_and_sent_back(endowment: int, multiplier: int, pairs: int) -> None:
    group = group_of(pairs, endowment=endowment, multiplier=multiplier, rounds=2).play()
    assert len(group.plays) == 2 * pairs
    for play in group.plays:
        at = {place.role: place.seat for place in play.places}
        sent = play.acts["send"][at["sender"]]["sent"]
        back = play.acts["back"][at["receiver"]]["returned"]
        assert 0 <= sent <= endowment
        assert 0 <= back <= sent * multiplier
        assert play.points == {at["sender"]: endowment - sent + back, at["receiver"]: sent * multiplier - back}


def test_each_is_told_a_move_once_it_is_made_and_only_the_own_points() -> None:
    match = group_of(1).play().matches[0]
    assert {dict(view.facts) == {} for view in told_at(match, "send").values()} == {True}
    asked = told_at(match, "back")["receiver"].facts
    assert asked["received"] == 3 * int(asked["sent"])
    assert "returned" not in told_at(match, "back")["sender"].facts
    results = told_at(match, "result")
    assert results["sender"].facts["returned"] == results["receiver"].facts["returned"]
    points = {role: view.facts["points"] for role, view in results.items()}
    places: dict[str, Place] = {place.role: place for at, place, _ in match.shown if at == "result"}
    play = match.group.plays[0]
    assert points == {role: play.points[place.seat] for role, place in places.items()}


def test_dataset_tells_the_widest_bounds_where_they_follow_from_the_game() -> None:
    """What B can send back follows from what A sent; before anybody plays only the pot is known."""
    declared = Declared(experiment, Settings(endowment=10, multiplier=3))
    fields = declared.fields("back", "receiver")
    assert (fields["returned"].low, fields["returned"].high) == (0, 30)  # type: ignore[attr-defined]
    assert declared.picks_a_partner("back", "receiver") is None
