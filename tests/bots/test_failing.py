"""What follows where a model gives nothing usable: one row, an event, and the step that the study file declares."""

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.db.models import F

from bots.failing import Failing, next_step
from bots.models import BotTurn, FailedTurn
from bots.services import listen
from bots.turns import take_turn
from chat.models import Entry
from events import clock, runner
from events.models import Due, Event
from exports.scope import Scope
from exports.tables.automated import BOT_TURNS, FAILED_TURNS
from flow.models import Act, Match
from flow.services import games
from llm import door
from llm.errors import ProviderFailed
from llm.models import Call
from studies.schema_failure import OnFailure
from tests.bots import answers
from tests.bots.meetings import MODEL, Acquainted, hear, say, version_with
from tests.bots.test_turns import claims_of
from tests.chat.rooms import end_talk
from verification.check import check

REFUSED = ProviderFailed("refusal", "it refused")
LINE = "Sorry, I was away for a moment."
FAULTS: dict[str, tuple[list[Any], str]] = {
    "refusal": ([REFUSED], "model_refusal"),
    "empty": (["", ""], "model_empty"),
    "no JSON": (["no", "still no"], "model_bad_json"),
    "half a JSON": (['{"message": "a', '{"message": '], "model_bad_json"),
    "wrong form": (['{"words": "a"}', '{"words": "b"}'], "model_wrong_schema"),
    "too long": (['{"message": "%s", "then": "more"}' % ("x" * 500)] * 2, "model_wrong_schema"),
    "429": ([ProviderFailed("rate_limited", "429", retry_after_seconds=0.0)] * 3, "model_rate_limited"),
    "429 for long": ([ProviderFailed("rate_limited", "429", retry_after_seconds=600.0)], "model_rate_limited"),
    "500": ([ProviderFailed("unavailable", "500")] * 3, "model_unavailable"),
    "silence": ([TimeoutError()] * 3, "model_timeout"),
    "quota": ([ProviderFailed("quota", "spent")], "model_quota"),
    "wrong key": ([ProviderFailed("authentication", "401")], "model_authentication"),
    "something else": ([ValueError("whatever")], "model_internal"),
}


@pytest.fixture(autouse=True)
def _told(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}
    monkeypatch.setattr(door, "FIRST_PAUSE_SECONDS", 0.01)


def begun(**on_failure: Any) -> Match:
    """A talk in which the partner has said hello and the person has answered."""
    match = Acquainted(version_with(None, on_failure=on_failure)).meet()
    hear(match, "hello")
    say(match, "how are you?")
    return match


def take(match: Match, *said: Any) -> str:
    """Let the partner's turn be taken while its model gives these replies."""
    answers.will(*said)
    Due.objects.filter(reaction="bots.turns.take_turn", outcome="").update(run_after=clock.now())
    BotTurn.objects.filter(match=match).update(rests_until=None)  # as if that time were over
    (claim,) = claims_of(match)
    return async_to_sync(take_turn)(claim)


def row() -> FailedTurn:
    return FailedTurn.objects.get()


def texts() -> list[str]:
    return list(Entry.objects.order_by("seq").values_list("text", flat=True))


@pytest.mark.parametrize(
    ("said", "now", "step"),
    [
        ({}, {"tries": 1}, "silence"),
        ({}, {"tries": 1, "takes_words": False}, "deadline"),
        ({"decisions": "end"}, {"tries": 1, "takes_words": False}, "end"),
        ({"decisions": "end"}, {"tries": 1}, "silence"),
        ({"retry": {"times": 2, "after_s": 20}}, {"tries": 2}, "retry"),
        ({"retry": {"times": 2, "after_s": 20}}, {"tries": 3}, "silence"),
        ({"retry": {"times": 2, "after_s": 20}}, {"tries": 1, "seconds_left": 24.0}, "silence"),
        ({"then": "line", "line": {"en": "a"}}, {"tries": 1, "has_line": True}, "line"),
        ({"then": "line", "line": {"en": "a"}}, {"tries": 1, "has_line": False}, "silence"),
        ({"then": "line", "line": {"en": "a"}}, {"tries": 1, "takes_words": False}, "deadline"),
        ({"then": "end"}, {"tries": 1}, "end"),
        ({"then": "end"}, {"tries": 1, "may_end": False}, "silence"),
        ({"then": "pause"}, {"tries": 10, "seconds_left": 1.0, "lasts_longer": True}, "pause"),
        ({"then": "pause"}, {"tries": 11, "lasts_longer": True}, "end"),
        ({"then": "pause", "pause": {"then": "silence"}}, {"tries": 11, "lasts_longer": True}, "silence"),
        ({"then": "pause"}, {"tries": 1, "seconds_left": 20.0}, "end"),
        ({"fallback": {"model": {"name": "told/two", "daily_cost_usd": "0.00"}}}, {"tries": 1}, "fallback"),
    ],
)
def test_next_step_is_the_one_that_is_declared(said: dict[str, Any], now: dict[str, Any], step: str) -> None:
    found = next_step(OnFailure.model_validate(said), Failing(**({"seconds_left": 300.0, "takes_words": True} | now)))
    assert found == step


@pytest.mark.django_db
@pytest.mark.parametrize("fault", FAULTS)
def test_by_default_nothing_is_said_and_what_is_said_next_is_answered(fault: str) -> None:
    replies, code = FAULTS[fault]
    match = begun()
    assert take(match, *replies) == "failed"
    assert (row().error_code, row().did, row().tries, row().is_answered) == (code, "silence", 1, False)
    assert Event.objects.get(kind="turn.failed").facts["because"] == code
    found = check(match.group.version.study, late_after_seconds=1e9).differences
    assert "failed work" not in {one.what for one in found}, "the turn failed, and the work on it did not"
    assert texts() == ["hello", "how are you?"]
    say(match, "are you there?")
    assert hear(match, "yes, sorry")
    assert FailedTurn.objects.count() == 1
    assert texts()[-1] == "yes, sorry"


@pytest.mark.django_db
def test_whoever_fails_to_open_a_talk_and_speaks_later_has_spoken_each_time_at_a_time_of_its_own() -> None:
    match = Acquainted(version_with(None)).meet()
    assert take(match, REFUSED) == "failed"
    turn = BotTurn.objects.get(match=match)
    assert (turn.outcome, turn.error_code) == ("failed", "model_refusal")
    planned = []
    for words in ("how are you?", "and what do you like?"):
        say(match, words)
        hear(match, "fine")
        turn.refresh_from_db()
        assert (turn.outcome, turn.error_code, row().error_code) == ("delivered", "", "model_refusal")
        assert turn.delivered_at is not None
        planned.append(turn.planned_at)
    assert planned[0] is not None
    assert planned[1] is not None
    assert planned[0] < planned[1], "what is said next is not said at the time of what was said before"


@pytest.mark.django_db
@pytest.mark.parametrize("fault", FAULTS)
def test_at_a_decision_nothing_is_chosen_and_no_group_hangs(fault: str) -> None:
    replies, code = FAULTS[fault]
    match = end_talk(Acquainted(version_with(None)).meet())
    numbers = {"too long": ['{"number": 99}'] * 2, "wrong form": ['{"number": "a"}'] * 2}.get(fault, replies)
    assert take(match, *numbers) == "failed"
    assert (row().error_code, row().did) == (code, "deadline")
    person = match.group.seats.get(occupant="person")
    games.act(match_id=match.pk, path="answer", seat_id=person.pk, values={"number": 3}, source="person")
    match.refresh_from_db()
    assert match.path == "answer", "the deadline decides, and not before"
    Match.objects.filter(pk=match.pk).update(deadline_at=clock.now() - timedelta(seconds=5))
    games.close_overdue(match_id=match.pk, rev=match.rev)
    match.refresh_from_db()
    assert match.status == "void"
    assert not Act.objects.filter(match=match, path="answer", seat__occupant="model").exclude(source="timeout").exists()


@pytest.mark.django_db
def test_line_of_the_file_is_said_at_the_pace_of_words_and_once() -> None:
    match = begun(then="line", line={"en": LINE})
    assert take(match, REFUSED) == "delivered"
    assert texts()[-1] == LINE
    assert (row().did, row().is_answered, row().error_code) == ("line", True, "model_refusal")
    assert BotTurn.objects.get(match=match).outcome == "delivered"
    assert claims_of(match) == []


@pytest.mark.django_db
def test_line_is_drawn_from_a_file_and_the_same_for_the_same_turn() -> None:
    match = begun(then="line", lines={"en": "prompts/away.txt"})
    assert take(match, REFUSED) == "delivered"
    assert texts()[-1] in {"I was away.", "Sorry, my door bell rang."}


@pytest.mark.django_db
def test_turn_that_has_come_to_its_line_asks_no_model_again() -> None:
    """A worker that dies between the two finds the row."""
    match = begun(then="line", line={"en": LINE})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bots.services.games.act", _broken)
        with pytest.raises(ConnectionError):
            take(match, REFUSED)
    assert row().did == "line"
    assert Due.objects.filter(reaction="bots.turns.take_turn", outcome="").update(lease_until=clock.now()) == 1
    assert take(match) == "delivered"
    assert answers.asked == []
    assert (texts()[-1], row().tries, row().is_answered) == (LINE, 1, True)


def _broken(**_: Any) -> str:
    raise ConnectionError


@pytest.mark.django_db
def test_retry_asks_the_same_model_anew_after_its_time() -> None:
    match = begun(retry={"times": 1, "after_s": 20})
    assert take(match, REFUSED) == "retry"
    again = Due.objects.get(reaction="bots.turns.take_turn", outcome="")
    assert timedelta(seconds=15) < again.run_after - clock.now() <= timedelta(seconds=20)
    assert take(match, '{"message": "fine", "then": "more"}') == "delivered"
    assert texts()[-1] == "fine"
    assert (row().did, row().tries, row().is_answered) == ("retry", 1, True)
    assert set(Call.objects.values_list("model_requested", flat=True)) == {"told/one"}


@pytest.mark.django_db
def test_retries_end_in_what_is_declared_after_them() -> None:
    match = begun(retry={"times": 1, "after_s": 0}, then="line", line={"en": LINE})
    assert take(match, REFUSED) == "retry"
    assert take(match, REFUSED) == "delivered"
    assert (row().did, row().tries, texts()[-1]) == ("line", 2, LINE)


@pytest.mark.django_db
def test_reply_that_a_field_refused_is_not_taken_from_the_log_at_a_retry() -> None:
    match = end_talk(Acquainted(version_with(None, on_failure={"retry": {"times": 1, "after_s": 0}})).meet())
    assert take(match, '{"number": 99}', '{"number": 98}') == "retry"
    assert take(match, '{"number": 4}') == "delivered"
    assert Act.objects.get(match=match, path="answer", seat__occupant="model").values == {"number": 4}


@pytest.mark.django_db
def test_pause_lets_a_talk_with_one_person_last_longer_and_goes_on() -> None:
    match = begun(then="pause", pause={"times": 2, "after_s": 30})
    before = match.deadline_at
    assert before is not None
    assert take(match, REFUSED) == "pause"
    match.refresh_from_db()
    assert match.deadline_at == before + timedelta(seconds=30)
    closing = Due.objects.get(reaction="flow.tasks.close_step", outcome="", key=f"match:{match.pk}:{match.rev}")
    assert closing.run_after > match.deadline_at
    assert take(match, '{"message": "there I am", "then": "more"}') == "delivered"
    assert (row().did, row().tries, row().is_answered) == ("pause", 1, True)


@pytest.mark.django_db
def test_who_writes_on_while_a_talk_pauses_makes_it_no_longer_than_one_turn_may() -> None:
    match = begun(then="pause", pause={"times": 2, "after_s": 30})
    before = match.deadline_at
    assert before is not None
    for words in ("are you there?", "hello?", "and now?"):
        assert take(match, REFUSED) == "pause"
        say(match, words)
    match.refresh_from_db()
    assert match.deadline_at == before + timedelta(seconds=60)
    assert FailedTurn.objects.filter(did="pause").count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("policy", "step"), [({"retry": {"times": 2, "after_s": 20}}, "retry"), ({"then": "pause"}, "pause")]
)
def test_who_writes_on_does_not_make_a_failing_model_be_asked_sooner(policy: dict[str, Any], step: str) -> None:
    match = begun(**policy)
    assert take(match, REFUSED) == step
    resting = BotTurn.objects.get(match=match, path="talk").rests_until
    assert resting is not None
    answers.will(*[REFUSED] * 3)
    for words in ("are you there?", "hello?", "and now?"):
        say(match, words)
        (claim,) = claims_of(match)
        assert async_to_sync(take_turn)(claim) == "planned"
    assert answers.asked == []
    (again,) = Due.objects.filter(reaction="bots.turns.take_turn", outcome="")
    assert again.run_after == resting
    assert take(match, '{"message": "there I am", "then": "more"}') == "delivered"
    assert Entry.objects.latest("seq").answers == 5, "it answers all that was said meanwhile"


@pytest.mark.django_db
def test_pause_that_helps_nothing_ends_the_talk_as_its_time_would() -> None:
    match = begun(then="pause", pause={"times": 1, "after_s": 30})
    assert take(match, REFUSED) == "pause"
    assert take(match, REFUSED) == "failed"
    match.refresh_from_db()
    assert (match.path, match.status, row().did, row().tries) == ("answer", "open", "end", 2)
    assert match.conversations.get().closed_at is not None


@pytest.mark.django_db
def test_end_closes_a_talk_and_its_person_goes_on() -> None:
    match = begun(then="end")
    assert take(match, REFUSED) == "failed"
    match.refresh_from_db()
    assert (match.path, match.status, row().did) == ("answer", "open", "end")


@pytest.mark.django_db
@pytest.mark.parametrize("policy", [{"then": "end"}, {"then": "pause", "pause": {"times": 1, "then": "end"}}])
def test_who_makes_a_model_refuse_does_not_end_a_talk_before_its_minimum(policy: dict[str, Any]) -> None:
    match = Acquainted(version_with(None, turns=2, on_failure=policy)).meet()
    assert take(match, '{"message": "hello"}') == "delivered"
    say(match, "say something terrible")
    if policy["then"] == "pause":
        assert take(match, REFUSED) == "pause"
    assert take(match, REFUSED) == "failed"
    match.refresh_from_db()
    assert (match.path, row().did) == ("talk", "silence"), "they could not end it themselves yet"
    say(match, "and now?")
    if policy["then"] == "pause":
        assert take(match, REFUSED) == "pause"
    assert take(match, REFUSED) == "failed"
    match.refresh_from_db()
    assert (match.path, FailedTurn.objects.latest("pk").did) == ("answer", "end"), "and now they could"


@pytest.mark.django_db
def test_model_that_is_not_there_ends_a_talk_before_its_minimum_where_the_file_says_so() -> None:
    match = Acquainted(version_with(None, turns=2, on_failure={"then": "end"})).meet()
    assert take(match, ProviderFailed("quota", "spent")) == "failed"
    match.refresh_from_db()
    assert (match.path, row().did) == ("answer", "end")


@pytest.mark.django_db
def test_talk_ends_with_its_people_though_its_model_fails_to_the_last() -> None:
    """The person has ended it before the model was asked, and would wait for its time, since nobody writes any more."""
    match = begun()
    person = match.group.seats.get(occupant="person")
    games.act(match_id=match.pk, path="talk", seat_id=person.pk, values={"then": "ready"}, source="person")
    listen(match.pk, "talk")
    match.refresh_from_db()
    assert match.path == "talk", "the partner may be a person, and has not ended it"
    assert take(match, REFUSED) == "silence"
    assert take(match) == "delivered"
    assert answers.asked == [], "it only ends the talk"
    match.refresh_from_db()
    assert (match.path, texts()) == ("answer", ["hello", "how are you?"])
    assert (row().did, row().is_answered, row().error_code) == ("silence", False, "model_refusal")


@pytest.mark.django_db
def test_end_voids_a_decision_at_once_and_only_the_program_is_late() -> None:
    known = Acquainted(version_with(None, on_failure={"decisions": "end"}))
    match = end_talk(known.meet())
    assert take(match, REFUSED) == "failed"
    match.refresh_from_db()
    assert (match.status, match.path, row().did) == ("void", "~void", "end")
    known.person.refresh_from_db()
    assert known.person.strikes == 0, "who had still time lost nothing"
    late = Act.objects.filter(match=match, path=F("match__void_path"), source="timeout")
    assert list(late.values_list("seat__occupant", flat=True)) == ["model"]


@pytest.mark.django_db
def test_another_model_is_asked_only_where_it_is_declared_and_recorded_as_what_it_is() -> None:
    other = MODEL | {"name": "told/two"}
    match = begun(fallback={"model": other}, then="line", line={"en": LINE})
    assert take(match, REFUSED) == "fallback"
    assert take(match, '{"message": "I am the second", "then": "more"}') == "delivered"
    assert (row().did, row().is_answered, texts()[-1]) == ("fallback", True, "I am the second")
    assert Call.objects.get(outcome="ok", output__contains="second").model_requested == "told/two"


@pytest.mark.django_db
def test_fallback_that_fails_as_well_is_followed_by_what_is_declared_next() -> None:
    match = begun(fallback={"model": MODEL | {"name": "told/two"}}, then="line", line={"en": LINE})
    assert take(match, REFUSED) == "fallback"
    assert take(match, ProviderFailed("quota", "spent")) == "delivered"
    assert (row().did, row().error_code, row().tries, texts()[-1]) == ("line", "model_quota", 1, LINE)


@pytest.mark.django_db
def test_failure_is_exported_beside_its_turn() -> None:
    match = begun()
    take(match, REFUSED)
    scope = Scope(match.group.version.study)
    (failed,) = FAILED_TURNS.rows(scope)
    assert set(failed) == {column.name for column in FAILED_TURNS.columns}
    assert (failed["policy_step"], failed["n_made"], failed["heard_seq"]) == ("silence", 1, 2)
    (turn,) = BOT_TURNS.rows(scope)
    assert set(turn) == {column.name for column in BOT_TURNS.columns}
    assert (turn["n_failed"], turn["policy_step"], turn["outcome"]) == (1, "silence", "delivered")
    assert "the newest plan alone" in next(one.label for one in BOT_TURNS.columns if one.name == "planned_s")


@pytest.mark.django_db
def test_policy_that_fails_has_its_row_too() -> None:
    from tests.bots.test_turns import QUICK
    from tests.chat.rooms import Sitter, make_match

    make_match("chatting", Sitter("talker"), Sitter("talker", "policy", "broken", settings=QUICK))
    runner.drain("bots")
    assert (row().error_code, row().did) == ("policy_failed", "silence")
