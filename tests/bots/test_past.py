"""Earlier conversations that people may read: theirs and nobody else's, and no part of what a partner remembers."""

import re
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import translation

from bots.models import Memory
from chat import earlier
from chat.models import Conversation, EarlierShown, Entry
from exports.scope import Scope
from exports.tables.seen import SEEN
from flow.models import Match
from flow.queries import page_of
from llm.models import Call
from participants.models import WITHDRAWN_TEXT
from scheduling.models import Session
from tests.bots.meetings import Acquainted, hear, say, version_with
from tests.chat.rooms import browser_of, end_talk
from tests.machinery.erasing import erasing

pytestmark = pytest.mark.django_db
SEEN_AGAIN: dict[str, Any] = {"past_transcript_visible": True}
RULES: list[Any] = [None, *({"kind": kind} for kind in ("none", "session", "window", "summary", "facts", "full"))]
UNLIKE = re.compile(r'(csrfmiddlewaretoken|key|rev)" value="[^"]*"| data-talk="[^"]*"')  # what no two pages share


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def again(memory: Any = None, *, condition: str = "label=hidden", **partner: Any) -> tuple[Acquainted, Match]:
    """Somebody in their second conversation with a partner."""
    known = Acquainted(version_with(memory, **(SEEN_AGAIN | partner)))
    known.talk("I have a dog.", "It is old.")
    return known, known.meet(condition)


def past_of(match: Match) -> dict[str, Any]:
    """What the page says of earlier conversations."""
    session = Session.objects.get(seats__group=match.group)
    found: dict[str, Any] = page_of(session).facts["talk"]["past"]
    return found


def test_unless_the_study_says_so_nothing_of_before_is_shown() -> None:
    _known, match = again(past_transcript_visible=False)
    client = browser_of(match, 1)
    assert past_of(match) == {}
    assert "earlier" not in client.get("/s/").content.decode()
    answer = client.get("/s/earlier/1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/s/")
    assert not EarlierShown.objects.exists()


def test_earlier_conversations_are_listed_closed_and_read_one_by_one() -> None:
    known, match = again()
    client = browser_of(match, 1)
    html = client.get("/s/").content.decode()
    (title,) = re.findall(r'<details data-past="/s/earlier/1"><summary>([^<]*)</summary>', html)
    assert re.fullmatch(r"Conversation 1, \w+day, \w+ \d+", title)
    assert "<details open" not in html
    assert "I have a dog." not in html, "the words come when it is opened"
    assert not EarlierShown.objects.exists()
    said = client.get("/s/earlier/1", headers={"X-Fragment": "1"}).content.decode()
    lines = re.findall(r'<li class="(\w+)"><span class="who">([^<]*)</span><p class="said">([^<]*)</p>', said)
    assert lines == [
        ("theirs", "2", "reply 0"), ("mine", "You", "I have a dog."), ("theirs", "2", "reply 1"),
        ("mine", "You", "It is old."),
    ]  # fmt: skip
    assert title in said
    client.get("/s/earlier/1")
    client.head("/s/earlier/1")
    (shown,) = EarlierShown.objects.all()
    assert (shown.seat.participant, shown.earlier.match.round) == (known.person, 1)
    assert shown.earlier.pk < shown.conversation_id
    (row,) = [row for row in SEEN.rows(Scope(known.version.study)) if row["what"] == "earlier"]
    assert row["participant"] == known.person.code
    assert str(row["of_match"]).startswith(shown.earlier.match.group.code)
    assert (row["of_step"], row["by"], row["seq"], row["begun_s"]) == ("talk", None, None, "")


@pytest.mark.parametrize("number", [0, 2, 99])
def test_there_is_no_other_page(number: int) -> None:
    _known, match = again()
    assert browser_of(match, 1).get(f"/s/earlier/{number}").status_code == 303
    assert not EarlierShown.objects.exists()


def test_after_the_talk_nothing_is_to_be_read_any_more() -> None:
    _known, match = again()
    client = browser_of(match, 1)
    end_talk(match)
    assert client.get("/s/earlier/1").status_code == 303


def test_nobody_reads_what_others_said_or_what_is_open() -> None:
    version = version_with(None, **SEEN_AGAIN)
    other = Acquainted(version)
    other.talk("I am somebody else.")
    known = Acquainted(version)
    match = known.meet()
    assert past_of(match) == {}
    hear(match, "hello")
    say(match, "I am new here.")
    end_talk(match)
    later = known.meet()
    assert [number for number, _title in past_of(later)["titles"]] == [1]
    said = browser_of(later, 1).get("/s/earlier/1").content.decode()
    assert "I am new here." in said
    assert "somebody else" not in said


def test_page_is_the_same_whatever_the_partner_remembers() -> None:
    def pages(memory: Any) -> list[str]:
        _known, match = again(memory)
        client = browser_of(match, 1)
        found = [client.get(path).content.decode() for path in ("/s/", "/s/earlier/1")]
        return [UNLIKE.sub("", html.partition("<main")[2].partition("</main>")[0]) for html in found]

    first, *others = [pages(memory) for memory in RULES]
    assert "Your earlier conversations" in first[0]
    assert "I have a dog." in first[1]
    assert others == [first] * len(others)


@pytest.mark.parametrize("memory", RULES, ids=lambda rule: rule["kind"] if rule else "no rule")
def test_prompt_is_the_same_whether_or_not_it_is_read(memory: Any) -> None:
    def prompt(*, is_seen: bool) -> Any:
        _known, match = again(memory, past_transcript_visible=is_seen, seed="one")
        if is_seen:
            browser_of(match, 1).get("/s/")
            browser_of(match, 1).get("/s/earlier/1")
        hear(match, "hello again")
        say(match, "Do you remember me?")
        hear(match, "well")
        return Call.objects.latest("pk").prompt

    assert prompt(is_seen=True) == prompt(is_seen=False)


def test_factor_may_decide_and_memory_is_left_alone() -> None:
    by_label = {"by": "label", "values": {"hidden": True, "disclosed": False}}
    known, match = again({"kind": "facts"}, past_transcript_visible=by_label)
    assert past_of(match)["titles"]
    end_talk(match)
    other = known.meet("label=disclosed")
    assert past_of(other) == {}
    hear(other, "hello")
    assert Memory.objects.filter(participant=known.person).exists()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("nothing", "You can read them here."),
        ("yes", "You can read them here. Whom you write with remembers something of them, too."),
        ("no", "You can read them here. Whom you write with does not remember them."),
    ],
)
def test_what_is_said_of_them_is_what_people_are_told_of_memory(told: str, words: str) -> None:
    _known, match = again({"kind": "facts"}, told_about_memory=told)
    assert past_of(match)["told"] == words
    by_label = {"by": "label", "values": {"hidden": told, "disclosed": "nothing"}}
    assert past_of(again({"kind": "facts"}, told_about_memory=by_label)[1])["told"] == words


def test_words_that_were_taken_out_are_shown_as_such() -> None:
    _known, match = again()
    dog, old = Entry.objects.filter(seat__occupant="person").order_by("pk")
    with erasing():
        Entry.objects.filter(pk=dog.pk).update(text=WITHDRAWN_TEXT)
        Entry.objects.filter(pk=old.pk).update(text=f"It is {WITHDRAWN_TEXT}.")
        Entry.objects.filter(text="reply 1").update(text="")
    html = browser_of(match, 1).get("/s/earlier/1").content.decode()
    assert re.findall(r'"said">([^<]*)<', html) == [
        "reply 0", "These words are not there any more.", "These words are not there any more.", "It is […].",
    ]  # fmt: skip


def test_long_and_empty_conversations_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier, "MOST_LINES", 3)
    known, match = again()
    end_talk(match)
    client = browser_of(known.meet(), 1)
    long = client.get("/s/earlier/1").content.decode()
    assert re.findall(r'"said">([^<]*)<', long) == ["I have a dog.", "reply 1", "It is old."]
    assert "Only its last 3 messages are shown." in long
    assert "Nothing was written in it." in client.get("/s/earlier/2").content.decode()


def test_it_is_said_in_german() -> None:
    _known, match = again()
    with translation.override("de"):
        found = past_of(match)
    assert found["told"] == "Sie können sie hier lesen."
    assert found["titles"][0][1].startswith("Gespräch 1, ")


def test_conversation_that_was_never_closed_is_not_there() -> None:
    _known, match = again()
    Conversation.objects.exclude(match=match).update(closed_at=None)
    assert past_of(match) == {}
