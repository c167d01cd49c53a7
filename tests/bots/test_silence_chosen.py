"""A model that may say nothing: an outcome and no failure, and it is not asked again for what it let pass."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from bots.services import listen
from events import clock, runner
from events.models import Due
from exports.scope import Scope
from exports.tables.automated import BOT_TURNS
from flow.models import Match
from flow.services import games
from tests.bots import answers
from tests.bots.talking import events, opened, reply, room, say, seat, texts, turn_of
from tests.chat.rooms import make_match

pytestmark = pytest.mark.django_db
MAY: dict[str, Any] = {"may_stay_silent": True}


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def properties() -> dict[str, Any]:
    schema = answers.asked[-1].schema
    assert schema is not None
    found: dict[str, Any] = schema["properties"]
    return found


def test_only_where_it_is_declared_a_model_is_asked_whether_it_speaks() -> None:
    opened(seat())
    assert "speak" not in properties()
    answers.will(reply("hello", speak="yes"))
    match = room(seat(**MAY))
    runner.drain("bots")
    assert properties()["speak"]["enum"] == ["yes", "no"]
    assert '"speak"' in answers.asked[-1].messages[-1]["content"]
    assert texts(match) == ["hello"]


def test_silence_is_an_outcome_and_is_not_asked_for_again_until_somebody_speaks() -> None:
    answers.will(reply("", speak="no"), reply("these words are not said", speak="no"), reply("now", speak="yes"))
    match = room(seat(**MAY))
    runner.drain("bots")
    turn = turn_of(match)
    assert (turn.outcome, turn.silent, turn.passed, turn.error_code) == ("silent", 1, 0, "")
    say(match, "hello?")
    runner.drain("bots")
    for _ in range(3):
        listen(match.pk, "talk")
        runner.drain("bots")
    assert len(answers.asked) == 2
    assert texts(match) == ["hello?"]
    assert events("turn.silent") == [{"seq": 0}, {"seq": 1}]
    assert not Due.objects.filter(reaction="bots.turns.take_turn", outcome="").exists()
    say(match, "are you there?")
    runner.drain("bots")
    assert texts(match)[-1] == "now"
    turn = turn_of(match)
    assert (turn.outcome, turn.silent) == ("delivered", 2)
    (row,) = BOT_TURNS.rows(Scope(match.group.version.study))
    assert (row["outcome"], row["silent"]) == ("delivered", 2)


def test_whoever_chooses_to_speak_and_says_nothing_is_asked_once_more() -> None:
    answers.will(reply("", speak="yes"), reply("oh, hello", speak="yes"))
    match = room(seat(**MAY))
    runner.drain("bots")
    assert texts(match) == ["oh, hello"]
    assert "you chose to say something, and it is empty" in answers.asked[1].messages[-1]["content"]


def test_silent_partner_that_may_be_a_person_ends_the_talk_when_the_person_has() -> None:
    """Else somebody who was ready would wait for one that has nothing to say."""
    answers.will(reply("hello", speak="yes"), reply("", speak="no"))
    match = room(seat(**MAY))
    runner.drain("bots")
    say(match, "goodbye")
    runner.drain("bots")
    person = match.group.seats.get(occupant="person")
    games.act(match_id=match.pk, path="talk", seat_id=person.pk, values={"then": "ready"}, source="person")
    runner.drain("bots")
    match.refresh_from_db()
    assert match.path == "answer"
    assert texts(match) == ["hello", "goodbye"]


def asked_to_speak() -> int:
    """How often a model was asked in a talk, and not at what follows it."""
    return sum("speak" in (one.schema or {})["properties"] for one in answers.asked)


def ends(match: Match) -> None:
    """The person ends the talk, as far as it is theirs to end."""
    person = match.group.seats.get(occupant="person")
    games.act(match_id=match.pk, path="talk", seat_id=person.pk, values={"then": "ready"}, source="person")
    listen(match.pk, "talk")
    match.refresh_from_db()


@pytest.mark.parametrize("floor", ["all", "one", "addressed_first"])
def test_talk_ends_with_its_people_though_all_its_models_choose_silence(floor: str) -> None:
    """The person has ended it before the models were asked: each lets it pass, and then ends it as a person would."""
    match = room(*[seat({"floor": floor}, **MAY) for _ in range(2)])
    answers.will(*[reply("", speak="no") for _ in range(2)])
    runner.drain("bots")
    assert [turn_of(match, number).silent for number in (2, 3)] == [1, 1]
    say(match, "goodbye")
    ends(match)
    assert match.path == "talk", "they may be people, and have not ended it"
    answers.will(*[reply("", speak="no") for _ in range(2)])
    runner.drain("bots")
    assert asked_to_speak() == 2, "each was asked once what it says to that"
    match.refresh_from_db()
    assert (match.path, texts(match)) == ("answer", ["goodbye"])


def test_models_that_choose_silence_keep_each_other_in_a_talk_no_longer_than_a_silence_counts() -> None:
    """Each would have to write before it may end, as whoever is left there does that could be a person."""
    clock.simulate()
    began = clock.now()
    clock.stand(began)
    match = room(*[seat(**MAY) for _ in range(2)], turns=1, idle=60, longest=3600)
    answers.will(*['{"speak": "no", "message": ""}' for _ in range(2)])  # they may not say yet that they are ready
    say(match, "hello?")
    ends(match)
    for seconds in range(0, 59, 5):
        clock.stand(began + timedelta(seconds=seconds))
        runner.drain("bots")
    match.refresh_from_db()
    assert match.path == "talk"
    assert [turn_of(match, number).silent for number in (2, 3)] == [1, 1]
    for seconds in range(60, 75, 5):
        clock.stand(began + timedelta(seconds=seconds))
        runner.drain("bots")
    match.refresh_from_db()
    assert match.path == "answer", "and not an hour later"
    assert asked_to_speak() == 2, "nobody was asked again"


def test_programs_alone_that_choose_silence_are_ready_and_their_talk_is_over() -> None:
    answers.will(*[reply("", speak="no") for _ in range(2)])
    match = make_match("chatting", *[seat(**MAY) for _ in range(2)], parameters={"quota": 0})
    runner.drain("bots")
    match.refresh_from_db()
    assert (match.path, texts(match)) == ("answer", [])
    assert asked_to_speak() == 2


@pytest.mark.parametrize("floor", ["all", "one"])
def test_talk_in_which_nobody_says_anything_is_left_to_its_people_and_to_its_time(floor: str) -> None:
    """No model is asked again for what it let pass, so nothing is spent; the person can write, leave, or wait."""
    match = room(*[seat({"floor": floor}, **MAY) for _ in range(2)], longest=60)
    answers.will(*[reply("", speak="no") for _ in range(2)])
    runner.drain("bots")
    for _ in range(3):
        listen(match.pk, "talk")
        runner.drain("bots")
    assert len(answers.asked) == 2
    assert not Due.objects.filter(reaction="bots.turns.take_turn", outcome="").exists()
    Match.objects.filter(pk=match.pk).update(deadline_at=clock.now() - timedelta(seconds=5))
    games.close_overdue(match_id=match.pk, rev=match.rev)
    match.refresh_from_db()
    assert (match.path, match.status) == ("answer", "open")


def test_what_comes_while_it_chooses_to_be_silent_is_asked_about() -> None:
    match = opened(seat())
    match.group.seats.filter(number=2).update(settings=seat(**MAY).settings)
    say(match, "first")
    answers.will(lambda: say(match, "second"), reply("", speak="no"), reply("to the second", speak="yes"))
    runner.drain("bots")
    assert texts(match) == ["hello", "first", "second", "to the second"]
