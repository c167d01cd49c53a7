"""When conditions are given: at the entry, after a stage, with a group, at a session, at a round, with a survey.

Verbs run in the caller's transaction. Where a study manipulates nothing of a kind, nothing is asked of the database.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from django.db.models import QuerySet

from events.prepared import Given, prepared
from studies.allocation import Draw, entries, held, lock_named, sequence_of, sequence_with, stratum_of, take_slot
from studies.allocation_plan import ONLY, At, Entry, Held, levels_at
from studies.models import Slot, Version, condition_of, levels_of
from studies.problems import StudyError

AT_ENTRY = "entry"
MOST_OF_A_PLACE = 24  # characters that `Slot.place` holds
MOST_OF_LEVELS = 100  # and of a sequence's name what trials are to have
Answers = Callable[[list[str]], dict[str, str]]
Levels = dict[str, str]


class Drawn(Protocol):
    """A participant or a group, for whom something is drawn."""

    pk: int
    code: str
    origin: str


def at_entry(version: Version, person: Drawn) -> None:
    """What is given to somebody who comes in, and to the study with the first who does."""
    of_study(version, person.origin)
    for entry in entries(version):
        if entry.rule.unit == "participant" and entry.rule.at == AT_ENTRY:
            _to_person(version, entry, person, _nothing)


def after_stage(version: Version, person: Drawn, stage: str, answers: Answers) -> None:
    """What is given to a person who has finished a stage.

    Args:
        answers: Gives the person's latest answer to each of some items.
    """
    for entry in entries(version):
        if entry.rule.unit == "participant" and entry.rule.at == stage:
            _to_person(version, entry, person, answers)


def at_session(version: Version, person: Drawn, number: int) -> None:
    """What is given to a person whose visit begins: its own level, an order at the first, or another than before."""
    for entry in entries(version):
        begins = entry.rule.session <= number and (not entry.has_moment or entry.since.startswith("session"))
        if entry.rule.unit == "session" and begins:
            _turn(version, entry, person, number, since=f"session {number}")
        elif entry.rule.unit == "participant" and entry.since == f"session {number}":
            _to_person(version, entry, person, _nothing)


def at_items(version: Version, person: Drawn, stage: str, count: int) -> dict[int, Levels]:
    """What is given to the items of a stage that opens for a person: number of the item, from 1 → its levels."""
    here = [entry for entry in entries(version) if entry.rule.unit == "item" and entry.rule.at == stage]
    if not here:
        return {}
    for entry in here:
        for number in range(1, count + 1):
            _turn(version, entry, person, number)
    own = _own(here, slots_of(version, "participant", person.pk))
    return {number: levels_at(entries(version), own, At(item=number)) for number in range(1, count + 1)}


def at_formation(version: Version, group: Drawn, people: Sequence[int], only: str = "") -> str:
    """Give a new group what it gets; its condition: the study's levels, its own, and those that its people share.

    Args:
        people: Primary keys of the participants who sit in it.
        only: For trials: levels that it is to have, as `only_levels` spells them.
    """
    found = of_study(version, group.origin)
    for entry in entries(version):
        if entry.rule.unit == "group" and not entry.has_moment:
            sequence = sequence_with(sequence_of(group.origin), entry.factors, only)
            draw = Draw(entry=entry.number)
            found |= levels_of(take_slot(version, unit="group", unit_id=group.pk, stratum=sequence, draw=draw))
    shared = list(pooled(version, people).values())
    if shared and all(one == shared[0] for one in shared):
        found |= shared[0]
    return condition_of(found)


def only_levels(version: Version, said: str) -> str:
    """Levels that trials are to have, checked and spelt as conditions are; "" where none are said.

    Args:
        said: "label=hidden", or a level alone where only one factor has it; several, joined by commas.

    Raises:
        StudyError: "condition_unknown": groups are not given such a level when they are formed.
    """
    given = [one for one in entries(version) if one.rule.unit == "group" and not one.has_moment]
    levels = {name: {levels_of(each)[name] for each in one.conditions} for one in given for name in one.factors}
    found: Levels = {}
    for word in filter(None, (each.strip() for each in said.split(","))):
        name, sign, level = word.partition("=")
        having = [factor for factor, known in levels.items() if word in known] if not sign else [name]
        level = level if sign else word
        if len(having) != 1 or level not in levels.get(having[0], ()):
            known = ", ".join(f"{factor}={each}" for factor, own in levels.items() for each in sorted(own)) or "none"
            text = f'groups of {version} are given no level "{word}" when they are formed; there are: {known}'
            raise StudyError("condition_unknown", text)
        found[having[0]] = level
    if any(one.rule.method == "minimisation" and set(one.factors) & set(found) for one in given):
        raise StudyError("condition_unknown", f"{version} minimises over what its groups are given: leave it out")
    only = condition_of({name: found[name] for name in levels if name in found})
    if len(only) > MOST_OF_LEVELS:
        raise StudyError("condition_unknown", f'"{only}" is too long for the name of a sequence: say fewer levels')
    return only


def ordered_levels(group: Drawn) -> str:
    """The levels under which a group was ordered, as `only_levels` spells them; "" where none were said."""
    slots = Slot.objects.filter(holder_kind="group", holder_id=group.pk, stratum__contains=ONLY)
    found: Levels = {}
    for stratum in slots.order_by("entry").values_list("stratum", flat=True):
        found |= levels_of(stratum.partition(ONLY)[2])
    return condition_of(found)


def of_study(version: Version, origin: str) -> Levels:
    """The levels of the whole study, whatever its version; drawn with the first who comes, and for trials apart."""
    here = [entry for entry in entries(version) if entry.rule.unit == "study"]
    if not here:
        return {}
    sequence = sequence_of(origin)
    place = sequence[:MOST_OF_A_PLACE]
    if found := _study_levels(version).get(place, {}):  # they never change: whoever comes later waits for no lock
        return found
    lock_named(f"study/{version.study_id}/{sequence}")  # two who come to two versions must not both be the first
    if found := _study_levels(version).get(place, {}):
        return found
    for entry in here:
        draw = Draw(entry=entry.number, place=place)
        found |= levels_of(take_slot(version, unit="study", unit_id=version.study_id, stratum=sequence, draw=draw))
    return found


def at_round(version: Version, group: Drawn, number: int, fixed: str) -> Levels:
    """The levels of a group in a round that begins, those among them that are drawn for it.

    Args:
        fixed: The group's condition since its forming.
    """
    of_rounds = [entry for entry in entries(version) if entry.rule.unit == "round" and entry.rule.round <= number]
    anew = [one for one in entries(version) if one.rule.unit == "group" and one.has_moment and one.rule.round <= number]
    for entry in of_rounds:
        _turn(version, entry, group, number, since=f"round {number}")
    for entry in anew:
        draw = Draw(entry=entry.number)
        take_slot(version, unit="group", unit_id=group.pk, stratum=sequence_of(group.origin), draw=draw)
    if not of_rounds and not anew:
        return levels_of(fixed)
    own = _own([*of_rounds, *anew], slots_of(version, "group", group.pk))
    return levels_of(fixed) | levels_at(entries(version), own, At(round=number))


def of_pair(version: Version, group: Drawn, seats: Sequence[int], number: int) -> Levels:
    """The levels of two seats that meet in a round, drawn when they meet for the first time; {} for more than two."""
    here = [entry for entry in entries(version) if entry.rule.unit == "pair" and entry.rule.round <= number]
    if not here or len(seats) != 2:
        return {}
    pair = "{}-{}".format(*sorted(seats))
    sequence, found = sequence_of(group.origin, group.code), Levels()
    for entry in here:
        draw = Draw(entry=entry.number, place=pair, since=entry.since or f"round {number}")
        found |= levels_of(take_slot(version, unit="pair", unit_id=group.pk, stratum=sequence, draw=draw))
    return found


def of_people(version: Version, people: Mapping[int, Drawn], number: int, session: int = 1) -> dict[int, Levels]:
    """Each person's own levels in a round that begins, those among them that are drawn for it.

    Args:
        people: By primary key: those who play the round.
    """
    own = [entry for entry in entries(version) if entry.is_of_people]
    if not own or not people:
        return {}
    for entry in own:
        if entry.rule.unit == "participant" and entry.since.startswith("round") and entry.rule.round <= number:
            for _, person in sorted(people.items()):
                _to_person(version, entry, person, _nothing)
    found = _slots_of_people(version, people)
    return {pk: levels_at(entries(version), found[pk], At(round=number, session=session)) for pk in people}


def of_person(version: Version, person: Drawn, of_group: str | None = None, session: int = 1) -> Levels:
    """The levels of one person now: their own, and their group's or, without a group, the study's.

    Args:
        of_group: The condition of the group in which they sit or sat; None: there is none.
    """
    known = entries(version)
    found = levels_of(of_group or "")
    if of_group is None and any(entry.rule.unit == "study" for entry in known):
        found |= _study_levels(version).get(sequence_of(person.origin)[:MOST_OF_A_PLACE], {})
    if of := [entry for entry in known if entry.is_of_people]:
        found |= levels_at(known, _own(of, slots_of(version, "participant", person.pk)), At(session=session))
    return found


def first_levels(version: Version, people: Mapping[int, Drawn]) -> dict[int, Levels]:
    """The levels that people were first given one by one, and without any group the study's, by participant."""
    known = entries(version)
    of = [entry for entry in known if entry.is_of_people]
    found = _slots_of_people(version, people) if of else {}
    first = {pk: levels_at(known, _own(of, found.get(pk, [])), At(round=0)) for pk in people}
    if any(entry.rule.unit == "study" for entry in known):
        for trial, levels in _study_levels(version).items():
            mine = [pk for pk, person in people.items() if sequence_of(person.origin)[:MOST_OF_A_PLACE] == trial]
            first |= {pk: levels | first[pk] for pk in mine}
    return first


def _study_levels(version: Version) -> dict[str, Levels]:
    """The study's levels, and those of its trials, by sequence."""
    found: dict[str, list[Held]] = defaultdict(list)
    for one in slots_of_study(version):
        found[one.place].append(one)
    return {trial: levels_at(entries(version), own) for trial, own in found.items()}


def pooled(version: Version, people: Iterable[int]) -> dict[int, Levels]:
    """The levels that those who meet must share, by participant; nothing where anybody meets anybody."""
    known = entries(version)
    alike = [entry for entry in known if entry.is_of_people and entry.rule.meets == "alike" and entry.factors]
    if not alike:
        return {}
    found = _slots_of_people(version, people)
    return {pk: levels_at(known, _own(alike, own), At(round=0)) for pk, own in found.items()}


def slots_of_study(version: Version) -> list[Held]:
    """What the whole study holds, and each of its trials: as first drawn, under whichever version.

    An amendment draws nothing anew, unless it took away what had been drawn.
    """
    known, found = entries(version), dict[tuple[int, str], Held]()
    for slot in _of_study.all(kind="study", study=version.study_id):
        entry = known[slot.entry] if slot.entry < len(known) else None
        if entry is not None and entry.rule.unit == "study" and slot.condition in entry.conditions:
            found.setdefault((slot.entry, slot.place), held(slot))
    return list(found.values())


@prepared
def _of_study(kind: Given, study: Given) -> QuerySet[Slot]:
    return Slot.objects.filter(holder_kind=kind, holder_id=study).order_by("pk")


def slots_of(version: Version, kind: str, pk: int) -> list[Held]:
    """What somebody holds."""
    return [held(slot) for slot in _slots.all(version=version.pk, kind=kind, holders=[pk])]


@prepared
def _slots(version: Given, kind: Given, holders: Given) -> QuerySet[Slot]:
    return Slot.objects.filter(version=version, holder_kind=kind, holder_id__any=holders).order_by("entry", "pk")


def _slots_of_people(version: Version, people: Iterable[int]) -> dict[int, list[Held]]:
    found: dict[int, list[Held]] = defaultdict(list, {pk: [] for pk in people})
    for slot in _slots.all(version=version.pk, kind="participant", holders=list(found)) if found else ():
        found[int(slot.holder_id or 0)].append(held(slot))
    return found


def _own(of: Sequence[Entry], slots: Iterable[Held]) -> list[Held]:
    numbers = {entry.number for entry in of}
    return [slot for slot in slots if slot.entry in numbers]


def _to_person(version: Version, entry: Entry, person: Drawn, answers: Answers) -> None:
    sequence = sequence_of(person.origin, stratum_of(answers(entry.rule.strata)))
    draw = Draw(entry=entry.number, profile=stratum_of(answers(entry.rule.covariates)))
    take_slot(version, unit="participant", unit_id=person.pk, stratum=sequence, draw=draw)


def _turn(version: Version, entry: Entry, holder: Drawn, number: int, *, since: str = "") -> None:
    """One of the holder's rounds, sessions or items: its own slot, or with the first the order of them all."""
    if entry.is_order:
        place, sequence = "", sequence_of(holder.origin)
    else:
        place, sequence = str(number), sequence_of(holder.origin, holder.code)
    draw = Draw(entry=entry.number, place=place, since=since)
    take_slot(version, unit=entry.rule.unit, unit_id=holder.pk, stratum=sequence, draw=draw)


def _nothing(items: list[str]) -> dict[str, str]:
    """At a moment when no answers are asked for, there are none."""
    del items
    return {}
