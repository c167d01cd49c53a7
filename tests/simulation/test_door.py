"""A simulated participant's door against a server that misbehaves: what is retried, counted and written down."""

import asyncio

import pytest

from simulation import browser
from simulation.door import Door
from simulation.errors import SimulationError
from simulation.mind import Mind, Move
from simulation.person import MOST_REFUSALS, Person
from simulation.profile import Profile
from tests.simulation.clumsy import PAGE, STORED, served

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "FIRST_WAIT_SECONDS", 0.01)


async def test_a_form_is_sent_under_one_key_until_it_is_acknowledged() -> None:
    async with served(("cut", {}), (503, {}), (500, {}), (429, {"Retry-After": "0"}), STORED) as (clumsy, door):
        sent = await door.send(PAGE, {"a": "1"})
        assert (sent.outcome, sent.page.title) == ("stored", "Next")
        assert clumsy.forms == [PAGE.hidden | {"a": "1"}] * 5
        assert (len(door.server_errors), len(door.transport_errors), len(door.took_ms)) == (2, 1, 4)
        (entry,) = door.ledger
        assert (entry.person, entry.key, entry.outcome, entry.title) == (4, "k1", "stored", "Now")


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "entries"),
    [
        (200, {"X-Outcome": "stored"}, "stored", 1),
        (200, {"X-Outcome": "stale"}, "stale", 1),
        (200, {"X-Outcome": "late"}, "late", 1),
        (409, {}, "conflict", 1),
        (422, {}, "refused", 0),
    ],
)
async def test_only_what_was_acknowledged_is_written_down(
    status: int, headers: dict[str, str], outcome: str, entries: int
) -> None:
    async with served((status, headers)) as (_, door):
        assert (await door.send(PAGE, {})).outcome == outcome
        assert [entry.outcome for entry in door.ledger] == [outcome] * entries


@pytest.mark.parametrize("status", [200, 303, 400, 403, 404])
async def test_an_answer_that_says_nothing_of_the_form_is_an_error(status: int) -> None:
    async with served((status, {})) as (_, door):
        with pytest.raises(SimulationError) as caught:
            await door.send(PAGE, {})
        assert caught.value.code == "unexpected"
        assert len(door.ledger) == 0


async def test_patience_ends() -> None:
    async with served(*[(503, {})] * 50) as (_, door):
        door.patience_seconds = 0.3
        with pytest.raises(SimulationError) as caught:
            await door.send(PAGE, {})
        assert caught.value.code == "no_answer"
        assert len(door.server_errors) > 3


async def test_too_fast_people_wait_as_long_as_they_are_told() -> None:
    async with served((429, {"Retry-After": "1"}), STORED) as (_, door):
        began = asyncio.get_running_loop().time()
        await door.send(PAGE, {})
        assert asyncio.get_running_loop().time() - began >= 1
        assert door.server_errors == []


async def test_a_closed_study_lets_nobody_in() -> None:
    async with served((403, {})) as (_, door):
        with pytest.raises(SimulationError) as caught:
            await door.enter()
        assert caught.value.code == "not_entered"


async def test_a_socket_is_followed_through_breaks_and_ends_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "PING_SECONDS", 0.1)
    plan = (["{}", "{}", 1012], ["listen", '{"do":"pong"}', 1012], ["{}", 4401])
    async with served(*plan) as (clumsy, door):
        hints = [door.has_socket async for _ in door.pointers()]
        assert hints == [True] * 6, "one for each opening, one for each pointer, none for the pong"
        assert clumsy.frames == ['{"do":"ping"}']
        assert not door.has_socket


async def test_going_back_sends_another_answer_under_the_old_key() -> None:
    async with served(STORED, (409, {})) as (clumsy, door):
        person = someone(door)
        await person.do(Move(0, "answer", {"a": "1"}, "back", {"a": "2"}))
        assert [(form["key"], form["a"]) for form in clumsy.forms] == [("k1", "1"), ("k1", "2")]
        assert [entry.outcome for entry in door.ledger] == ["stored", "conflict"]


async def test_a_page_that_refuses_everything_ends_the_person() -> None:
    async with served(*[(422, {})] * MOST_REFUSALS) as (_, door):
        person = someone(door)
        for _ in range(MOST_REFUSALS - 1):
            await person.do(Move(0, "answer", {"a": "1"}))
        with pytest.raises(SimulationError) as caught:
            await person.do(Move(0, "answer", {"a": "1"}))
        assert caught.value.code == "refused"


def someone(door: Door) -> Person:
    person = Person(door, Mind(4, seed="s", profile=Profile.flawless(), answers={}))
    person.last = PAGE
    return person
