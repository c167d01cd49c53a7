"""What simulated people decide, held over many people and pages."""

from collections import Counter
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.mind import Mind, Move, look_seconds, place_of
from simulation.pages import CHOSEN, Asked, Shown, read
from simulation.profile import Profile
from tests.pages.gallery import drawn, pages

ANSWERS = {"a_next": "n", "sum": "18"}
FLAWLESS = Profile.flawless()
SHARES = [row.name for row in Profile().rows() if row.unit == "share"]

values = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=6, unique=True)
names = st.text(min_size=1, max_size=8)


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    kind = draw(st.sampled_from(["radio", "checkbox", "number", "text", "textarea"]))
    low = draw(st.integers(-50, 50))
    one = Asked(draw(names), kind, low=low, high=low + draw(st.integers(0, 500)), most=draw(st.integers(0, 300)))
    one.values = ["yes"] if kind == "checkbox" else draw(values) if kind == "radio" else []
    one.required = draw(st.booleans())
    return one


@st.composite
def shown(draw: st.DrawFn) -> Shown:
    fields = {one.name: one for one in draw(st.lists(asked(), max_size=5))}
    left = draw(st.none() | st.integers(0, 120))
    kind = draw(st.sampled_from(["text", "match", "waiting"]))
    text = "\n".join(draw(st.lists(st.text(max_size=40), max_size=5)))
    return Shown(kind, "r", asked=fields, button=draw(st.booleans()), text=text, seconds_left=left)


profiles = st.fixed_dictionaries({name: st.floats(0, 1) for name in SHARES}).map(lambda said: Profile(**said))


def moves(number: int, seen: list[Shown], profile: Profile) -> list[Move]:
    mind = Mind(number, seed="s", profile=profile, answers=ANSWERS)
    return [mind.next_move(page) for page in seen]


@given(st.integers(0, 10**6), st.lists(shown(), max_size=6), profiles)
def test_one_seed_gives_one_life(number: int, seen: list[Shown], profile: Profile) -> None:
    assert moves(number, seen, profile) == moves(number, seen, profile)


@given(st.integers(0, 10**6), shown(), profiles)
def test_moves_can_be_made(number: int, page: Shown, profile: Profile) -> None:
    (move,) = moves(number, [page], profile)
    assert move.after_seconds >= 0
    if move.do != "answer":
        assert move.data == {}
        return
    assert page.button
    for data in (move.data, move.second) if move.again == "back" else (move.data,):
        assert_acceptable(page, data)
    is_late = page.seconds_left is not None and move.after_seconds > page.seconds_left
    assert is_late is move.is_offline or move.after_seconds == page.seconds_left


def assert_acceptable(page: Shown, data: Mapping[str, str]) -> None:
    """What the form's own bounds allow; a required answer is not left out."""
    assert set(data) <= set(page.asked)
    for one in page.asked.values():
        value = data.get(one.name)
        if one.kind == "checkbox":
            assert value in ({"yes"} if one.required else {"yes", None})
        elif one.kind in CHOSEN:
            assert value in one.values
        elif one.kind == "number":
            assert one.low <= int(value or "") <= one.high
        else:
            assert value is not None
            assert len(value) <= (one.most or 100)
            assert value.strip() or not one.required


# Beside the visits, where somebody comes only by a link that simulated people leave alone.
BESIDE = {"reminders", "data", "data_after"}


@pytest.mark.parametrize("name", [name for name, page in pages().items() if page.button and name not in BESIDE])
def test_flawless_people_answer_every_page_in_time(name: str) -> None:
    page = read(drawn(name))
    for move in [moves(number, [page], FLAWLESS)[0] for number in range(20)]:
        assert (move.do, move.again, move.is_offline) == ("answer", "", False)
        assert set(move.data) >= {one.name for one in page.asked.values() if one.required}
        assert {key: move.data[key] for key in page.asked if key in ANSWERS} == {
            key: ANSWERS[key] for key in page.asked if key in ANSWERS
        }
        assert move.after_seconds < 2
        assert move.after_seconds < (page.seconds_left or 99)


@pytest.mark.parametrize("name", ["waiting", "wait"])
def test_people_look_where_nothing_can_be_pressed(name: str) -> None:
    assert moves(1, [read(drawn(name))], FLAWLESS)[0].do == "look"


def test_places_are_what_the_page_shows() -> None:
    places = {name: place_of(read(drawn(name)), ANSWERS) for name in pages()}
    assert places.pop("consent") == "consent"
    assert places.pop("quiz") == "quiz"
    assert places.pop("debrief") == "debrief"
    assert {name for name, place in places.items() if place == "lobby"} == {"waiting", "ready"}
    others = {"instructions", "briefing", "survey", "end", "practice", "example", "calculator", "calculator_refused"}
    others |= {"zone", "home", "address", "earlier"} | BESIDE
    assert {name for name, place in places.items() if place == "other"} == others


def share(name: str, happens: Callable[[Move], bool], people: int, profile: Profile) -> float:
    page = read(drawn(name))
    return sum(happens(moves(number, [page], profile)[0]) for number in range(people)) / people


@pytest.mark.parametrize(
    ("assumption", "page", "happens"),
    [
        ("declining", "consent", lambda move: move.do == "decline" and move.data == {"decline": "1"}),
        ("quitting_quiz", "quiz", lambda move: move.do == "leave" and not move.data),
        ("quitting_lobby", "waiting", lambda move: move.do == "leave" and move.data == {"leave": "1"}),
        ("withdrawing", "debrief", lambda move: move.do == "withdraw" and move.data == {"withdraw": "1"}),
        ("not_ready", "ready", lambda move: move.do == "look"),
        ("quitting_act", "decide", lambda move: move.do == "leave"),
        ("late_acts", "decide", lambda move: move.is_offline and move.after_seconds >= 42),
        ("two_tabs", "survey", lambda move: move.again in {"other_tab", "back"}),
        ("reloading", "instructions", lambda move: move.do == "reload"),
        ("misreading", "quiz", lambda move: move.data["a_next"] == "y"),
        ("misreading", "quiz", lambda move: move.data["sum"] != "18"),
        ("ticking_optional", "consent", lambda move: "share" in move.data),
        ("leaving_optional_empty", "ask", lambda move: move.data["question"] == ""),
    ],
)
def test_each_share_is_what_it_says(assumption: str, page: str, happens: Callable[[Move], bool]) -> None:
    assert share(page, happens, 100, FLAWLESS) == 0
    assert share(page, happens, 100, FLAWLESS.with_(**{assumption: 1})) == 1
    assert share(page, happens, 1000, FLAWLESS.with_(**{assumption: 0.3})) == pytest.approx(0.3, abs=0.05)


def test_those_who_drop_out_vanish_or_use_the_way_out() -> None:
    page, profile = read(drawn("quiz")), FLAWLESS.with_(quitting_quiz=1, vanishing=0.7)
    done = Counter(moves(number, [page], profile)[0].do for number in range(1000))
    assert done["vanish"] / 1000 == pytest.approx(0.7, abs=0.05)
    assert done["vanish"] + done["leave"] == 1000


def test_what_was_misread_is_right_the_second_time() -> None:
    quiz = read(drawn("quiz"))
    first, second = moves(3, [quiz, quiz], FLAWLESS.with_(misreading=1))
    assert not set(first.data.items()) & set(ANSWERS.items())
    assert second.data == ANSWERS


def test_time_is_made_of_reading_thinking_and_typing() -> None:
    page = Shown("text", button=True, text="x" * 100)
    page.asked = {"n": Asked("n", "number", high=9), "t": Asked("t", "text", most=1, required=True)}
    calm = {"thinking_seconds": 3, "reading_chars_per_s": 20, "typing_chars_per_s": 0.5, "picking_seconds": 1.5}
    first, again = moves(1, [page, page], FLAWLESS.with_(**calm))
    assert first.after_seconds == pytest.approx(100 / 20 + 3 + 1 / 0.5 + 1.5)
    assert again.after_seconds == pytest.approx(3 + 1 / 0.5 + 1.5), "what was read is not read again"


def test_people_hurry_when_there_is_a_limit() -> None:
    page = read(drawn("decide"))
    slow = FLAWLESS.with_(thinking_seconds=500)
    for number in range(50):
        assert 0.7 * 41 < moves(number, [page], slow)[0].after_seconds < 42


def test_a_policy_may_decide_and_leaves_the_rest_to_chance() -> None:
    page = read(drawn("survey"))
    mind = Mind(1, seed="s", profile=FLAWLESS, answers={}, choose=lambda _page: {"fair": "2"})
    data = mind.next_move(page).data
    assert data["fair"] == "2"
    assert set(data) == set(page.asked)


@pytest.mark.parametrize(("where", "name"), [("lobby", "waiting"), ("game", "decide"), ("A few questions", "survey")])
def test_a_test_may_say_where_somebody_stops(where: str, name: str) -> None:
    page = read(drawn(name))
    done = {
        how: Mind(1, seed="s", profile=FLAWLESS, answers={}, stops={where: how}).next_move(page).do
        for how in ("silent", "leave", "withdraw", "vanish")
    }
    assert done == {"silent": "look", "leave": "leave", "withdraw": "withdraw", "vanish": "vanish"}


def test_news_is_asked_for_as_the_script_does() -> None:
    room, game, text = Shown("waiting", is_live=True, poll_seconds=5), Shown("match", is_live=True), Shown("text")
    assert [look_seconds(page, has_socket=False) for page in (room, game, text)] == [5, 3, 25]
    assert [look_seconds(page, has_socket=True) for page in (room, game, text)] == [5, 25, 25]
    timed = Shown("match", is_live=True, seconds_left=10)
    asked_at, now = [], 0.0
    while now < 40:
        now += look_seconds(timed, has_socket=True, shown_for=now)
        asked_at.append(round(now, 1))
    assert asked_at == [10.4, 12.4, 13.9, 16.9, 41.9]
