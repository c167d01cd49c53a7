"""Labels that are drawn, and who is shown whose: pure, without a database."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow.labels import ALL, drawn, shown_to
from matching.models import Seat
from paradigm import Place
from studies.schema import Told

LABELS = st.dictionaries(st.text(max_size=8), st.integers(1, 1000), min_size=2, max_size=6)
TRIAD = [Place(1, "selector", "Chooser", "P"), Place(2, "candidate", "A", "Q"), Place(3, "candidate", "B", "R")]


def match(*, code: str = "g1", number: int = 1, round_number: int = 1, seed: str = "seed") -> Any:
    """A match as the draw knows it."""
    group = SimpleNamespace(code=code, version=SimpleNamespace(seed=seed))
    return SimpleNamespace(group=group, round=round_number, number=number)


@given(LABELS, st.text(max_size=10), st.integers(1, 50), st.integers(1, 50))
def test_draw_is_one_of_the_labels_and_the_same_whenever_asked(
    labels: dict[str, int], seed: str, round_number: int, seat: int
) -> None:
    one = match(seed=seed, round_number=round_number)
    found = drawn(labels, one, seat)
    assert found in labels
    assert found == drawn(dict(reversed(labels.items())), one, seat), "a stored file keeps no order"


@given(st.integers(1, 9), st.integers(1, 9), st.text(min_size=1, max_size=8))
def test_labels_are_drawn_as_often_as_their_weights_say(person: int, ai: int, seed: str) -> None:
    matches = [match(seed=seed, round_number=number) for number in range(1, 301)]
    found = Counter(drawn({"Person": person, "AI": ai}, one, seat) for one in matches for seat in (1, 2))
    share = person / (person + ai)
    # six standard deviations: of a million runs none fails by chance
    assert abs(found["Person"] / 600 - share) < 6 * (share * (1 - share) / 600) ** 0.5


def test_seats_rounds_matches_groups_and_studies_are_drawn_for_apart() -> None:
    even = {"Person": 1, "AI": 1}
    rows = {
        "seat": [drawn(even, match(), seat) for seat in range(40)],
        "round": [drawn(even, match(round_number=n), 1) for n in range(40)],
        "match": [drawn(even, match(number=n), 1) for n in range(40)],
        "group": [drawn(even, match(code=f"g{n}"), 1) for n in range(40)],
        "seed": [drawn(even, match(seed=f"s{n}"), 1) for n in range(40)],
    }
    assert all(len(set(found)) == 2 for found in rows.values())
    assert len({tuple(found) for found in rows.values()}) == len(rows)


@pytest.mark.parametrize(
    ("who_knows", "role", "shown"),
    [
        ("everybody", "candidate", "PQR"),
        ("nobody", "candidate", ""),
        ({"candidate": "own"}, "candidate", "Q"),
        ({"candidate": "others"}, "candidate", "PR"),
        ({"candidate": "all"}, "candidate", "PQR"),
        ({"candidate": "none"}, "candidate", ""),
        ({"candidate": ["rivals"]}, "candidate", "R"),
        ({"candidate": ["partners", "own"]}, "candidate", "PQ"),
        ({"candidate": "own", "selector": ["partners"]}, "selector", "QR"),
        ({"candidate": "own"}, "selector", ""),
    ],
)
def test_seat_is_shown_the_labels_that_its_role_knows(who_knows: Any, role: str, shown: str) -> None:
    told = Told.model_validate({"ai_may_be_present": True, "share": "some", "who_knows": who_knows})
    reader = Seat(number=1 if role == "selector" else 2, role=role, knows="|".join(told.labels_known(role)))
    assert "".join(place.label for place in shown_to(reader, TRIAD)) == shown
    assert [(place.seat, place.position) for place in shown_to(reader, TRIAD)] == [(1, "Chooser"), (2, "A"), (3, "B")]


def test_where_all_have_one_role_the_others_are_partners() -> None:
    pair = [Place(1, "player", "A", "P"), Place(2, "player", "B", "Q")]
    assert [place.label for place in shown_to(Seat(number=1, role="player", knows="partners"), pair)] == ["", "Q"]
    assert [place.label for place in shown_to(Seat(number=1, role="player", knows="own|rivals"), pair)] == ["P", ""]


def test_seat_of_before_is_shown_everything() -> None:
    assert Seat().knows == ALL
    assert shown_to(Seat(number=2, role="candidate"), TRIAD) is TRIAD
