"""Every column of the database is declared, and after a wish or a purge none that holds words holds any."""

import json
from pathlib import Path

import pytest
from django.db import connection

from events import runner
from matching.models import Group
from participants.models import Participant
from studies.masking.services import unmask
from tests.consent.columns import ANYTHING, JSON_KEYS, Holds, declared, that_hold
from tests.consent.planting import PLANTINGS, plant
from tests.consent.trading import (
    Writer,
    group_of_three,
    pair_with,
    participant_of,
    places_with,
    trading,
)
from tests.verification.played import Played, play

pytestmark = pytest.mark.django_db(transaction=True)
TAKES_TEXT = """
SELECT table_name || '.' || column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'json', 'jsonb', 'ARRAY')
"""
TAKES_JSON = """
SELECT table_name || '.' || column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type IN ('json', 'jsonb')
"""
REMEDY = (
    "declare it in tests/consent/columns.py; where people's words may stand in it, delete them in "
    "exports/services/erasure.py (or echoes.py) and exports/holdings.py, and plant some in tests/consent/planting.py"
)


@pytest.fixture
def played(tmp_path: Path) -> Played:
    found = trading(tmp_path)
    unmask(found.study, reason="Words are looked for in whole datasets.", by="tests", role="server")
    return found


def ended(played: Played, *, has_plants: bool = True) -> tuple[list[Writer], Group]:
    """A group that has played, whose people have answered the questions after it, with words wherever words can be.

    Args:
        has_plants: False: only where playing leaves them.
    """
    trio, group = group_of_three(played)
    play(trio, group)
    for person in trio:
        person.go_to("debrief")
        if has_plants:
            plant(person, group)
    return trio, group


def test_every_column_that_takes_text_is_declared() -> None:
    with connection.cursor() as cursor:
        cursor.execute(TAKES_TEXT)
        found = {place for (place,) in cursor.fetchall()}
    assert sorted(found - declared().keys()) == [], REMEDY
    assert sorted(declared().keys() - found) == [], "there is no such column any more: take it out of columns.py"


def test_every_column_of_json_says_what_may_stand_in_it(played: Played) -> None:
    ended(played)
    with connection.cursor() as cursor:
        cursor.execute(TAKES_JSON)
        found = {place for (place,) in cursor.fetchall()}
    assert sorted(found ^ JSON_KEYS.keys()) == [], f"name its keys in tests/consent/columns.py: {REMEDY}"
    strange = {place: keys_in(place) - set(keys.split()) for place, keys in JSON_KEYS.items() if keys != ANYTHING}
    assert {place: keys for place, keys in strange.items() if keys} == {}, f"who wrote what stands there? {REMEDY}"


def keys_in(place: str) -> set[str]:
    """The keys of the objects in a column, and of those in its lists."""
    table, column = place.split(".")
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{column}"::text FROM "{table}"')
        values = [json.loads(value) for (value,) in cursor.fetchall() if value is not None]
    parts = [part for value in values for part in (value if isinstance(value, list) else [value])]
    return {key for part in parts if isinstance(part, dict) for key in part}


def test_what_people_write_stands_where_it_is_declared_and_nowhere_else(played: Played) -> None:
    trio, _group = ended(played, has_plants=False)
    theirs = set(that_hold(Holds.WORDS))
    for person in trio:
        assert {"chat_entry.text", "measures_answer.value"} <= set(places_with(person.mark)) <= theirs, REMEDY


def test_what_is_planted_is_declared_to_hold_something_of_people() -> None:
    theirs = set(that_hold(Holds.WORDS, Holds.OWN, Holds.CONTACT))
    assert PLANTINGS.keys() <= theirs


@pytest.mark.parametrize("with_program", [False, True])
def test_after_a_wish_no_table_holds_a_word_of_theirs(played: Played, with_program: bool) -> None:
    trio, _group = ended(played)
    gone = next(person for person in pair_with(trio, program=with_program) if person.role == "giver")
    words = set(that_hold(Holds.WORDS)) | PLANTINGS.keys()
    assert words - set(places_with(gone.mark)) == set(), f"nothing was planted there: {REMEDY}"
    assert gone.send(withdraw="1") == "stored"
    runner.drain("jobs")
    assert participant_of(gone).erased_at is not None
    assert list(places_with(gone.mark)) == [], REMEDY
    theirs = {"chat_entry.text", "measures_answer.value", "bots_memory.text", "chat_report.text", "events_event.facts"}
    for person in trio:
        if person is not gone:
            assert set(places_with(person.mark)) >= theirs, "what nobody asked to have deleted stays"
    assert Participant.objects.filter(code=participant_of(gone).code).exists(), "the last page goes on showing the pay"
