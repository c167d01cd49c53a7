"""Topics over visits: balanced by place and by what comes before, drawn once, and told to whoever talks."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from exports.scope import Scope
from exports.tables.groups import GROUPS, ROUNDS
from flow.game import game_of
from matching.models import Group, Seat, TopicOrder
from matching.topics import topic_of
from participants.models import Participant
from scheduling.models import Session
from studies import definition
from studies.definition import parameters
from studies.latin import square
from studies.models import Version
from studies.schema_stages import GameStage
from studies.slots import slots
from studies.topics import Topics, balanced, in_visit
from tests.chat.conftest import games_are_installed  # noqa: F401  fixtures are found by name
from tests.chat.rooms import make_version, study_file
from tests.machinery.people import at_once
from verification.check import check

POOL = ["hobbies", "work", "family"]


@given(size=st.integers(2, 9), seed=st.text(max_size=5), block=st.integers(0, 5))
def test_each_block_of_people_is_balanced_by_place_and_by_what_comes_before(size: int, seed: str, block: int) -> None:
    topics = Topics(pool=[f"t{n}" for n in range(size)], order="latin_square")
    people = len(square(size))
    orders = [balanced(topics, seed=seed, number=block * people + n) for n in range(1, people + 1)]
    assert all(sorted(order) == sorted(topics.pool) for order in orders)
    for place in range(size):
        assert set(Counter(order[place] for order in orders).values()) == {people // size}
    after = Counter(pair for order in orders for pair in pairwise(order))
    assert len(after) == size * (size - 1)
    assert len(set(after.values())) == 1


def test_order_begins_anew_after_its_last_topic() -> None:
    assert [in_visit(POOL, visit) for visit in range(1, 6)] == ["hobbies", "work", "family", "hobbies", "work"]


def version_of(order: str, pool: list[str] = POOL, seed: str = "seed") -> Version:
    said = study_file("chatting", topic={"pool": pool, "order": order})
    return make_version(said, {"pages/talk.md": "# Talk\n\nAbout {{ topic }}."}, seed=seed)


def game(version: Version) -> GameStage:
    found = definition.stage_named(version, "game")
    assert isinstance(found, GameStage)
    return found


def somebody(version: Version, number: int, origin: str = "link") -> Participant:
    return Participant.objects.create(
        study=version.study, version=version, code=f"ptop{version.pk}x{number}", origin=origin,
        token_sha256=f"{version.pk}{number}".rjust(64, "0"),
    )  # fmt: skip


def topics_of(version: Version, person: Participant, visits: int = 3) -> list[str]:
    """What somebody talks about, visit by visit."""
    found = []
    for repeat in range(1, visits + 1):
        code = f"g{person.code[4:]}{repeat}"
        group = Group(version=version, code=code, stage="game", rounds=1)
        session = Session(participant=person, wave="main", repeat=repeat)
        found.append(topic_of(version, game(version), group, [session]))
    return found


@pytest.mark.django_db
def test_people_get_balanced_orders_one_after_the_other_and_keep_them() -> None:
    version = version_of("latin_square")
    people = [somebody(version, number) for number in range(6)]
    orders = [topics_of(version, person) for person in people]
    assert all(set(Counter(order[place] for order in orders).values()) == {2} for place in range(3))
    assert [topics_of(version, person, 4)[3] for person in people] == [order[0] for order in orders]
    rows = TopicOrder.objects.order_by("number")
    assert [row.topics for row in rows] == orders
    assert [row.number for row in rows] == [1, 2, 3, 4, 5, 6]


@pytest.mark.django_db
def test_trials_have_a_sequence_of_their_own_and_the_seed_settles_all() -> None:
    version = version_of("latin_square")
    topics_of(version, somebody(version, 1, origin="demo"))
    topics_of(version, somebody(version, 2))
    assert sorted(TopicOrder.objects.values_list("sequence", "number")) == [("", 1), ("~demo", 1)]


@pytest.mark.django_db(transaction=True)
def test_people_who_come_at_once_take_places_one_after_the_other() -> None:
    version = version_of("latin_square")
    people = [somebody(version, number) for number in range(4)]

    def take(person: Participant) -> list[str]:
        with transaction.atomic():
            return topics_of(version, person)

    found = at_once([lambda person=person: take(person) for person in people])  # type: ignore[misc]
    assert all(isinstance(one, list) for one in found), found
    assert sorted(TopicOrder.objects.values_list("number", flat=True)) == [1, 2, 3, 4]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("order", "pool", "expected"),
    [("constant", ["hobbies"], [["hobbies"] * 3] * 2), ("scripted", POOL, [POOL] * 2)],
)
def test_constant_and_scripted_topics_are_the_same_for_everybody(
    order: str, pool: list[str], expected: list[list[str]]
) -> None:
    version = version_of(order, pool)
    assert [topics_of(version, somebody(version, number)) for number in range(2)] == expected
    assert not TopicOrder.objects.exists()


@pytest.mark.django_db
def test_drawn_orders_have_every_topic_once_and_come_from_the_seed() -> None:
    version = version_of("drawn")
    person = somebody(version, 1)
    assert sorted(topics_of(version, person)) == sorted(POOL)
    assert topics_of(version, person) == topics_of(version, person)


@pytest.mark.django_db
def test_topic_is_a_parameter_of_its_group_and_no_slot_outside_the_game() -> None:
    version = version_of("scripted")
    group = Group.objects.create(version=version, code="gtopic00001", stage="game", rounds=1, topic="work")
    assert game_of(group).parameters.slots()["topic"] == "work"
    assert parameters(version, "game").slots()["topic"] == "hobbies", "where no group is, the first"
    assert "topic" not in slots(version)
    assert "longest" in slots(version)
    (row,) = GROUPS.rows(Scope(version.study))
    assert row["topic"] == "work"
    assert "topic" in ROUNDS.header


@pytest.mark.django_db
def test_groups_of_nobody_and_games_without_topics() -> None:
    version = version_of("drawn")
    group = Group(version=version, code="gtopic00002", stage="game", rounds=1)
    assert topic_of(version, game(version), group, []) in POOL
    said: dict[str, Any] = study_file("chatting")
    plain = make_version(said, {})
    assert topic_of(plain, game(plain), group, []) == ""


@pytest.mark.django_db
def test_verification_draws_orders_and_topics_again() -> None:
    version = version_of("latin_square")
    person = somebody(version, 1)
    group = Group.objects.create(version=version, code="gtopic00003", stage="game", rounds=1)
    session = Session.objects.create(participant=person, wave="main", repeat=2)
    Seat.objects.create(
        group=group, number=1, role="talker", kind="human", occupant="person", participant=person, session=session
    )
    topic = topic_of(version, game(version), group, [session])
    Group.objects.update(topic=topic)

    def named() -> set[str]:
        found = check(version.study, late_after_seconds=1e6).differences
        return {one.what for one in found if "topic" in one.what}

    assert named() == set()
    Group.objects.update(topic=next(one for one in POOL if one != topic))
    assert named() == {"topic of a group"}
    Group.objects.update(topic=topic)
    TopicOrder.objects.update(number=2)
    assert named() == {"order of topics"}
