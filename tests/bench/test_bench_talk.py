"""Conversations are planned, followed and counted as the benchmark says: lost, doubled and reordered ones are seen."""

import asyncio
from typing import Any

import pytest

from bench import talk_figures
from bench.browser import frame
from bench.machine import Meter
from bench.otree_talker import WIDGET
from bench.rapport_talker import LINE
from bench.rapport_visit import read
from bench.talk import HELLO, TEXT, Company, Talk, TalkTape, planned, word_of
from bench.talk_cells import SIZES
from chat.contacts import found
from flow.drawing import draw
from flow.page import Page
from paradigm import Line, View
from tests.pages import gallery


class Friend:
    """A talker in a room of two, whose messages may go wrong on the way."""

    def __init__(self, company: Company, rooms: list[list["Friend"]], harm: str = "") -> None:
        self.company, self.harm = company, harm
        if not rooms or len(rooms[-1]) == 2:
            rooms.append([])
        rooms[-1].append(self)
        self.room = rooms[-1]
        self.kept: list[str] = []

    async def arrive(self) -> None:
        await asyncio.sleep(0)

    async def listen(self) -> None:
        await asyncio.sleep(60)

    async def say(self, text: str) -> None:
        for one in self.room:
            self.company.see(one, text, is_own=one is self)
            if self.harm == "twice" and one is not self:
                self.company.see(one, text, is_own=False)

    def close(self) -> None:
        self.room.clear()


def held(talk: Talk, harm: str = "") -> tuple[TalkTape, float]:
    """A cell of friends."""

    async def main() -> tuple[TalkTape, float]:
        company, rooms = Company(), []  # type: ignore[var-annotated]
        await company.gather(lambda here: Friend(here, rooms, harm), talk.pairs)
        met = await company.talk(talk)
        await company.close()
        return met

    return asyncio.run(main())


def figures_of(tape: TalkTape, stored: dict[str, list[str]]) -> dict[str, Any]:
    meter = Meter(dict, cpu_s={"pages": 0.5}, seconds=1.0, driver_cpu_s=0.1)
    return talk_figures.cell(Talk(1, 2, 1), tape, 1.0, stored, meter)


def test_messages_are_spread_over_pairs_and_speakers() -> None:
    lines = planned(Talk(pairs=3, per_second=6, seconds=2), first=5)
    assert [line.after for line in lines] == [number / 6 for number in range(12)]
    assert [(line.pair, line.side) for line in lines[:6]] == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
    assert len({line.word for line in lines}) == 12
    assert lines[0].word == word_of(5)


def test_words_are_no_contact_details() -> None:
    words = [word_of(number) for number in range(0, 200_000, 997)]
    assert len(set(words)) == len(words)
    assert all(word.isalpha() and word.islower() for word in words)
    assert not any(found(text.format(word)) for word in words for text in (TEXT, HELLO))


def test_friends_find_each_other_and_every_message_arrives() -> None:
    talk = Talk(pairs=4, per_second=200, seconds=0.2)
    tape, seconds = held(talk)
    assert len(tape.taken) == len(tape.shown) == len(tape.due) == 40
    assert seconds >= 0.15, "a message is not sent before its instant"
    assert tape.repeated == 0


def test_page_that_shows_a_message_twice_is_counted() -> None:
    assert held(Talk(pairs=1, per_second=100, seconds=0.1), harm="twice")[0].repeated == 10


def test_lost_doubled_and_reordered_messages_are_counted() -> None:
    tape, talker = TalkTape(), Friend(Company(), [])
    tape.due = dict.fromkeys(("aa", "ab", "ac"), 0.0)
    tape.taken = dict.fromkeys(tape.due, 5.0)
    for word in ("ab", "aa"):
        tape.see(talker, TEXT.format(word), is_own=False)
    texts = [TEXT.format(word) for word in ("aa", "ab", "ab", "zz")]
    one = figures_of(tape, {"7": texts})
    assert (one["lost"], one["doubled"], one["reordered"]) == (2, 1, 1), "one neither stored nor shown"
    assert (one["stored"], one["shown"], one["taken_ms_p50"]) == (2, 2, 5.0)
    assert figures_of(tape, {"7": [*texts[:1], texts[0].replace("aa", "ac"), texts[1]]})["doubled"] == 0


def test_processor_time_of_a_message_is_told_by_kind_of_process() -> None:
    tape = TalkTape(due={"aa": 0.0, "ab": 0.0}, taken={"aa": 1.0, "ab": 1.0}, by_form=1)
    spent = {"sockets": 0.004, "bots": 0.001, "jobs": 0.002, "sweeper": 0.001, "redis": 0.0005}
    one = talk_figures.cell(Talk(1, 2, 1), tape, 1.0, {}, Meter(dict, cpu_s=spent, seconds=1.0, driver_cpu_s=0.001))
    by_kind = {name: one.get(f"cpu_ms_{name}") for name in ("sockets", "workers", "redis", "pages", "driver")}
    assert by_kind == {"sockets": 2.0, "workers": 2.0, "redis": 0.25, "pages": None, "driver": 0.5}
    assert (one["cpu_ms_per_message"], one["by_form"]) == (4.25, 1)


def test_goals_of_time_are_those_of_the_first_rate() -> None:
    usual = figures_of(TalkTape(), {}) | {"side": "ours", "people": 0}
    cells = [usual | {"cell": name, "to_partner_ms_p50": 40.0} for name in ("first", "faster")]
    said = [line for line in talk_figures.lines({"medians": cells, "knee": {}}) if "to partner p50" in line]
    assert ["MISSED" in line for line in said] == [True, False]


def test_knee_is_the_highest_rate_that_was_borne() -> None:
    usual = {"lost": 0, "taken": 100, "planned": 100, "to_partner_ms_p99": 90.0}
    rates = [usual | {"messages_per_s": rate, "planned_per_s": rate} for rate in (100.0, 200.0)]
    slow = usual | {"messages_per_s": 400.0, "planned_per_s": 400.0, "to_partner_ms_p99": 1200.0}
    behind = usual | {"messages_per_s": 300.0, "planned_per_s": 400.0}
    assert talk_figures.knee([*rates, slow, behind])["messages_per_s"] == 200.0
    assert talk_figures.knee([slow])["messages_per_s"] == 0.0


def test_our_page_of_a_conversation_is_read() -> None:
    lines = [Line("", "Mine & yours", seq=1), Line("B", "So it is", seq=2)]
    page = Page("match", "Talk", button="Send", view=View(lines=lines), facts={"talk": {"says": True, "name": "t1"}})
    html = draw(gallery.request(), page, gallery.FRAME, is_fragment=True)
    assert LINE.findall(html) == [("mine", "1", "Mine &amp; yours"), ("theirs", "2", "So it is")]
    box = '<textarea id="f-message" name="message" data-said></textarea>'
    assert (read(html).talks, read(html).talk) == (False, "")
    assert (read(html + box).talks, read(html + box).talk) == (True, "t1")


def test_widget_of_otree_is_read() -> None:
    seen = WIDGET.search('var varsFromDjango = {"socket_path": "/chat?channel=a", "participant_id": 3};\n var x = {};')
    assert seen is not None
    assert seen[1] == '{"socket_path": "/chat?channel=a", "participant_id": 3}'


def test_long_texts_fit_into_a_frame() -> None:
    short, long = frame(1, b"x" * 125), frame(1, b"x" * 300)
    assert (short[1], long[1], long[2:4]) == (0x80 | 125, 0x80 | 126, b"\x01\x2c")
    assert len(long) == 2 + 2 + 4 + 300


@pytest.mark.parametrize("name", SIZES)
def test_sizes_are_what_was_promised(name: str) -> None:
    size = SIZES[name]
    if name != "smoke":
        assert (size.alone.pairs, size.alone.per_second) == (150, 150)
        assert 400 in size.rates
        assert size.crowd.at_once == 100
    assert size.rates == tuple(sorted(size.rates))
