"""People behind an automated seat: one message for each turn, by one of them, in time, or what the file declares."""

from datetime import timedelta
from random import Random
from threading import Barrier, Thread
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.db import connection

from bots.errors import BotsError
from bots.models import ReplyCheck, WizardReply, WizardSeat
from bots.turns import take_turn
from bots.wizards import services
from bots.wizards.queries import open_reply, page_of, wrote_to
from chat.models import Entry
from events import clock, runner
from events.models import Due
from flow.queries import turn as facts_of
from llm.errors import ProviderFailed
from matching.seating import automated
from studies import definition
from tests.bots import answers
from tests.bots.curtains import ANA, BEN, WIZARD, asked, let_pass, sit, waiting, write
from tests.bots.meetings import COMPANION, version_with
from tests.bots.talking import events, opened, policy, reply, room, say, seat, texts, turn_of
from tests.bots.test_turns import claims_of

pytestmark = pytest.mark.django_db(transaction=True)
REFUSED = ProviderFailed("refusal", "it refused")
TURNS = {"reaction": "bots.turns.take_turn", "outcome": ""}


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def test_seat_waits_with_its_draft_and_says_nothing_yet() -> None:
    match = waiting()
    row = asked(match)
    assert (row.outcome, row.by, row.draft and row.draft["message"], row.values) == ("open", "", "a draft", None)
    assert row.until - row.asked_at == timedelta(seconds=30)
    assert texts(match) == []
    assert Due.objects.get(**TURNS).run_after == row.until
    assert events("wizard.asked") == [{"seq": 0}]


@pytest.mark.parametrize(
    ("words", "begins_with_draft", "by"),
    [("a draft", True, "model"), ("a good draft", True, "model_edited"), ("my own words", False, "person")],
)
def test_what_somebody_decides_is_said_once_under_the_key_of_the_turn(
    words: str, begins_with_draft: bool, by: str
) -> None:
    match = waiting()
    sit(match)
    write(match, words, begins_with_draft=begins_with_draft)
    row, turn = asked(match), turn_of(match)
    assert (row.outcome, row.by, row.wizard) == ("chosen", by, ANA)
    assert texts(match) == [words]
    assert Entry.objects.get().key == f"turn:{turn.pk}:0"
    assert events("wizard.decided") == [{"outcome": "chosen", "source": by, "number": 0, "attempt": 1}]
    assert turn.outcome == "delivered"
    runner.drain("bots")
    assert texts(match) == [words]


def test_words_like_the_draft_without_its_button_are_the_draft() -> None:
    match = waiting()
    sit(match)
    assert write(match, " a draft ").by == "model"
    assert texts(match) == ["a draft"]


@pytest.mark.parametrize(
    ("said", "by", "heard"),
    [
        ({"otherwise": "draft"}, "model", ["a draft"]),
        ({"otherwise": "line", "line": {"en": "One moment."}}, "line", ["One moment."]),
        ({"otherwise": "silence"}, "nobody", []),
    ],
)
def test_where_nobody_writes_in_time_the_declared_fallback_follows(
    said: dict[str, Any], by: str, heard: list[str]
) -> None:
    match = waiting(**said)
    let_pass(match)
    row = asked(match)
    assert (row.outcome, row.by, row.wizard) == ("lapsed", by, "")
    assert texts(match) == heard
    assert turn_of(match).outcome == ("delivered" if heard else "silent")


def test_model_that_gives_nothing_leaves_people_their_own_words_and_the_line() -> None:
    match = waiting(REFUSED, line={"en": "One moment."})
    assert (asked(match).draft, asked(match).error_code) == (None, "model_refusal")
    let_pass(match)
    assert texts(match) == ["One moment."]
    assert asked(match).by == "line"
    say(match, "hello?")
    answers.will(REFUSED)
    runner.drain("bots")
    sit(match)
    assert write(match, "here I am").by == "person"
    assert texts(match)[-1] == "here I am"


def test_without_a_draft_no_model_is_asked() -> None:
    match = waiting(draft=False, otherwise="silence")
    assert answers.asked == []
    assert asked(match).draft is None
    assert asked(match).error_code == ""
    sit(match)
    assert write(match, "only me", begins_with_draft=True).by == "person"


def test_after_a_silence_the_next_message_is_asked_for_anew() -> None:
    match = waiting(otherwise="silence")
    let_pass(match)
    runner.drain("bots")
    assert WizardReply.objects.count() == 1
    answers.will(reply("another"))
    say(match, "are you there?")
    runner.drain("bots")
    row = asked(match)
    assert (row.made, row.number, row.heard, row.outcome) == (0, 2, 1, "open")
    sit(match)
    write(match, "yes")
    assert texts(match) == ["are you there?", "yes"]


def test_what_a_person_writes_meanwhile_does_not_ask_twice() -> None:
    match = waiting()
    say(match, "first")
    runner.drain("bots")
    say(match, "second")
    runner.drain("bots")
    assert WizardReply.objects.count() == 1
    assert len(answers.asked) == 1
    assert Due.objects.get(**TURNS).run_after == asked(match).until
    sit(match)
    write(match, "to both")
    assert texts(match) == ["first", "second", "to both"]


def test_only_who_sits_there_decides_and_only_one_sits_there() -> None:
    match = waiting()
    with pytest.raises(BotsError) as nobody:
        write(match, "words")
    assert nobody.value.code == "wizard_taken"
    sit(match, ANA)
    with pytest.raises(BotsError) as taken:
        sit(match, BEN)
    assert taken.value.code == "wizard_taken"
    with pytest.raises(BotsError):
        write(match, "words", BEN)
    services.leave(turn_of(match).pk, BEN)
    assert WizardSeat.objects.get().holder == ANA
    services.leave(turn_of(match).pk, ANA)
    sit(match, BEN)
    write(match, "from Ben", BEN)
    assert texts(match) == ["from Ben"]


def test_who_is_not_heard_of_loses_the_seat_to_whoever_comes() -> None:
    match = waiting()
    sit(match, ANA)
    WizardSeat.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    sit(match, BEN)
    with pytest.raises(BotsError) as late:
        write(match, "words", ANA)
    assert late.value.code == "wizard_taken"
    assert len(events("wizard.taken")) == 2


def test_who_decides_twice_or_too_late_is_told_so_and_nothing_more_is_said() -> None:
    match = waiting()
    sit(match)
    row = asked(match)
    write(match, "first")
    with pytest.raises(BotsError) as twice:
        services.decide(row.pk, ANA, words="second", begins_with_draft=False)
    assert twice.value.code == "wizard_late"
    say(match, "and you?")
    answers.will(reply("late"))
    runner.drain("bots")
    row = asked(match)
    WizardReply.objects.filter(pk=row.pk).update(until=clock.now())
    with pytest.raises(BotsError) as late:
        services.decide(row.pk, ANA, words="third", begins_with_draft=False)
    assert late.value.code == "wizard_late"
    assert texts(match) == ["first", "and you?"]


@pytest.mark.parametrize("words", ["", "   ", "x" * 401, "mail me at ana@example.org"])
def test_what_nobody_may_say_is_refused_before_it_is_decided(words: str) -> None:
    match = waiting()
    sit(match)
    with pytest.raises(BotsError) as refused:
        write(match, words)
    assert refused.value.code == "wizard_words"
    assert asked(match).outcome == "open"
    assert texts(match) == []


def test_eight_who_sit_down_and_decide_at_once_say_one_message() -> None:
    match = waiting()
    row, turn, start = asked(match), turn_of(match), Barrier(8)
    done: list[str] = []
    refused: list[str] = []

    def work(name: str) -> None:
        start.wait()
        try:
            services.take(turn.pk, name)
            services.decide(row.pk, name, words=f"from {name}", begins_with_draft=False)
            done.append(name)
        except BotsError as error:
            refused.append(error.code)
        finally:
            connection.close()

    threads = [Thread(target=work, args=(f"w{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    assert len(refused) == 7
    assert set(refused) <= {"wizard_taken", "wizard_late"}
    runner.drain("bots")
    assert texts(match) == [f"from {done[0]}"]
    assert asked(match).wizard == done[0]


def test_decision_while_the_draft_is_made_is_what_is_said() -> None:
    def decide() -> None:
        sit(match)
        services.decide(asked(match).pk, ANA, words="faster", begins_with_draft=False)

    answers.will()
    match = room(seat(wizard=WIZARD))
    answers.will(decide, reply("a draft"))
    runner.drain("bots")
    assert texts(match) == ["faster"]
    row = asked(match)
    assert (row.by, row.draft and row.draft["message"]) == ("person", "a draft")


def test_turn_that_is_taken_again_after_a_crash_says_what_was_decided() -> None:
    match = waiting()
    sit(match)
    services.decide(asked(match).pk, ANA, words="kept", begins_with_draft=False)
    (claim,) = claims_of(match)
    Due.objects.filter(pk=claim.id).update(lease_until=None)  # its holder is gone
    (again,) = claims_of(match)
    assert async_to_sync(take_turn)(again) == "delivered"
    assert texts(match) == ["kept"]
    assert len(answers.asked) == 1


def test_nobody_waits_past_the_end_of_the_conversation() -> None:
    match = waiting(parameters={"longest": 20}, seconds=600)
    assert match.deadline_at is not None
    assert asked(match).until == match.deadline_at - services.LEFT_TO_SAY_IT


def test_seat_without_it_and_decisions_are_as_ever() -> None:
    match = opened(seat())
    assert texts(match) == ["hello"]
    assert not WizardReply.objects.exists()


def test_seat_has_what_its_entry_says_and_no_other_has_any() -> None:
    for version, settings in ((version_with(None, wizard=WIZARD), WIZARD), (version_with(None), None)):
        study = definition.definition(version)
        found = automated(study, study.partners[COMPANION], Random("seed"), {})
        assert found[2].get("wizard") == settings


def test_policy_may_have_people_behind_it_without_a_draft() -> None:
    sitter = policy({})
    sitter.settings["wizard"] = WIZARD | {"draft": False, "otherwise": "silence"}
    sitter.settings["asked_if_ai"] = "admit"
    match = room(sitter)
    runner.drain("bots")
    sit(match)
    write(match, "no rule said this")
    assert texts(match) == ["no rule said this"]


def test_page_shows_what_a_page_in_the_seat_shows() -> None:
    match = waiting()
    say(match, "I wonder.")
    turn = turn_of(match)
    page = page_of(turn)
    facts = facts_of(match.pk, "talk", turn.seat_id)
    assert page is not None
    assert facts is not None
    assert page.view == facts.view
    assert page.view is not None
    (line,) = page.view.lines
    assert line.text == "I wonder."
    assert line.who, "somebody else said it"
    assert open_reply(turn.pk) == asked(match)


def test_who_asks_what_it_is_is_answered_by_the_rule_also_by_a_person() -> None:
    match = waiting()
    say(match, "Are you a bot?")
    runner.drain("bots")
    sit(match)
    with pytest.raises(BotsError) as refused:
        write(match, "No, I am a real person.")
    assert refused.value.code == "wizard_words"
    write(match, "I am a computer program.")
    check = ReplyCheck.objects.get()
    assert (check.by, check.claims, check.asked_kind) == ("wizard", "claims_ai", "ai")


def test_draft_of_before_the_question_is_not_said_to_whoever_asked() -> None:
    match = waiting(line={"en": "I am a computer program."})
    say(match, "Are you a bot?")
    runner.drain("bots")
    sit(match)
    with pytest.raises(BotsError) as refused:
        write(match, "a draft", begins_with_draft=True)
    assert refused.value.code == "wizard_words"
    let_pass(match)
    assert texts(match)[-1] == "I am a computer program."
    assert asked(match).by == "line"


def test_it_is_known_to_whom_a_person_wrote() -> None:
    match = waiting()
    person = match.group.seats.get(occupant="person").participant
    assert person is not None
    assert wrote_to(person.pk) == frozenset()
    sit(match)
    write(match, "hello")
    assert wrote_to(person.pk) == {(match.pk, turn_of(match).seat_id)}
