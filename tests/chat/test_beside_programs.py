"""What somebody says is stored in the same way whoever else sits there, so that nobody can tell who that is by it."""

from unittest import mock

import pytest

from events import announce, prepared, runner
from events.models import Due
from tests.chat.rooms import Sitter, make_match
from tests.chat.test_saying import FREE, say
from tests.chat.test_talks import act

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_somebody_says_takes_the_same_ways_to_the_server_whoever_else_sits_there() -> None:
    """Where a program sits a row is written beside, so that it hears of it: in the same way to the server."""
    ways = []
    for sitter in (Sitter("talker"), Sitter("talker", "policy", "talkative")):
        match = make_match("chatting", Sitter("talker"), sitter, parameters=FREE)
        say(match, 1, "first")
        with mock.patch.object(prepared, "_psycopg_of", wraps=prepared._psycopg_of) as asked:
            assert say(match, 1, "second").seq == 2
        ways.append(asked.call_count)
    assert ways[0] == ways[1] > 0
    assert Due.objects.filter(reaction="bots.turns.hear").count() == 1


def test_two_people_are_heard_as_far_as_programs_might_sit_there() -> None:
    """So a row more or less says nothing of who sits there where the study has both."""
    plan = {"roles": {"talker": {"humans": 1, "ai": 1}}, "partners": {"human": "person"}}
    for groups in ({}, {"pair": plan}):
        match = make_match("chatting", Sitter("talker"), Sitter("talker"), parameters=FREE, groups=groups)
        say(match, 1, "hello")
        act(match, 2, message="and by a form")
        heard = Due.objects.filter(reaction="bots.turns.hear", facts__match=match.pk)
        assert heard.exists() == bool(groups)
        assert [runner.run_id(row.pk) for row in heard] == ["asked 0"] * heard.count(), "none of them is asked to act"


def test_under_a_quota_programs_speak_at_their_own_pace_and_are_told_of_no_entry() -> None:
    match = make_match("chatting", Sitter("talker"), Sitter("talker", "policy", "talkative"), parameters={"quota": 2})
    act(match, 1, message="one")
    assert not Due.objects.filter(reaction="bots.turns.hear").exists()


def test_one_announcement_tells_everybody_of_a_line_and_that_its_writing_has_ended() -> None:
    """Another one for each of them would be more to do where two people sit, at the moment of the acknowledgement."""
    for sitter in (Sitter("talker"), Sitter("talker", "policy", "talkative")):
        match = make_match("chatting", Sitter("talker"), sitter, parameters=FREE | {"typing": "shown"})
        with mock.patch.object(announce, "announcer") as asked:
            assert say(match, 1, "hello").seq == 1
        told = [call for call in asked.mock_calls if call[0] and not call[0].endswith("task")]
        assert [(call[0], call.args[-2:]) for call in told] == [("().line", (1, "1"))]
