"""Seeded permuted blocks: balanced, the same for the same seed, and no slot twice however many ask at once."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from studies.allocation import return_slot, stratum_of, take_slot
from studies.allocation_plan import Entry, block, conditions_of
from studies.definition import definition
from studies.models import Allocation, Slot, Version
from studies.problems import StudyError
from studies.schema_allocation import Allocation as AllocationSection
from tests.machinery.slots import condition_held, holders_by_condition

THREADS = 8


def plan(block_sizes: list[int], conditions: Sequence[str] = ("a", "b")) -> Entry:
    said = {"unit": "group", "block_sizes": block_sizes, "at": "formation"}
    return Entry(0, AllocationSection.model_validate(said), ["c"], conditions)


@given(st.text(max_size=8), st.integers(1, 4), st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(1, 20))
def test_every_block_holds_each_condition_equally_often(
    seed: str, conditions: int, factors: list[int], number: int
) -> None:
    names = [f"c={n}" for n in range(conditions)]
    sizes = [conditions * factor for factor in factors]
    found = block(plan(sizes, names), seed=seed, sequence="1/", number=number)
    assert len(found) in sizes
    assert len(set(Counter(found).values())) == 1
    assert set(found) == set(names)


@given(st.text(max_size=8), st.text(max_size=8))
def test_sequence_is_that_of_its_seed(seed: str, other: str) -> None:
    def sequence(of: str, name: str = "1/") -> list[list[str]]:
        return [block(plan([2, 4]), seed=of, sequence=name, number=n) for n in range(1, 31)]

    assert sequence(seed) == sequence(seed)
    assert (sequence(seed) == sequence(other)) == (seed == other)
    assert sequence(seed) != sequence(seed, "1/gender=woman")


@given(st.integers(0, 200))
def test_at_no_time_are_conditions_far_apart(length: int) -> None:
    found = [each for n in range(1, 102) for each in block(plan([2, 4]), seed="s", sequence="1/", number=n)]
    counts = Counter(found[:length])
    assert abs(counts["a"] - counts["b"]) <= 2


@pytest.mark.django_db
def test_factors_are_crossed(frozen: Callable[..., Version]) -> None:
    version = frozen(
        "label: {levels: [hidden, marked]}", "label: {levels: [hidden, marked]}\n  stake: {levels: [low, mid, high]}",
        "cross: [label]", "cross: [stake, label]",
        "[2, 4]", "[6, 12]",
    )  # fmt: skip
    assert len(conditions_of(definition(version))) == 6
    taken = [take_slot(version, unit="group", unit_id=n) for n in range(1, 7)]
    assert set(taken) <= {f"label={label},stake={s}" for label in ("hidden", "marked") for s in ("low", "mid", "high")}


@pytest.mark.django_db
def test_slots_are_taken_in_order_and_logged(version: Version) -> None:
    conditions = [take_slot(version, unit="group", unit_id=n) for n in range(1, 21)]
    slots = list(Slot.objects.order_by("number"))
    assert [slot.holder_id for slot in slots][:20] == list(range(1, 21))
    assert conditions == [slot.condition for slot in slots][:20]
    assert [slot.number for slot in slots] == list(range(1, len(slots) + 1))
    assert list(Allocation.objects.order_by("pk").values_list("unit_id", "act")) == [(n, "taken") for n in range(1, 21)]
    for number in {slot.block for slot in slots}:
        of_block = Counter(slot.condition for slot in slots if slot.block == number)
        assert of_block["label=hidden"] == of_block["label=marked"]


@pytest.mark.django_db
def test_same_seed_gives_the_same_sequence(frozen: Callable[..., Version]) -> None:
    one = frozen(seed="fixed")
    first = [take_slot(one, unit="group", unit_id=n) for n in range(1, 30)]
    other = frozen("id: sharing-test", "id: sharing-other", seed="fixed")
    assert [take_slot(other, unit="group", unit_id=n) for n in range(101, 130)] == first


def test_sequence_of_a_study_with_one_entry_never_changes() -> None:
    """What was drawn before there were several entries is drawn as it was: studies under way go on."""
    of = plan([3, 6, 9], "abc")
    drawn = [block(of, seed="seed", sequence="1/", number=number) for number in range(1, 7)]
    assert ["".join(each) for each in drawn] == ["bac", "abc", "babccacba", "abc", "ccaababcb", "bac"]


@pytest.mark.django_db
def test_unit_keeps_its_slot(version: Version) -> None:
    assert take_slot(version, unit="group", unit_id=7) == take_slot(version, unit="group", unit_id=7)
    assert Allocation.objects.count() == 1


@pytest.mark.django_db
def test_returned_slot_is_the_next_to_be_taken(version: Version) -> None:
    taken = {n: take_slot(version, unit="group", unit_id=n) for n in range(1, 6)}
    assert return_slot(version, unit="group", unit_id=2, reason="never began") is True
    assert return_slot(version, unit="group", unit_id=2, reason="again") is False
    assert take_slot(version, unit="group", unit_id=9) == taken[2]
    assert Slot.objects.get(number=2).holder_id == 9
    log = list(Allocation.objects.filter(slot__number=2).order_by("pk").values_list("unit_id", "act", "reason"))
    assert log == [(2, "taken", ""), (2, "returned", "never began"), (9, "taken", "")]


@pytest.mark.django_db
def test_strata_have_sequences_of_their_own(version: Version) -> None:
    for n in range(1, 9):
        take_slot(version, unit="group", unit_id=n, stratum=stratum_of({"site": "north" if n % 2 else "south"}))
    assert set(Slot.objects.filter(holder_id__isnull=False).values_list("stratum", "number")) == {
        (f"site={site}", n) for site in ("north", "south") for n in range(1, 5)
    }
    assert sum(holders_by_condition(version).values()) == 8


@pytest.mark.django_db
def test_participant_is_allocated_where_the_study_says_so(frozen: Callable[..., Version]) -> None:
    version = frozen(
        "{unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}",
        "{unit: participant, block_sizes: [1], at: entry}",
        "  label: {levels: [hidden, marked]}", "  {}", "factors:\n  {}", "factors: {}", "cross: [label]", "cross: []",
        'label: {by: label, values: {hidden: "", marked: Person}}', 'label: {all: Person}',
        'label: {by: label, values: {hidden: "", marked: Program}}', "label: {all: Program}",
        "        by: label\n        pages: {hidden: pages/briefing_hidden.md, marked: pages/briefing_marked.md}",
        "        pages: {all: pages/briefing_marked.md}",
        "correct: {hidden: told_no, marked: told_yes}", "correct: {all: told_yes}",
    )  # fmt: skip
    assert take_slot(version, unit="participant", unit_id=4) == ""
    assert condition_held(Slot(pk=4)) == ""
    with pytest.raises(StudyError, match="allocates by participant"):
        take_slot(version, unit="group", unit_id=4)


@pytest.mark.django_db(transaction=True)
def test_slots_need_the_callers_transaction(version: Version) -> None:
    with pytest.raises(RuntimeError, match="in the transaction"):
        take_slot(version, unit="group", unit_id=1)


def at_once(act: Callable[[int], object], count: int) -> list[object]:
    """Run `act(1) … act(count)` on THREADS threads that begin together."""
    start = Barrier(THREADS)

    def run(first: int) -> list[object]:
        try:
            start.wait(10)
            return [act(n) for n in range(first, count + 1, THREADS)]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return [each for found in pool.map(run, range(1, THREADS + 1)) for each in found]


@pytest.mark.django_db(transaction=True)
def test_threads_get_every_slot_once(version: Version) -> None:
    def take(unit_id: int) -> str:
        with transaction.atomic():
            return take_slot(version, unit="group", unit_id=unit_id)

    assert len(at_once(take, 64)) == 64
    held = Slot.objects.filter(holder_id__isnull=False)
    assert sorted(held.values_list("number", flat=True)) == list(range(1, 65))
    assert Counter(held.values_list("holder_id", flat=True)) == Counter(range(1, 65))
    assert Allocation.objects.count() == 64
    assert abs(holders_by_condition(version)["label=hidden"] - 32) <= 1
    expected = [
        each
        for n in range(1, 65)
        for each in block(plan([2, 4], conditions_of(definition(version))), seed="seed", sequence="1/", number=n)
    ]
    assert list(Slot.objects.order_by("number").values_list("condition", flat=True)) == expected[: Slot.objects.count()]


@pytest.mark.django_db(transaction=True)
def test_threads_that_roll_back_or_return_leave_no_hole(version: Version) -> None:
    class ChangedError(Exception):
        """The caller could not go on."""

    def come_and_go(unit_id: int) -> None:
        try:
            with transaction.atomic():
                take_slot(version, unit="group", unit_id=unit_id)
                if unit_id % 3 == 0:
                    raise ChangedError
        except ChangedError:
            return
        if unit_id % 3 == 1:
            with transaction.atomic():
                return_slot(version, unit="group", unit_id=unit_id, reason="never began")

    at_once(come_and_go, 60)
    with transaction.atomic():
        for unit_id in range(101, 141):
            take_slot(version, unit="group", unit_id=unit_id)
    held = Slot.objects.filter(holder_id__isnull=False)
    assert sorted(held.values_list("number", flat=True)) == list(range(1, 61))
    log = Counter(Allocation.objects.values_list("act", flat=True))
    assert log == {"taken": 80, "returned": 20}
