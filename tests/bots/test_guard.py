"""A model's reply to somebody who may be in danger: held, replaced by the study file's line, and kept as a row."""

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings

from bots.errors import SUPERSEDED, BotsError
from bots.guard import watch
from bots.models import BotTurn
from bots.services import listen
from bots.turns import take_turn
from chat.models import Entry, SafetyStep, Trigger
from events import clock, runner
from exports.scope import Scope
from exports.tables.calls import CALLS
from flow.models import Match
from flow.queries import page_of, turn
from flow.services import games
from llm.errors import ModelFailed, ProviderFailed
from llm.exchange import Completed, Request
from llm.models import Call
from studies.models import SourceFile, VersionFile
from tests.bots import answers
from tests.bots.test_model_seats import MODEL
from tests.bots.test_turns import QUICK, claims_of
from tests.chat.rooms import Sitter
from tests.chat.safe_rooms import OFFER, STOP, room
from tests.chat.test_between_people import send, session_of

pytestmark = pytest.mark.django_db
LINE = "Please look at the card beside our conversation."
CLASSIFIER = {"model": {"name": "told/two", "daily_cost_usd": "1.00"}, "prompt": "prompts/hold.md"}


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def talk(**replies: Any) -> Match:
    """A person has begun a talk with a model."""
    seat = Sitter("talker", "model", "prompts/one.md", settings={**QUICK, "asked_if_ai": "deflect", "model": MODEL})
    match = room(Sitter("talker"), seat, replies={"line": LINE, **replies})
    file, _ = SourceFile.objects.get_or_create(sha256="d" * 64, defaults={"text": "Say whether to hold it."})
    VersionFile.objects.create(version=match.group.version, path="prompts/hold.md", file=file)
    answers.will(
        '{"message": "hello", "then": "more"}', '{"hold": false}'
    )  # the second one, where a classifier is asked
    runner.drain("bots")
    return match


def says(match: Match, text: str) -> None:
    person = match.group.seats.get(occupant="person")
    games.act(match_id=match.pk, path="talk", seat_id=person.pk, values={"message": text}, source="person")


def newest() -> str:
    return Entry.objects.order_by("-seq")[0].text


def test_reply_that_names_no_danger_is_said_as_the_model_gave_it() -> None:
    match = talk()
    answers.will('{"message": "tell me more", "then": "more"}')
    says(match, OFFER)
    runner.drain("bots")
    assert newest() == "tell me more"
    assert Trigger.objects.get().is_reply is False


def test_reply_that_names_danger_is_replaced_and_the_person_sees_the_card() -> None:
    match = talk()
    answers.will('{"message": "You should kill yourself. I want to kill myself, too.", "then": "more"}')
    says(match, "I had a bad day.")
    runner.drain("bots")
    assert newest() == LINE
    row = Trigger.objects.get()
    assert (row.is_reply, row.source, row.tier) == (True, "rules", "stop")
    assert SafetyStep.objects.get().what == "replaced"
    assert page_of(session_of(match, 1)).facts["support"].title
    assert "kill" not in "".join(Entry.objects.values_list("text", flat=True))


def test_program_waits_for_who_paused_and_no_model_answers_what_stopped_them() -> None:
    match = talk()
    asked = len(answers.asked)
    says(match, STOP)
    runner.drain("bots")
    assert newest() == STOP
    send(match, 1, safety="resume")
    runner.drain("bots")
    assert newest() == LINE
    assert len(answers.asked) == asked, "no model was asked"


def test_line_of_the_file_does_not_wait_for_a_model_that_has_failed() -> None:
    match = talk()
    says(match, STOP)
    runner.drain("bots")
    BotTurn.objects.filter(match=match).update(rests_until=clock.now() + timedelta(hours=1))
    send(match, 1, safety="resume")
    listen(match.pk, "talk")
    (claim,) = claims_of(match)
    assert async_to_sync(take_turn)(claim) == "delivered"
    assert newest() == LINE


def test_reply_that_a_model_has_made_is_not_said_to_somebody_who_may_be_in_danger_by_then() -> None:
    match = talk()
    says(match, "I had a bad day.")
    answers.will(lambda: says(match, STOP), '{"message": "Cheer up!", "then": "more"}')
    runner.drain("bots")
    assert newest() == STOP
    send(match, 1, safety="resume")
    runner.drain("bots")
    assert newest() == LINE
    assert not Entry.objects.filter(text="Cheer up!").exists()
    assert len(answers.asked) == 1, "of what stopped them no model was told"


@pytest.mark.parametrize(
    ("verdict", "said", "source"),
    [('{"hold": true}', LINE, "classifier"), ('{"hold": false}', "tell me more", ""),
     (ProviderFailed("config", "no key"), LINE, "failed")],
)  # fmt: skip
def test_classifier_holds_a_reply_and_never_what_a_person_wrote(verdict: Any, said: str, source: str) -> None:
    match = talk(classifier=CLASSIFIER)
    answers.will('{"message": "tell me more", "then": "more"}', verdict)
    says(match, "I had a bad day.")
    assert newest() == "I had a bad day."
    runner.drain("bots")
    assert newest() == said
    assert list(Trigger.objects.values_list("source", flat=True)) == ([source] if source else [])
    assert Call.objects.filter(model_requested="told/two", scope__endswith="/safety").exists()
    asked = {(row["model_requested"], row["purpose"]) for row in CALLS.rows(Scope(match.group.version.study))}
    assert asked == {("told/one", "act"), ("told/two", "safety")}


def test_words_beside_a_chosen_silence_are_neither_screened_nor_replaced() -> None:
    match = talk(classifier=CLASSIFIER)
    seat = match.group.seats.get(occupant="model")
    seat.settings |= {"may_stay_silent": True}
    seat.save()
    answers.will('{"speak": "no", "message": "I want to kill myself, too.", "then": "more"}')
    says(match, "I had a bad day.")
    runner.drain("bots")
    assert newest() == "I had a bad day.", "nothing is said, so nothing is held either"
    assert not Trigger.objects.exists()
    assert Call.objects.filter(scope__endswith="/safety").count() == 1, "that of the first reply"


def test_worker_whose_turn_another_has_taken_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    match = talk(classifier=CLASSIFIER)

    async def superseded(request: Request) -> Completed:
        raise ModelFailed("superseded", f"scope {request.scope} went to a newer holder")

    monkeypatch.setattr("bots.guard.complete", superseded)
    answers.will('{"message": "tell me more", "then": "more"}')
    says(match, "I had a bad day.")
    listen(match.pk, "talk")
    (claim,) = claims_of(match)
    with pytest.raises(BotsError) as caught:
        async_to_sync(take_turn)(claim)
    assert caught.value.code == SUPERSEDED
    assert not Trigger.objects.exists()
    assert newest() == "I had a bad day."


def test_classifier_is_told_what_the_model_had_read_also_where_more_was_written_since() -> None:
    match = talk(classifier=CLASSIFIER)
    says(match, "I had a bad day.")
    facts = turn(match.pk, "talk", match.group.seats.get(occupant="model").pk)
    says(match, "And yesterday, too.")
    assert facts is not None
    watched = watch(facts)
    assert watched is not None
    assert list(watched.lines) == [(True, "hello"), (False, "I had a bad day.")]
