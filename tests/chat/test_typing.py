"""That somebody is writing: a hint that fades, the same of people and of programs, told where the study says so."""

import json
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from redis.exceptions import ConnectionError as RedisGone

from bots.models import BotTurn
from bots.turns import take_turn
from chat import notices, services
from chat.models import Entry, TypingShown
from events import announce, clock, fading, runner
from events.models import Due
from exports.scope import Scope
from exports.tables.seen import SEEN
from exports.tables.talk import ENTRIES
from flow.models import Match
from matching.lasting import NAMED
from matching.models import Seat
from scheduling.models import Session
from tests.bots import answers
from tests.bots.meetings import Acquainted, say, version_with
from tests.bots.test_turns import claims_of
from tests.chat.rooms import Sitter, browser_of, make_match
from tests.chat.test_saying import by_form, stream_in
from tests.chat.test_saying import say as say_over_socket
from tests.chat.test_talks import act, asked

pytestmark = pytest.mark.django_db(transaction=True)
TWO = [Sitter("talker"), Sitter("talker")]
SHOWN = {"quota": 0, "chars": 200, "typing": "shown"}
PACE = {"min_s": 0, "max_s": 60, "chars_per_s": 5, "think_s": [2, 2], "miss": 0}


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}
    cache.clear()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is told to sockets of who writes, in order; that it ends comes with the line."""
    found: list[dict[str, Any]] = []

    def line(streams: Sequence[str], talk: int, seq: int, who: str) -> None:
        found.extend({"stream": one, "who": who, "seconds": 0, "talk": talk, "after": seq} for one in streams if who)

    monkeypatch.setattr(announce, "notice", lambda stream, facts: found.append({"stream": stream, **facts}))
    monkeypatch.setattr(announce, "line", line)
    return found


def types(match: Match, number: int) -> None:
    """The browser of somebody says that they type."""
    person = match.group.seats.get(number=number).participant_id
    assert person is not None
    notices.by_person(person)


def test_partner_with_a_name_is_called_by_it_until_their_line_has_come(told: list[dict[str, Any]]) -> None:
    match = make_match("chatting", *TWO, parameters=SHOWN)
    named = match.group.seats.filter(number=1)
    named.update(settings={NAMED: "Robin"})
    for number in (1, 2):
        browser_of(match, number)
    match = Match.objects.get(pk=match.pk)
    types(match, 1)
    assert seen(match, 2) == [("Robin", 0)]
    reader = match.group.seats.get(number=2)
    assert reader.participant_id is not None
    begun_at = told[0]["begun_at"]
    services.keep_typing(reader.participant_id, "Robin", begun_at)
    services.keep_typing(reader.participant_id, "1", begun_at)
    assert [(kept.seat_id, kept.writer_id) for kept in TypingShown.objects.all()] == [(reader.pk, named.get().pk)]
    act(match, 1, message="hello")
    assert {(one["who"], bool(one["seconds"])) for one in told} == {("Robin", True), ("Robin", False)}
    assert '<span class="who">Robin</span>' in browser_of(match, 2).get("/s/").content.decode()


def seen(match: Match, number: int) -> list[tuple[str, int]] | None:
    """Whom the page of somebody shows as writing."""
    match.refresh_from_db()
    found = notices.seen_by(match, match.group.seats.get(number=number))
    return None if found is None else [one.told for one in found]


def test_others_are_told_and_the_writer_is_not(told: list[dict[str, Any]]) -> None:
    match = make_match("chatting", *TWO, Sitter("talker"), parameters=SHOWN)
    for number in (1, 2, 3):
        browser_of(match, number)  # each gets a stream of their own
    act(match, 2, message="hello")
    told.clear()
    types(match, 1)
    assert [seen(match, number) for number in (1, 2, 3)] == [[], [("1", 1)], [("1", 1)]]
    assert [(one["who"], one["after"], one["seconds"]) for one in told] == [("1", 1, notices.FADES_AFTER)] * 2
    assert len({one["stream"] for one in told}) == 2


def test_it_fades_unless_it_is_renewed_and_a_renewal_is_no_new_beginning(
    told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "FADES_AFTER", 1)
    match = make_match("chatting", *TWO, parameters=SHOWN)
    types(match, 1)
    time.sleep(0.6)
    types(match, 1)
    time.sleep(0.6)
    assert seen(match, 2) == [("1", 0)]
    assert told[0]["begun_at"] == told[1]["begun_at"]
    time.sleep(0.7)
    assert seen(match, 2) == []
    types(match, 1)
    assert told[2]["begun_at"] > told[0]["begun_at"]


def test_message_ends_it_for_everybody(told: list[dict[str, Any]]) -> None:
    match = make_match("chatting", *TWO, parameters=SHOWN)
    for number in (1, 2):
        browser_of(match, number)
    types(match, 1)
    act(match, 1, message="there")
    assert seen(match, 2) == []
    assert [(one["who"], one["seconds"]) for one in told if one["seconds"] == 0] == [("1", 0)] * 2
    types(match, 1)
    assert seen(match, 2) == [("1", 1)], "what is written next comes after that message"


@pytest.mark.parametrize("typing", ["off", None])
def test_nobody_is_told_unless_the_talk_shows_it(told: list[dict[str, Any]], typing: str | None) -> None:
    match = make_match("chatting", *TWO, parameters=SHOWN | {"typing": typing} if typing else {"quota": 0})
    types(match, 1)
    act(match, 1, message="there")
    assert seen(match, 2) is None
    assert told == []
    assert not asked(match, 1).facts["talk"]["typing"]
    assert "X-Typing" not in polled(browser_of(match, 2)).headers


def test_whoever_has_ended_the_talk_or_sits_in_no_talk_does_not_write(told: list[dict[str, Any]]) -> None:
    match = make_match("chatting", *TWO, parameters=SHOWN)
    act(match, 1, then="ready")
    told.clear()
    types(match, 1)
    assert (told, seen(match, 2)) == ([], [])
    act(match, 2, then="ready")
    types(match, 2)
    assert (told, seen(match, 1)) == ([], None)
    Session.objects.update(status="finished")
    types(match, 2)
    notices.by_person(10**9)
    assert told == []


def polled(client: Client, **more: str) -> Any:
    """Ask for news as a browser does whose page is not the newest."""
    return client.get("/s/poll", {"rev": "x", **more}, headers={"X-Fragment": "1"})


def test_poll_tells_it_and_says_it_and_what_was_told_is_kept_once(told: list[dict[str, Any]]) -> None:
    match = make_match("chatting", *TWO, parameters=SHOWN)
    first, second = browser_of(match, 1), browser_of(match, 2)
    html = first.get("/s/").content.decode()
    assert 'data-typing data-keep data-one="{who} is writing …"' in html
    assert json.loads(polled(second).headers["X-Typing"]) == []
    assert json.loads(polled(first, typing="1").headers["X-Typing"]) == []
    assert [json.loads(polled(second).headers["X-Typing"]) for _ in range(2)] == [[["1", 0]]] * 2
    (kept,) = TypingShown.objects.all()
    assert (kept.seat.number, kept.writer.number) == (2, 1)
    assert kept.begun_at <= kept.at
    act(match, 1, message="hello")
    assert json.loads(polled(second).headers["X-Typing"]) == []
    rows = [row for row in SEEN.rows(Scope(match.group.version.study)) if row["what"] == "typing"]
    assert [(str(row["seat"])[-1], str(row["by"])[-1], row["seq"]) for row in rows] == [("2", "1", None)]
    (entry,) = ENTRIES.rows(Scope(match.group.version.study))
    assert (entry["typing_s"], entry["typing_planned_s"]) == (rows[0]["begun_s"], "")
    assert (entry["typing_starts"], entry["pauses_planned"]) == (1, None)


def test_typing_that_says_itself_too_often_is_left_alone(told: list[dict[str, Any]]) -> None:
    match = make_match("chatting", *TWO, parameters=SHOWN)
    client = browser_of(match, 1)
    with mock.patch("events.tally.time", return_value=1e9):  # within one stretch, however slow the machine
        for _ in range(40):
            polled(client, typing="1")
    assert 1 <= len(told) <= 20


def test_without_redis_nobody_writes_and_nothing_fails(told: list[dict[str, Any]]) -> None:
    match = make_match("chatting", *TWO, parameters=SHOWN)
    client = browser_of(match, 2)
    with mock.patch.object(fading, "cache") as gone:
        for name in ("add", "get", "get_many", "delete", "touch"):
            getattr(gone, name).side_effect = RedisGone
        types(match, 1)
        assert json.loads(polled(client).headers["X-Typing"]) == []
        act(match, 1, message="there")
    assert Entry.objects.count() == 1


def meets(label: str, **partner: Any) -> tuple[Match, Seat]:
    """Somebody in a talk with a model of a label."""
    match = Acquainted(version_with(None, shows_typing="shown", **partner)).meet()
    seat = match.group.seats.get(occupant="model")
    Seat.objects.filter(pk=seat.pk).update(label=label, settings=seat.settings | {"delay": PACE})
    return match, seat


@pytest.mark.parametrize(
    ("label", "partner", "is_seen"),
    [("", {}, True), ("AI", {}, False), ("AI", {"typing": "always"}, True), ("", {"typing": "always"}, True)],
)
def test_program_is_seen_to_write_from_when_its_plan_says_unless_its_label_says_what_it_is(
    told: list[dict[str, Any]], label: str, partner: dict[str, Any], is_seen: bool
) -> None:
    match, seat = meets(label, **partner)
    say(match, "hello")
    told.clear()
    answers.will('{"message": "twenty characters ..", "then": "more"}')
    runner.drain("bots")
    turn, entry = BotTurn.objects.get(), Entry.objects.get(seat=seat)
    assert turn.planned_at is not None
    assert (turn.typing_at, turn.planned_at) == (entry.typing_at, entry.planned_at)
    begun = [one for one in told if one["seconds"]]
    assert bool(begun) is is_seen
    assert (turn.typing_at is not None) is is_seen
    if turn.typing_at is not None:
        # twenty characters at five a second, and to press the button; it read five and thought for two seconds before
        assert turn.planned_at - turn.typing_at == timedelta(seconds=20 / 5 + 1.5)
        assert turn.planned_at - match.step_opened_at == timedelta(seconds=5 / 25 + 2 + 20 / 5 + 1.5)
        assert [(one["who"], one["after"]) for one in begun] == [("2", 1)]
        row = list(ENTRIES.rows(Scope(match.group.version.study)))[-1]
        planned = (turn.typing_at - match.group.formed_at).total_seconds()
        assert float(str(row["typing_planned_s"])) == pytest.approx(planned, abs=0.001)


def test_program_s_turn_is_given_back_until_it_begins_to_write_and_keeps_its_plan(told: list[dict[str, Any]]) -> None:
    match, _seat = meets("")
    seat = match.group.seats.get(occupant="model")
    slow = PACE | {"max_s": 100, "chars_per_s": 1, "think_s": [40, 40]}
    Seat.objects.filter(pk=seat.pk).update(settings=seat.settings | {"delay": slow})
    say(match, "hello")
    answers.will('{"message": "twenty characters ..", "then": "more"}')
    (claim,) = claims_of(match)
    told.clear()
    assert async_to_sync(take_turn)(claim) == "planned"
    assert told == [], "it thinks"
    turn = BotTurn.objects.get()
    assert turn.planned_at is not None
    assert turn.typing_at is not None
    before = (turn.typing_at, turn.planned_at)
    again = Due.objects.filter(reaction="bots.turns.take_turn", key=claim.key, outcome="")
    assert turn.typing_at - again.get().run_after == timedelta(seconds=3)
    again.update(run_after=clock.now())
    runner.drain("bots")
    turn.refresh_from_db()
    assert (turn.typing_at, turn.planned_at) == before
    assert Entry.objects.filter(seat=seat).count() == 1
    assert [bool(one["seconds"]) for one in told].count(True) == 1


def test_notice_of_a_program_lasts_until_it_speaks(told: list[dict[str, Any]]) -> None:
    match, seat = meets("")
    with mock.patch.object(notices.fading, "begin", wraps=fading.begin) as begin:
        notices.by_program(match.pk, "talk", seat.pk, until=clock.now() + timedelta(seconds=31))
        notices.by_program(match.pk, "elsewhere", seat.pk, until=clock.now() + timedelta(seconds=31))
    assert [call.kwargs["seconds"] for call in begin.call_args_list] == [35]
    assert seen(match, 1) == [("2", 0)]


@pytest.mark.parametrize("writes", [0.4, 2.9, 3.2, 6.5, 31.5])
def test_notice_of_a_program_fades_when_that_of_somebody_fades_who_types_so_long(
    told: list[dict[str, Any]], writes: float
) -> None:
    match, seat = meets("")
    notices.by_program(match.pk, "talk", seat.pk, until=clock.now() + timedelta(seconds=writes + 0.05))
    assert told, "it is told to whoever sits there"
    keys = [3.0 * n for n in range(20) if 3.0 * n <= writes]  # a browser tells the first key, and says so every three s
    assert {one["seconds"] for one in told} == {keys[-1] + notices.FADES_AFTER}


def test_notice_that_cannot_be_given_costs_a_program_s_turn_nothing() -> None:
    match, _seat = meets("")
    say(match, "hello")
    answers.will('{"message": "twenty characters ..", "then": "more"}')
    with mock.patch.object(notices, "by_program", side_effect=OperationalError("the database is away")) as asked:
        runner.drain("bots")
    assert asked.called
    assert Entry.objects.filter(seat__occupant="model").count() == 1
    assert not Due.objects.filter(attempts__gt=1).exists()


@pytest.mark.parametrize("way", ["before it is read", "while it is read"])
def test_writing_that_is_heard_of_after_its_message_was_stored_by_its_form_is_told_to_nobody(
    told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """A person's notice and form go by different ways; a program's never comes after its message."""
    match = make_match("chatting", *TWO, parameters=SHOWN)
    for number in (1, 2):
        browser_of(match, number)
    key, person = str(uuid4()), match.group.seats.get(number=1).participant_id
    assert person is not None
    usual = fading.begin

    def late(*about: Any, **more: Any) -> Any:
        by_form(match, 1, "hello", key)
        return usual(*about, **more)

    if way == "before it is read":
        by_form(match, 1, "hello", key)
    with monkeypatch.context() as patch:
        if way == "while it is read":
            patch.setattr(fading, "begin", late)
        notices.by_person(person, key=key)
    assert seen(match, 2) == []
    ends = [one for one in told if not one["seconds"]]
    assert {(one["talk"], one["after"]) for one in ends} == {(Entry.objects.get().conversation_id, 1)}
    # what is told nevertheless was begun before that, and whoever was told of the end leaves it alone
    assert {(one["talk"], one["after"]) for one in told if one["seconds"]} <= {(Entry.objects.get().conversation_id, 0)}
    told.clear()
    notices.by_person(person, key=str(uuid4()))
    assert seen(match, 2) == [("1", 1)], "the next message"


def test_message_that_is_stored_asks_nothing_of_redis() -> None:
    match = make_match("chatting", *TWO, parameters=SHOWN)
    types(match, 1)
    assert seen(match, 2) == [("1", 0)]
    with mock.patch.object(fading, "cache") as asked:
        assert say_over_socket(match, 1, "hello").seq == 1
        act(match, 2, message="by form")
    assert asked.mock_calls == []
    assert seen(match, 2) == []


def test_whoever_has_ended_the_talk_is_not_told_who_writes(told: list[dict[str, Any]]) -> None:
    match = make_match("chatting", *TWO, Sitter("talker"), parameters=SHOWN)
    for number in (1, 2, 3):
        browser_of(match, number)
    act(match, 2, then="ready")
    told.clear()
    types(match, 1)
    assert [one["stream"] for one in told] == [stream_in(match, 3)]
    assert [seen(match, number) for number in (2, 3)] == [[], [("1", 0)]]


def test_browser_whose_secret_was_replaced_types_no_more(told: list[dict[str, Any]]) -> None:
    match = make_match("chatting", *TWO, parameters=SHOWN)
    for number in (1, 2):
        browser_of(match, number)
    person = match.group.seats.get(number=1).participant_id
    assert person is not None
    notices.by_person(person, stream="session-of-before")
    assert told == []
    notices.by_person(person, stream=stream_in(match, 1))
    assert len(told) == 1
