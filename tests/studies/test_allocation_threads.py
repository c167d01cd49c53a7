"""Several entries, every method, many at once: no double slot, and the log that one thread alone would have written."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from studies import giving
from studies.allocation import Draw, entries, profile_of, return_slot, take_slot
from studies.allocation_plan import block, minimised
from studies.latin import orders
from studies.models import Allocation, Slot, Version
from studies.services import amend
from tests.studies.test_study_allocation import at_once

pytestmark = pytest.mark.django_db(transaction=True)

SINGLE = "allocation: {unit: group, method: permuted_block, block_sizes: [2, 4], at: formation}"
FACTORS = "  label: {levels: [hidden, marked]}"
MORE = """  label: {levels: [hidden, marked]}
  topic: {levels: [home, work, play]}
  tone: {levels: [plain, warm, cool]}"""
SEVERAL = """allocation:
  - {factors: [label], unit: group, block_sizes: [2, 4], at: formation}
  - {factors: [topic], unit: round, method: latin_square, at: formation}
  - {factors: [tone], unit: participant, METHOD, meets: anybody, at: quiz}"""
MINIMISED = "method: minimisation, covariates: [letters], probability: 0.8"

Frozen = Callable[..., Version]


class Person:
    """Somebody for whom something is drawn."""

    origin = "link"

    def __init__(self, pk: int) -> None:
        self.pk, self.code = pk, f"p{pk}"


def several(frozen: Frozen, method: str, **changes: Any) -> Version:
    said = SEVERAL.replace("METHOD", method)
    return frozen(FACTORS, MORE, "cross: [label]", "cross: [label, topic, tone]", SINGLE, said, **changes)


def come(version: Version, pk: int) -> str:
    """A group is formed and plays its first round; a person answers the quiz."""

    def answers(items: list[str]) -> dict[str, str]:
        return dict.fromkeys(items, "same" if pk % 3 else "other")

    with transaction.atomic():
        fixed = giving.at_formation(version, Person(pk), [])
        giving.at_round(version, Person(pk), 1, fixed)
    with transaction.atomic():
        giving.after_stage(version, Person(pk), "quiz", answers)
    return fixed


def log_of(version: Version, entry: int) -> list[tuple[int, str, str]]:
    """Number, condition and covariates of every slot of an entry that was taken, in the order of the sequence."""
    slots = Slot.objects.filter(version=version, entry=entry, holder_id__isnull=False).order_by("number")
    return list(slots.values_list("number", "condition", "profile"))


def alone(version: Version, entry: int, count: int) -> list[str]:
    """The conditions of the first slots of an entry's main sequence, from the seed alone."""
    of = entries(version)[entry]
    found: list[tuple[int, str]] = []
    while len(found) < count:
        number = 1 + (max((at for at, _ in found), default=0))
        name = of.sequence(version.number, "")
        found += [(number, one) for one in block(of, seed=version.seed, sequence=name, number=number)]
    return [condition for _, condition in found][:count]


@pytest.mark.parametrize(
    "method",
    [
        "block_sizes: [3, 6]",
        "block_sizes: [4], weights: {plain: 2, warm: 1, cool: 1}",
        "method: simple",
        "method: quota, targets: {plain: 20, warm: 10, cool: 10}",
    ],
)
def test_threads_write_the_log_of_one_thread(frozen: Frozen, method: str) -> None:
    version = several(frozen, method)
    at_once(lambda pk: come(version, pk), 40)
    for entry in (0, 1, 2):
        taken = log_of(version, entry)
        assert [number for number, *_ in taken] == list(range(1, 41))
        assert [condition for _, condition, _ in taken] == alone(version, entry, 40)
        held = Slot.objects.filter(version=version, entry=entry, holder_id__isnull=False)
        assert Counter(held.values_list("holder_id", flat=True)) == Counter(range(1, 41))
    logged = Counter(Allocation.objects.values_list("unit", "since"))
    assert logged == {("group", ""): 40, ("round", "round 1"): 40, ("participant", ""): 40}
    if "quota" in method:
        assert Counter(condition for _, condition, _ in log_of(version, 2)) == {
            "tone=plain": 20, "tone=warm": 10, "tone=cool": 10,
        }  # fmt: skip
    rows = Counter(condition for _, condition, _ in log_of(version, 1))
    assert set(rows) == set(orders(["topic=home", "topic=work", "topic=play"]))
    assert max(rows.values()) - min(rows.values()) <= 1


def test_minimisation_under_concurrency_is_that_of_its_own_log(frozen: Frozen) -> None:
    version = several(frozen, MINIMISED)
    at_once(lambda pk: come(version, pk), 40)
    of = entries(version)[2]
    before: list[tuple[str, dict[str, str]]] = []
    for number, condition, profile in log_of(version, 2):
        its = profile_of(profile)
        name = of.sequence(version.number, "")
        assert condition == minimised(of, before, its, seed=version.seed, sequence=name, number=number)
        before.append((condition, its))
    assert len(before) == 40
    assert Counter(its["letters"] for _, its in before) == {"same": 27, "other": 13}


def test_slot_that_was_minimised_is_not_taken_again(frozen: Frozen) -> None:
    version = several(frozen, MINIMISED)
    with transaction.atomic():
        for pk in range(1, 4):
            giving.after_stage(version, Person(pk), "quiz", lambda items: dict.fromkeys(items, "same"))
        assert return_slot(version, unit="participant", unit_id=2, reason="by hand") is True
        giving.after_stage(version, Person(9), "quiz", lambda items: dict.fromkeys(items, "same"))
    held = Slot.objects.filter(entry=2, holder_id__isnull=False).order_by("number")
    assert list(held.values_list("number", "holder_id")) == [(1, 1), (3, 3), (4, 9)]


def test_same_seed_gives_the_same_log_of_every_entry(frozen: Frozen) -> None:
    first = several(frozen, MINIMISED, seed="fixed")
    for pk in range(1, 20):
        come(first, pk)
    second = frozen("id: sharing-test", "id: sharing-other", seed="fixed")
    for pk in range(1, 20):
        come(second, pk)
    for entry in (0, 1, 2):
        assert log_of(first, entry) == log_of(second, entry)
    other = frozen("id: sharing-other", "id: sharing-third", seed="changed")
    for pk in range(1, 20):
        come(other, pk)
    assert [log_of(first, entry) for entry in (0, 1, 2)] != [log_of(other, entry) for entry in (0, 1, 2)]


def test_entries_have_sequences_of_their_own(frozen: Frozen) -> None:
    version = frozen(
        FACTORS, FACTORS + "\n  other: {levels: [hidden, marked]}", "cross: [label]", "cross: [label, other]", SINGLE,
        "allocation:\n  - {factors: [label], unit: group, block_sizes: [12], at: formation}\n"
        "  - {factors: [other], unit: group, block_sizes: [12], at: formation}",
    )  # fmt: skip
    drawn = [Counter(alone(version, entry, 12)) for entry in (0, 1)]
    assert drawn == [{"label=hidden": 6, "label=marked": 6}, {"other=hidden": 6, "other=marked": 6}]
    levels = [[one.partition("=")[2] for one in alone(version, entry, 12)] for entry in (0, 1)]
    assert levels[0] != levels[1]
    with transaction.atomic():
        assert giving.at_formation(version, Person(1), []) == f"label={levels[0][0]},other={levels[1][0]}"


def test_group_that_never_began_gives_back_what_was_drawn_for_it(frozen: Frozen) -> None:
    version = several(frozen, "block_sizes: [3]")
    with transaction.atomic():
        first = giving.at_formation(version, Person(1), [])
        assert return_slot(version, unit="group", unit_id=1, reason="too_few") is True
        assert giving.at_formation(version, Person(2), []) == first
    assert not Slot.objects.filter(entry=1).exists(), "orders are drawn when round 1 begins, and never come back"


def test_rounds_are_balanced_within_each_group(frozen: Frozen) -> None:
    version = frozen(
        FACTORS, FACTORS + "\n  cap: {levels: [low, high]}", "cross: [label]", "cross: [label, cap]", SINGLE,
        "allocation:\n  - {factors: [label], unit: group, block_sizes: [2], at: formation}\n"
        "  - {factors: [cap], unit: round, block_sizes: [4], at: {round: 2}}",
    )  # fmt: skip

    def play(pk: int) -> list[str | None]:
        found = []
        for number in range(1, 6):
            with transaction.atomic():
                found.append(giving.at_round(version, Person(pk), number, "label=hidden").get("cap"))
        return found

    played = at_once(play, 16)
    for caps in played:
        assert isinstance(caps, list)
        assert caps[0] is None
        assert Counter(caps[1:]) == {"low": 2, "high": 2}
    assert len({tuple(caps) for caps in played if isinstance(caps, list)}) > 1, "each group has a sequence of its own"
    assert set(Slot.objects.filter(entry=1).values_list("stratum", flat=True)) == {f"p{pk}" for pk in range(1, 17)}


def test_whole_study_has_one_level_and_its_trials_another_sequence(frozen: Frozen) -> None:
    version = frozen(
        FACTORS, FACTORS + "\n  site: {levels: [north, south]}", "cross: [label]", "cross: [label, site]", SINGLE,
        "allocation:\n  - {factors: [label], unit: group, block_sizes: [2], at: formation}\n"
        "  - {factors: [site], unit: study, method: simple, at: entry}",
    )  # fmt: skip

    def enter(pk: int) -> None:
        with transaction.atomic():
            giving.at_entry(version, Person(pk))

    at_once(enter, 24)
    tried = Person(99)
    tried.origin = "demo"
    with transaction.atomic():
        giving.at_entry(version, tried)
    assert list(Slot.objects.filter(entry=1).order_by("stratum").values_list("stratum", "number")) == [
        ("", 1), ("~demo", 1),
    ]  # fmt: skip
    levels = giving.of_person(version, Person(5))
    assert set(levels) == {"site"}
    with transaction.atomic():
        assert giving.at_formation(version, Person(1), []).endswith(f"site={levels['site']}")


def whole_study(frozen: Frozen) -> Version:
    """A study with one of twelve sites as a whole."""
    sites = ", ".join(f"site{number}" for number in range(12))
    return frozen(
        FACTORS, FACTORS + f"\n  site: {{levels: [{sites}]}}", "cross: [label]", "cross: [label, site]", SINGLE,
        "allocation:\n  - {factors: [label], unit: group, block_sizes: [2], at: formation}\n"
        "  - {factors: [site], unit: study, method: simple, at: entry}",
    )  # fmt: skip


def test_amendment_leaves_the_level_of_the_whole_study_alone(frozen: Frozen) -> None:
    version, found = whole_study(frozen), []
    for number in range(4):
        with transaction.atomic():
            giving.at_entry(version, Person(number))
            found.append(giving.of_person(version, Person(number)))
            assert giving.at_formation(version, Person(number), []).endswith(f"site={found[0]['site']}")
        version = amend(version.study, {"sample.target": 30 + number}, reason="more")
    assert found == [found[0]] * 4
    assert giving.first_levels(version, {9: Person(9)}) == {9: found[0]}
    assert Slot.objects.filter(holder_kind="study").count() == 1


def test_first_people_of_two_versions_draw_one_level(frozen: Frozen) -> None:
    first = whole_study(frozen)
    second = amend(first.study, {"sample.target": 30}, reason="more")

    def enter(pk: int) -> None:
        with transaction.atomic():
            giving.at_entry((first, second)[pk % 2], Person(pk))

    at_once(enter, 12)
    assert Slot.objects.filter(holder_kind="study").count() == 1


def test_database_refuses_a_second_slot_of_an_entry(frozen: Frozen) -> None:
    version = several(frozen, "block_sizes: [3]")
    with transaction.atomic():
        take_slot(version, unit="participant", unit_id=1, draw=Draw(entry=2))
    free = Slot.objects.filter(entry=2, holder_id=None).first()
    assert free is not None
    free.holder_kind, free.holder_id = "participant", 1
    with pytest.raises(IntegrityError, match="slot_one_holder"), transaction.atomic():
        free.save()
