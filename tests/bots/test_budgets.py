"""Which limits a call for a seat is made under, and that the line of the safety classifier is one of its own."""

from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings

from bots.budgets import SAFETY, spending_of
from bots.models import Noting
from chat.models import Entry, Trigger
from events import clock, runner
from events.models import Event
from flow.models import Match
from llm.models import Account, Call, Charge
from llm.spending import Limit
from studies.models import SourceFile, Version, VersionFile
from studies.prices import REAL
from tests.bots import answers
from tests.bots.meetings import MODEL, Acquainted, hear, say, version_with
from tests.bots.test_guard import LINE
from tests.bots.test_notes_by_model import FACTS, HAS_A_DOG, SCRIBE, after_first, take_notes
from tests.bots.test_turns import QUICK
from tests.chat.rooms import Sitter
from tests.chat.safe_rooms import room
from verification.check import check

pytestmark = pytest.mark.django_db
PRICE = {"input": "1.00", "output": "10.00"}  # USD for a million tokens
PRICED = MODEL | {"price": PRICE}


@pytest.fixture(autouse=True)
def _told(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}


def limits_of(match: Match) -> dict[str, Limit]:
    seat = match.group.seats.get(kind="ai")
    return {one.name: one for one in spending_of(seat, seat.settings["model"], match=match.pk).limits}


def with_budget(match: Match, **budget: Any) -> Version:
    """A newer version of the match's study, with a budget, under which nobody plays yet."""
    version = match.group.version
    said = version.definition | {"budget": budget}
    return Version.objects.create(study=version.study, number=2, definition=said, sha256=f"e{version.pk:063d}")


def test_free_model_has_nothing_to_count_and_one_with_a_price_its_day() -> None:
    person = Acquainted(version_with(None))
    assert limits_of(person.meet()) == {}
    priced = Acquainted(version_with(None, model=PRICED)).meet()
    day, root = f"{clock.now():%Y-%m-%d}", f"study:{priced.group.version.study_id}"
    assert limits_of(priced) == {
        "model": Limit(f"{root}/reply/told/one/{day}", "model", hard_usd=Decimal(1), soft_usd=Decimal("0.80"))
    }


def test_all_studies_together_spend_no_more_than_the_installation_allows(settings: LazySettings) -> None:
    """Whoever writes study files writes their limits, too, and all of them ask with one key."""
    settings.LLM_DAILY_USD = Decimal("0.01")
    first, second = (Acquainted(version_with(None, model=PRICED)).meet() for _ in range(2))
    assert first.group.version.study_id != second.group.version.study_id
    key = f"all/{clock.now():%Y-%m-%d}"
    assert {limits_of(one)["all studies"].key for one in (first, second)} == {key}
    hear(first, "hello")
    found = Account.objects.get(key=key)
    assert (found.root, found.owner, found.spent_tokens) == ("everybody", None, 7)
    Account.objects.filter(key=key).update(spent_usd=Decimal("0.0099"))
    answers.will('{"message": "not said", "then": "more"}')
    runner.drain("bots")
    assert second.bot_turns.get().failures.get().error_code == "model_budget"
    assert answers.asked == []
    event = Event.objects.get(kind="budget.hard")
    assert (event.study_id, event.facts["kind"]) == (None, "all studies")
    assert check(second.group.version.study, late_after_seconds=1e9).counts["accounts"] == 0
    free = Acquainted(version_with(None)).meet()
    assert limits_of(free) == {}, "what costs nothing waits for nobody"
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"unlisted": REAL}
    unlisted = {"name": "unlisted/new", "max_tokens": 200, "daily_cost_usd": "0.00"}
    said_free = Acquainted(version_with(None, model=unlisted)).meet()
    assert set(limits_of(said_free)) == {"all studies", "model"}, "its file says that it is free, and nobody knows"
    known = Acquainted(version_with(None, model=unlisted | {"price": {"input": "0.00", "output": "0.00"}})).meet()
    assert limits_of(known) == {}


def unlisted_seat(settings: LazySettings, model: str, daily: str) -> Acquainted:
    """Somebody who meets a model of a provider; were it asked, the answers of this test would give its reply."""
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {model.partition("/")[0]: REAL}
    asked = {"name": model, "max_tokens": 200, "daily_cost_usd": daily}
    return Acquainted(version_with(None, model=asked))


def test_model_of_unknown_price_is_not_asked_unless_tokens_are_limited(settings: LazySettings) -> None:
    """That it costs nothing is what its file says; nobody knows, and no other limit would ever be reached."""
    settings.LLM_KEY, settings.LLM_PROVIDER = "sk-of-the-test", "unlisted"
    match = unlisted_seat(settings, "unlisted/new", "0.00").meet()
    assert limits_of(match)["model"].hard_usd == 0
    answers.will()
    say(match, "hello")
    runner.drain("bots")
    assert match.bot_turns.get().failures.get().error_code == "model_budget"
    assert not Call.objects.exists(), "nothing was sent"
    with_budget(match, day={"hard_tokens": 90_000})
    assert {name: one.hard_tokens for name, one in limits_of(match).items()} == {"day": 90_000}


def test_model_that_the_list_of_prices_has_lost_is_not_asked(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LLM_KEY, settings.LLM_PROVIDER = "sk-of-the-test", "openai"
    match = unlisted_seat(settings, "openai/gpt-4o-mini", "5.00").meet()
    seat = match.group.seats.get(kind="ai")
    assert spending_of(seat, seat.settings["model"], match=match.pk).price is not None
    monkeypatch.setattr("studies.prices._list", dict)
    answers.will()
    say(match, "hello")
    runner.drain("bots")
    assert match.bot_turns.get().failures.get().error_code == "model_budget"
    assert not Call.objects.exists(), "nothing was sent"


def test_limits_of_the_newest_version_hold_for_groups_of_older_ones() -> None:
    person = Acquainted(version_with(None, model=PRICED))
    match = person.meet()
    with_budget(
        match, call={"hard_tokens": 9000}, person={"hard_usd": "0.50"}, session={"hard_tokens": 1000},
        day={"hard_usd": "2.00", "soft_usd": "0.10"}, study={"hard_usd": "9.00"},
    )  # fmt: skip
    found = limits_of(match)
    root = f"study:{match.group.version.study_id}"
    session = person.person.sessions.get()
    assert {name: one.key for name, one in found.items()} == {
        "model": f"{root}/reply/told/one/{clock.now():%Y-%m-%d}", "call": "", "study": root,
        "day": f"{root}/{clock.now():%Y-%m-%d}", "person": f"{root}/person:{person.person.pk}",
        "session": f"{root}/session:{session.pk}",
    }  # fmt: skip
    assert found["person"].soft_usd == Decimal("0.40"), "four fifths, unless the file says otherwise"
    assert (found["day"].soft_usd, found["session"].soft_tokens) == (Decimal("0.10"), 800)


def test_person_at_a_limit_meets_a_partner_that_cannot_answer_and_another_person_one_that_can() -> None:
    version = version_with(None, model=PRICED)
    spender, other = Acquainted(version), Acquainted(version)
    match = spender.meet()
    with_budget(match, person={"hard_tokens": 20_000})
    hear(match, "hello")
    say(match, "hello to you")
    key = f"study:{version.study_id}/person:{spender.person.pk}"
    assert Account.objects.get(key=key).spent_tokens == 7
    Account.objects.filter(key=key).update(spent_tokens=19_900)
    answers.will('{"message": "not said", "then": "more"}')
    runner.drain("bots")
    assert match.bot_turns.get().failures.get().error_code == "model_budget"
    assert answers.asked == []
    assert list(Entry.objects.order_by("pk").values_list("text", flat=True)) == ["hello", "hello to you"]
    hear(other.meet(), "hello as well")


def safe_room(classifier: dict[str, Any]) -> Match:
    """A person and a model in a talk, whose replies a second model looks at."""
    settings = {**QUICK, "asked_if_ai": "deflect", "model": PRICED}
    seat = Sitter("talker", "model", "prompts/one.md", settings=settings)
    asked = {"model": {"name": "told/two", "daily_cost_usd": "1.00"} | classifier, "prompt": "prompts/hold.md"}
    match = room(Sitter("talker"), seat, replies={"line": LINE, "classifier": asked})
    file, _ = SourceFile.objects.get_or_create(sha256="d" * 64, defaults={"text": "Say whether to hold it."})
    VersionFile.objects.create(version=match.group.version, path="prompts/hold.md", file=file)
    return match


def test_what_screens_replies_is_counted_on_a_line_of_its_own() -> None:
    match = safe_room({"price": PRICE})
    answers.will('{"message": "hello", "then": "more"}', '{"hold": false}')
    runner.drain("bots")
    assert dict(Charge.objects.values_list("line", "state")) == {"reply": "settled", "safety": "settled"}
    day, root = f"{clock.now():%Y-%m-%d}", f"study:{match.group.version.study_id}"
    assert set(Account.objects.values_list("key", flat=True)) == {
        f"{root}/reply/told/one/{day}", f"{root}/safety/told/two/{day}",
    }  # fmt: skip
    assert Call.objects.get(model_requested="told/two").cost_usd == Decimal("0.00004300"), "3 tokens in, 4 out"


def test_verification_adds_accounts_up_again_and_finds_what_was_left_set_aside() -> None:
    match = safe_room({"price": PRICE})
    answers.will('{"message": "hello", "then": "more"}', '{"hold": false}')
    runner.drain("bots")
    study = match.group.version.study

    def found() -> set[str]:
        return {one.what for one in check(study, late_after_seconds=1e9).differences}

    assert check(study, late_after_seconds=1e9).counts["accounts"] == 2
    assert not {"sums of an account", "charge of a call that is over"} & found()
    Account.objects.filter(name="model").update(spent_tokens=1)
    assert "sums of an account" in found()
    Charge.objects.filter(line="reply").update(state="reserved")
    assert {"sums of an account", "charge of a call that is over"} <= found()


def test_reply_is_held_where_nobody_may_pay_for_screening_it() -> None:
    match = safe_room({"price": PRICE, "daily_cost_usd": "0.000001"})
    answers.will('{"message": "hello", "then": "more"}')
    runner.drain("bots")
    assert Entry.objects.get(conversation__match=match).text == LINE
    assert Trigger.objects.get().source == "failed"
    seat = match.group.seats.get(kind="ai")
    asked = {"name": "told/two", "daily_cost_usd": "1.00", "price": PRICE}
    assert spending_of(seat, asked, SAFETY).line == "safety"


def test_model_that_takes_notes_has_a_limit_of_cost_of_its_own() -> None:
    priced = SCRIBE | {"price": {"input": "1.00", "output": "1.00"}}
    known = after_first({**FACTS, "noted_by": {"prompt": "prompts/notes.md", "model": priced}})
    root = f"study:{known.version.study_id}"
    key = f"{root}/memory/told/scribe/{clock.now():%Y-%m-%d}"
    Account.objects.create(key=key, root=root, name="model", spent_usd=Decimal("1.00"))
    assert take_notes(HAS_A_DOG) == ["notes failed"]
    assert (Noting.objects.get().error_code, answers.asked) == ("model_budget", [])
    Account.objects.all().delete()
    assert take_notes(HAS_A_DOG) == ["written"]
    charge = Charge.objects.get(line="memory")
    assert (charge.state, charge.keys) == ("settled", [key])
