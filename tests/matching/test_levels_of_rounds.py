"""Levels of rounds, pairs and people in a game that is played: drawn once, stored on its rows, rebuilt from the log."""

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from exports.cells import cell
from exports.scope import Scope
from exports.services.snapshot import snapshot
from exports.tables import table_named
from flow.models import Match, Placing
from flow.services import sessions
from flow.services.forming import run_groups
from flow.state import MatchState
from matching.models import Group
from studies import services
from studies.models import Allocation, Slot, Study, Version
from tests.machinery.people import at_stage, fresh, page, version_in
from tests.verification.played import Played, play
from tests.verification.tampering import change, sql
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)

LABEL = {"factors": ["label"], "unit": "group", "block_sizes": [2], "at": "formation"}
TOPIC = {"factors": ["topic"], "unit": "round", "method": "latin_square", "at": "formation"}
STAKE = {"factors": ["stake"], "unit": "pair", "block_sizes": [2], "at": "formation"}
TONE = {"factors": ["tone"], "unit": "participant", "block_sizes": [2], "meets": "anybody", "at": "entry"}
VISIT = {"factors": ["visit"], "unit": "session", "method": "simple", "meets": "anybody", "at": "entry"}
FACTORS = {
    "label": ["hidden", "marked"],
    "topic": ["home", "work", "play"],
    "stake": ["low", "high"],
    "tone": ["plain", "warm"],
    "visit": ["one", "two"],
    "site": ["north", "south"],
}
BRIEFED: dict[str, Any] = {"briefing": {"by": None, "pages": {"all": "pages/briefing_marked.md"}, "check": []}}


def study(home: Path, *allocation: dict[str, Any], **facts: Any) -> Version:
    """The test study with several entries."""
    names = list(dict.fromkeys(name for entry in allocation for name in entry["factors"]))
    said: dict[str, Any] = {
        "conditions": {"cross": names},
        "factors": {name: {"levels": FACTORS[name]} for name in names},
    }
    # parts that are shared would be written as anchors, which the format refuses
    return version_in(home, allocation=json.loads(json.dumps(allocation)), **said, **facts)


def played(version: Version) -> tuple[Played, Group]:
    """Three people and a program play it to its end."""
    found = Played(version)
    people, group = found.seated()
    play(people, group)
    return found, Group.objects.get(pk=group.pk)


def table(of: Study, name: str) -> list[dict[str, str]]:
    """A table of the dataset, as it is read from a file."""
    declared = table_named(name, of)
    with snapshot():
        rows = list(declared.rows(Scope(of)))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.name for column in declared.columns])
    writer.writerows([[cell(column, row[column.name]) for column in declared.columns] for row in rows])
    return list(csv.DictReader(io.StringIO(text.getvalue())))


def test_levels_of_rounds_pairs_and_people_are_on_the_rows_of_the_match(tmp_path: Path) -> None:
    version = study(tmp_path, LABEL, TOPIC, STAKE, TONE)
    found, group = played(version)
    matches = list(Match.objects.filter(group=group).order_by("round", "number"))
    assert len(matches) == 6
    topics: dict[int, str] = {}
    stakes: dict[tuple[int, ...], set[str]] = defaultdict(set)
    for match in matches:
        state = MatchState(match)
        assert set(state.levels) == {"label", "topic", "stake"}
        assert f"label={state.levels['label']}" == group.condition
        topics[match.round] = state.levels["topic"]
        pair = tuple(sorted(state.seats))
        stakes[pair].add(state.levels["stake"])
    assert sorted(topics.values()) == ["home", "play", "work"]
    assert {len(levels) for levels in stakes.values()} == {1}, "a pair keeps its level"
    own = Placing.objects.filter(match__group=group)
    assert {one.condition for one in own if one.seat.occupant != "person"} == {""}
    tones = {one.seat.participant_id: one.condition for one in own if one.seat.occupant == "person"}
    held = Slot.objects.filter(holder_kind="participant", entry=3).values_list("holder_id", "condition")
    assert tones == dict(held)
    assert len(set(tones.values())) == 2, "people of both tones sit in one group"
    assert [str(each) for each in check(found.study).differences] == []


def test_place_tells_its_own_levels(tmp_path: Path) -> None:
    version = study(tmp_path, LABEL, TONE)
    _found, group = played(version)
    match = Match.objects.filter(group=group).first()
    assert match is not None
    for placing in Placing.objects.filter(match=match).select_related("seat__participant"):
        place = MatchState(match).place(placing.seat)
        assert dict(place.levels) == ({"tone": placing.condition.partition("=")[2]} if placing.condition else {})
    assert "tone" not in MatchState(match).levels
    assert "tone" not in group.condition


def test_people_who_must_be_alike_wait_for_each_other(tmp_path: Path) -> None:
    version = study(tmp_path, LABEL, TONE | {"meets": "alike", "block_sizes": [6]})
    found = Played(version)
    people = [found.come("lobby") for _ in range(6)]
    for person in people:
        if page(person.session).button:
            person.send()
    groups = list(Group.objects.filter(version=version))
    assert len(groups) == 2
    for group in groups:
        held = Slot.objects.filter(entry=1, holder_id__in=group.seats.values("participant"))
        (tone,) = set(held.values_list("condition", flat=True))
        assert group.condition.endswith(tone)
    assert [str(each) for each in check(found.study).differences] == []


def test_label_changes_where_it_is_given_anew(tmp_path: Path) -> None:
    again = LABEL | {"at": {"round": 2}}
    version = study(tmp_path, LABEL, again, **BRIEFED)
    shown = set()
    for _ in range(3):
        _found, group = played(version)
        for match in Match.objects.filter(group=group):
            level = MatchState(match).levels["label"]
            labels = {place.label for place in MatchState(match).places}
            assert labels <= ({""} if level == "hidden" else {"Person", "Program"})
            shown.add((match.round == 1, level))
    assert len(shown) == 4, "both levels, before and after"
    log = Counter(Allocation.objects.filter(slot__version=version).values_list("slot__entry", "since"))
    assert log == {(0, ""): 3, (1, "round 2"): 3}
    assert [str(each) for each in check(Study.objects.get(pk=version.study_id)).differences] == []


def test_label_may_differ_from_round_to_round(tmp_path: Path) -> None:
    version = study(tmp_path, LABEL | {"unit": "round", "block_sizes": [2]}, **BRIEFED)
    found, group = played(version)
    assert group.condition == ""
    levels = {match.round: MatchState(match).levels["label"] for match in Match.objects.filter(group=group)}
    assert sorted([levels[1], levels[2]]) == ["hidden", "marked"]
    labels = Placing.objects.filter(match__group=group).values_list("match__round", "label")
    assert {(number, label or "") for number, label in labels} == {
        (number, label)
        for number, level in levels.items()
        for label in ([""] if level == "hidden" else ["Person", "Program"])
    }
    assert [str(each) for each in check(found.study).differences] == []


def test_groups_without_people_have_levels_too(tmp_path: Path) -> None:
    version = study(tmp_path, LABEL, TOPIC, STAKE, TONE, fill={"after_seconds": 30, "label_as": "computer"})
    groups = run_groups(version, "game", n=2)
    for group in groups:
        match = Match.objects.filter(group=group).first()
        assert match is not None
        assert set(MatchState(match).levels) == {"label", "topic", "stake"}
        assert {one.condition for one in Placing.objects.filter(match=match)} == {""}
    assert set(Slot.objects.exclude(holder_id=None).values_list("entry", "stratum")) == {
        (0, "~run"), (1, "~run"), (2, f"~run,{groups[0].code}"), (2, f"~run,{groups[1].code}"),
    }  # fmt: skip


def levels_in(rows: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Which levels follow from the rows of `allocations` for each match and each placing: a script of its own."""
    taken: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in rows:
        key = (row["entry"], row["unit_code"], row["place"])
        if row["act"] == "taken":
            taken[key] = row
        else:
            del taken[key]
    for row in taken.values():
        yield f"{row['unit']}/{row['unit_code']}/{row['place']}/{row['from']}", row["condition"]


def test_independent_script_rebuilds_who_got_what_where_and_when(tmp_path: Path) -> None:
    version = study(tmp_path, LABEL, TOPIC, STAKE, TONE)
    found, _group = played(version)
    played(version)
    drawn = dict(levels_in(table(found.study, "allocations")))
    placings = table(found.study, "placings")
    seats: dict[str, list[int]] = defaultdict(list)
    for row in placings:
        seats[row["match"]].append(int(row["seat"].rpartition("-")[2]))
        expected = drawn[f"participant/{row['participant']}//"] if row["participant"] else ""
        assert row["own_levels"] == expected
    for row in table(found.study, "rounds"):
        order = drawn[f"round/{row['group']}//round 1"].split(">")
        low, high = sorted(seats[row["match"]])
        stake = [level for key, level in drawn.items() if key.startswith(f"pair/{row['group']}/{low}-{high}/")]
        parts = [drawn[f"group/{row['group']}//"], order[int(row["round"]) - 1], *stake]
        assert sorted(row["condition"].split(",")) == sorted(parts)
    conditions = {row["participant"]: row["condition"] for row in table(found.study, "participants")}
    assert all(
        {part.partition("=")[0] for part in said.split(",")} == {"label", "tone"} for said in conditions.values()
    )


def test_verification_names_levels_that_were_not_drawn(tmp_path: Path) -> None:
    version = study(tmp_path, LABEL | {"unit": "round"}, TONE, **BRIEFED)
    found, group = played(version)
    match = Match.objects.filter(group=group).first()
    assert match is not None
    placing = Placing.objects.filter(match=match, seat__occupant="person").first()
    change(match, condition="label=other")
    change(placing, condition="tone=other")
    named = {each.what for each in check(found.study).differences}
    assert {"condition of a match", "levels of a person in a match"} <= named
    marked = next(one for one in Match.objects.filter(group=group) if one.condition == "label=marked")
    change(Placing.objects.filter(match=marked).first(), label="Somebody")
    assert "label of a seat in a match" in {each.what for each in check(found.study).differences}


def test_verification_names_a_group_whose_people_do_not_share_its_levels(tmp_path: Path) -> None:
    version = study(tmp_path, LABEL, TONE | {"meets": "alike", "block_sizes": [6]})
    found = Played(version)
    for person in [found.come("lobby") for _ in range(6)]:
        if page(person.session).button:
            person.send()
    group = Group.objects.filter(version=version).first()
    assert group is not None
    first = Slot.objects.filter(entry=1, holder_id__in=group.seats.values("participant")).first()
    assert first is not None
    sql("UPDATE studies_slot SET condition = 'tone=other' WHERE id = %s", first.pk)
    assert "condition that a group's people share" in {each.what for each in check(found.study).differences}


def test_session_and_study_give_levels_to_whoever_comes(tmp_path: Path) -> None:
    site = {"factors": ["site"], "unit": "study", "method": "simple", "at": "entry"}
    version = study(tmp_path, LABEL, VISIT, site)
    found, group = played(version)
    assert {part.partition("=")[0] for part in group.condition.split(",")} == {"label", "site"}
    held = Slot.objects.filter(holder_kind="participant").values_list("entry", "place")
    assert Counter(held) == {(1, "1"): 3}
    log = Allocation.objects.filter(unit="session").values_list("since", flat=True)
    assert set(log) == {"session 1"}
    assert {row["own_levels"].partition("=")[0] for row in table(found.study, "placings")} == {"visit", ""}
    assert [str(each) for each in check(found.study).differences] == []


def test_sequences_of_who_withdrew_stay_apart_without_their_codes(tmp_path: Path) -> None:
    version = study(tmp_path, LABEL, VISIT)
    found = Played(version)
    people = [found.come("quiz") for _ in range(3)]
    for person in people[:2]:
        sessions.leave(person.session.pk, withdraw=True)
    rows = [row for row in table(version.study, "allocations") if row["unit"] == "session"]
    stays = people[2].session.participant.code
    assert [(row["unit_code"], row["stratum"]) for row in rows] == [
        ("", "withdrawn-1"), ("", "withdrawn-2"), (stays, stays),
    ]  # fmt: skip


def test_questions_are_worded_by_the_level_of_the_item(tmp_path: Path) -> None:
    items = [
        {
            "id": f"q{n}",
            "type": "rating",
            "label": "?",
            "by": "tone",
            "wordings": {"plain": f"{n} good?", "warm": f"{n} nice?"},
        }
        for n in (1, 2)
    ]
    tone = {"factors": ["tone"], "unit": "item", "method": "latin_square", "at": "after"}
    version = study(tmp_path, LABEL, tone, texts={"survey.yaml": json.dumps(items)})
    found = Played(version)
    people, group = found.seated()
    play(people, group)
    orders = {one.holder_id: one.condition for one in Slot.objects.filter(entry=1, holder_id__isnull=False)}
    assert len(orders) == 3
    for person in people:
        labels = [field.label for field in page(person.session).fields]
        order = orders[fresh(person.session).participant_id].split(">")
        assert [label.partition(" ")[2] for label in labels] == [
            "good?" if one == "tone=plain" else "nice?" for one in order
        ]


def test_balance_is_printed_by_condition(tmp_path: Path) -> None:
    version = study(tmp_path, LABEL, TOPIC, TONE)
    played(version)
    at_stage(version, "quiz")
    text = balance_of(version)
    assert "A of label" in text
    assert not any(f"{name}=" in text for name in ("label", "topic", "tone")), "while data come in"
    services.close_study(version.study)
    text = balance_of(version)
    assert "1 group allocated; the study file wants 24 groups." in text
    assert "4 people allocated." in text
    for condition in ("label=hidden", "label=marked", "topic=home", "tone=plain", "tone=warm"):
        assert condition in text


def balance_of(version: Version) -> str:
    out = io.StringIO()
    call_command("study", "balance", version.study.slug, stdout=out)
    return out.getvalue()
