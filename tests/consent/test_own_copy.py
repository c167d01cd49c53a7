"""A copy of one's own data holds every word of one's own, and nothing by which anybody else could be made out."""

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from chat import case_numbers
from chat.models import Entry, SafetyStep, Trigger
from config.logs import JsonFormatter
from events import runner
from events.models import Event
from flow import pace
from flow.forms import FORM
from flow.models import Act, Submission
from matching.models import Group
from measures.models import Answer
from participants.access import cookie_name
from participants.models import Participant
from participants.tokens import digest
from recruitment.models import Settlement
from studies.masking.services import unmask
from tests.browser.look import forbidden_words
from tests.consent.planting import talk_of
from tests.consent.test_erasure import ended, show
from tests.consent.trading import Writer, come, pair_with, participant_of, seat_of, trading
from tests.machinery.people import fresh
from tests.verification.played import Played

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = {
    "": {
        "study", "made_at", "clock", "visits", "agreements", "answers", "decisions", "practice", "messages", "reports",
        "support", "pay", "address", "reminders",
    },
    "visits": {"visit", "opens", "closes", "begun", "ended", "state"},
    "agreements": {"at", "agreed", "text", "boxes"},
    "answers": {"visit", "at", "round", "question", "answer", "value"},
    "decisions": {"visit", "at", "round", "question", "answer", "value"},
    "practice": {"visit", "at", "round", "question", "answer", "value"},
    "messages": {"visit", "at", "what", "text"},
    "reports": {"visit", "at", "what", "text"},
    "support": {"visit", "at", "what"},
    "pay": {"what", "how", "amount"},
    "reminders": {"visit", "at"},
}  # fmt: skip
"""All that a copy may say. A new key here is a decision: could it tell a condition, or who is a program?"""
TO_THE_MINUTE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


@pytest.fixture(autouse=True)
def nobody_has_asked() -> None:
    cache.clear()


@pytest.fixture
def played(tmp_path: Path) -> Played:
    found = trading(tmp_path)
    unmask(found.study, reason="Words are looked for in whole datasets.", by="tests", role="server")
    return found


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """What our formatter writes during the test."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)


def browser_of(person: Writer, **facts: Any) -> Client:
    """A browser that carries somebody's cookie."""
    secret = f"secret-{person.number}"
    Participant.objects.filter(pk=person.session.participant_id).update(token_sha256=digest(secret))
    browser = Client(headers={"host": "localhost"}, **facts)
    browser.cookies[cookie_name()] = secret
    return browser


def ask(person: Writer, what: str, **more: str) -> Any:
    return browser_of(person).post(
        "/s/data", urlencode({"key": uuid4(), "rev": "r", "do": what, **more}), content_type=FORM
    )


def copy_of(person: Writer) -> dict[str, Any]:
    answer = ask(person, "file")
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.content)
    return found


def own_texts(person: Writer) -> set[str]:
    """Every text with somebody's mark that the database keeps as theirs."""
    who = person.session.participant_id
    said = set(Entry.objects.filter(seat__participant=who).values_list("text", flat=True))
    acts = Act.objects.filter(seat__participant=who).values_list("values", flat=True)
    said |= {str(value) for values in acts for value in values.values()}
    said |= {str(one) for one in Answer.objects.filter(session__participant=who).values_list("value", flat=True)}
    return {text for text in said if person.mark in text}


def strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (text for each in value.values() for text in strings_in(each))
    elif isinstance(value, list):
        yield from (text for each in value for text in strings_in(each))
    elif value is not None:
        yield str(value)


def telling(played: Played, group: Group) -> set[str]:
    """Codes, and names of the study's inside, that no participant may read."""
    study = played.version.definition
    levels = {level for factor in study["factors"].values() for level in factor["levels"]}
    people = set(Participant.objects.values_list("code", flat=True))
    seats = {f"{group.code}-{seat.number}" for seat in group.seats.all()}
    inside = {group.code, group.condition, played.study.slug, study["title"], played.version.sha256}
    keys = {str(key) for key in Submission.objects.values_list("key", flat=True)}
    ways = {"policy", "occupant", "stand_in", "seat", "kind"}
    return {one for one in levels | people | seats | inside | keys | ways if one}


@pytest.mark.parametrize("with_program", [False, True])
def test_copy_has_every_word_of_theirs_and_no_word_of_anybody_else(played: Played, with_program: bool) -> None:
    trio, group = ended(played)
    person = pair_with(trio, program=with_program)[0]
    for other in trio:
        if other is not person and seat_of(other).placings.get().match == seat_of(person).placings.get().match:
            show(other)
    copy = copy_of(person)
    said = set(strings_in(copy))
    assert own_texts(person), "they have written something"
    assert own_texts(person) <= said
    page = ask(person, "page").content.decode()
    assert all(text in page for text in own_texts(person))
    whole = json.dumps(copy, ensure_ascii=False)
    for other in trio:
        if other is not person:
            assert other.mark not in whole + page
    programs = Entry.objects.filter(seat__group=group).exclude(seat__occupant="person").exclude(text="")
    assert not [text for text in programs.values_list("text", flat=True) if text in whole + page]


def test_copy_holds_no_name_field_or_code_that_tells(played: Played) -> None:
    trio, group = ended(played)
    for person in trio:
        copy = copy_of(person)
        assert set(copy) == KEYS[""]
        for section, rows in copy.items():
            for row in rows if isinstance(rows, list) else []:
                assert set(row) == KEYS[section], section
        page = ask(person, "page").content.decode()
        page = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
        for words in (json.dumps(copy, ensure_ascii=False), re.sub(r"<[^>]*>", " ", page)):
            assert not [one for one in telling(played, group) if re.search(rf"\b{re.escape(one)}\b", words)]
            assert forbidden_words(words) == []


def test_times_are_to_the_minute(played: Played) -> None:
    trio, _group = ended(played)
    copy = copy_of(trio[0])
    times = [row["at"] for section in ("answers", "decisions", "messages", "agreements") for row in copy[section]]
    assert len(times) > 5
    assert all(TO_THE_MINUTE.fullmatch(one) for one in times)


def test_copy_of_who_met_a_program_has_the_shape_of_any_other(played: Played) -> None:
    trio, _group = ended(played)
    givers = [person for person in trio if person.role == "giver"]
    assert {bool(pair_with([one], program=True)) for one in givers} == {True, False}
    shapes = []
    for person in givers:
        copy = copy_of(person)
        asked = [(row["question"], row["round"]) for row in copy["decisions"] + copy["answers"]]
        shapes.append((sorted(map(str, asked)), copy["visits"][0]["state"], bool(copy["messages"])))
    assert shapes[0] == shapes[1]


def test_questions_stand_in_the_words_of_the_pages(played: Played) -> None:
    trio, _group = ended(played)
    copy = copy_of(trio[0])
    assert {row["question"] for row in copy["answers"]} >= {"How fair was it?", "Anything unusual?"}
    assert all(row["question"] for row in copy["answers"] + copy["decisions"])
    numbers = [row for row in copy["decisions"] if row["value"] is not None]
    assert numbers
    assert all(str(row["value"]) in row["answer"] for row in numbers)


def test_copy_tells_what_pages_showed_of_support_and_not_what_was_found_or_made_of_it(played: Played) -> None:
    trio, _group = ended(played)
    person, other = trio[0], trio[1]
    for one in (person, other):
        where = {"conversation": talk_of(one), "seat": seat_of(one)}
        case = case_numbers.drawn(played.study.pk, "found")
        judged = {"key": "k", "seq": 1, "tier": "stop", "source": "rules", "rules": ["plan_to_die"]}
        found = Trigger.objects.create(**where, case=case, **judged)
        for what in ("alerted", "paused", "card", "resumed") if one is person else ("stopped",):
            SafetyStep.objects.create(**where, trigger=found, what=what)
        answered = {"verdict": "risk", "words": "We rang them.", "by": "ana"}
        SafetyStep.objects.create(**where, trigger=found, what="answered", **answered)
        SafetyStep.objects.create(**where, what="break", number=1)
    copy = copy_of(person)
    assert [row["what"] for row in copy["support"]] == [
        "Your conversation paused.", "You were shown where to find help.", "You went on with the conversation.",
    ]  # fmt: skip
    assert {row["visit"] for row in copy["support"]} == {"First visit"}
    assert all(TO_THE_MINUTE.fullmatch(row["at"]) for row in copy["support"])
    page = ask(person, "page").content.decode()
    assert "You were shown where to find help." in page
    for secret in ("plan_to_die", "We rang them", '"risk"', "alerted"):
        assert secret not in json.dumps(copy)
        assert secret not in page
    assert [row["what"] for row in copy_of(other)["support"]] == ["You stopped for the day."]


def test_copy_names_what_somebody_pointed_at(played: Played) -> None:
    trio, _group = ended(played)
    talk, seat = talk_of(trio[0]), seat_of(trio[0])
    Entry.objects.create(conversation=talk, seq=99, seat=seat, kind="point", facts={"thing": "my window"}, key="p")
    assert "my window" in [row["text"] for row in copy_of(trio[0])["messages"]]


def test_pay_stands_there_as_on_the_last_page(played: Played) -> None:
    trio, _group = ended(played)
    person = trio[0]
    assert copy_of(person)["pay"] == []
    while fresh(person.session).status == "active":
        assert person.go_on()
    paid = Settlement.objects.get(participant=person.session.participant_id)
    lines = copy_of(person)["pay"]
    assert lines[-1]["amount"] == f"£{paid.total_minor / 100:.2f}"
    assert len(lines) == len(paid.explanation) + 1


def test_copy_is_made_by_a_form_alone_kept_nowhere_and_not_again_and_again(
    played: Played, one_stretch: None, log_lines: io.StringIO
) -> None:
    trio, _group = ended(played)
    person = trio[0]
    page = browser_of(person).get("/s/data")
    assert page.status_code == 200
    assert person.mark not in page.content.decode()
    assert browser_of(person, enforce_csrf_checks=True).post("/s/data", "do=file", content_type=FORM).status_code == 403
    assert ask(person, "everything").status_code == 400
    answer = ask(person, "file")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert "no-store" in answer.headers["Cache-Control"]
    assert [ask(person, "page").status_code for _ in range(pace.MOST_COPIES)] == [200] * (pace.MOST_COPIES - 1) + [429]
    assert Event.objects.filter(kind="data.copied").count() == pace.MOST_COPIES
    assert {str(facts) for facts in Event.objects.filter(kind="data.copied").values_list("facts", flat=True)} == {"{}"}
    assert person.mark not in log_lines.getvalue()


def test_words_cannot_become_markup(played: Played) -> None:
    trio, _group = ended(played)
    person = trio[0]
    session = fresh(person.session)
    nasty = "<img src=x onerror=alert(1)>\u202e"
    Answer.objects.create(session=session, stage="after", item="other", attempt=9, position=1, value=nasty)
    page = ask(person, "page").content.decode()
    assert "<img" not in page
    assert "&lt;img src=x" in page
    assert "\u202e" not in page


def test_nothing_is_handed_to_whoever_has_not_agreed(played: Played) -> None:
    person = come(played, "consent")
    assert browser_of(person).get("/s/data").status_code == 404
    assert ask(person, "file").status_code == 404
    assert "/s/data" not in browser_of(person).get("/s/leave").content.decode()
    assert person.send(decline="1") == "stored"
    assert ask(person, "file").status_code == 404


def test_data_are_deleted_for_whoever_has_left_and_is_sure(played: Played) -> None:
    trio, _group = ended(played)
    for person in trio:
        while fresh(person.session).status == "active":
            assert person.go_on()
    person = trio[0]
    assert 'href="/s/data"' in browser_of(person).get("/s/").content.decode()
    paid = Settlement.objects.get(participant=person.session.participant_id).total_minor
    assert ask(person, "delete").status_code == 422, "the box is not ticked"
    assert participant_of(person).status == "finished"
    assert ask(person, "delete", delete_for_good="yes").status_code == 303
    assert participant_of(person).status == "withdrawn"
    runner.drain("jobs")
    assert participant_of(person).erased_at is not None
    assert Settlement.objects.get(participant=person.session.participant_id).total_minor == paid
    assert ask(person, "file").status_code == 404
    last = browser_of(person).get("/s/").content.decode()
    assert "You asked us to delete your data." in last
    assert "/s/data" not in last
    assert Event.objects.filter(kind="participant.withdrawn", subject_id=person.session.participant_id).count() == 1


def test_whoever_is_in_the_study_has_data_deleted_by_leaving_it(played: Played) -> None:
    person = come(played, "lobby")
    page = browser_of(person).get("/s/data").content.decode()
    assert 'href="/s/leave"' in page
    assert "delete_for_good" not in page
    assert ask(person, "delete", delete_for_good="yes").status_code == 400
    assert participant_of(person).status == "active"
