"""Batches without people: shared by runners and workers, resumed after a kill, held when the budget is used up."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection

from bots import by_policy
from bots.batches import services
from bots.batches.queries import are_left_lying, lines_of, under_way
from bots.errors import BotsError
from bots.models import Batch, BatchGroup, BotTurn, FailedTurn
from bots.queries import TAKE_TURN, open_turns
from bots.run import Budget, Order, Progress, run_groups, run_order
from bots.turns import take_turn
from config.places import ROOT
from events import clock, due, runner
from events.loop import Loop
from events.models import Due
from flow.models import Act, Match
from llm.errors import ProviderFailed
from llm.exchange import Question, Reply
from llm.models import Call, Charge
from llm.providers import scripted
from matching.models import Group
from studies.models import Version
from studies.services import freeze
from tests.bots import answers
from tests.bots.dying_runner import POINTS
from tests.bots.test_run import machines
from tests.chat.rooms import PERSONA, make_version, study_file
from tests.experiments.short_dilemma import copied
from tests.studies.conftest import Folder
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
LANGUAGE = Path(__file__).parents[1] / "language"
MODEL = {"name": "scripted/reflective", "max_tokens": 100, "daily_cost_usd": "0.00"}


@pytest.fixture(autouse=True)
def _declarations_are_installed(settings: LazySettings) -> None:
    settings.EXPERIMENT_PACKAGES = [*settings.EXPERIMENT_PACKAGES, "tests.language"]


@pytest.fixture
def dilemma(tmp_path: Path, db: None) -> Version:
    """Six programs that play two supergames."""
    shutil.copytree(LANGUAGE / "dilemma" / "study", tmp_path / "study")
    Folder(tmp_path / "study").change("parameters: {rounds: 4}", "parameters: {rounds: 2}")
    return freeze(tmp_path / "study", seed="5")


@pytest.fixture
def pool(tmp_path: Path, db: None) -> Version:
    """Two factors of groups, and one choice in one supergame."""
    return freeze(copied(tmp_path).path, seed="3")


def models(n: int = 3, model: dict[str, Any] = MODEL, **partner: Any) -> Version:
    """A study whose groups are language models that talk, three entries each, and say a number."""
    said = study_file("chatting")
    said["groups"] = {"all": {"roles": {"talker": {"ai": n}}, "partners": {"ai": "machine"}}}
    said["partners"]["machine"] = {
        "occupant": "model", "personas": ["prompts/one.md"], "model": model, "asked_if_ai": "deflect",
        "label": {"all": ""}, **partner,
    }  # fmt: skip
    lobby = {
        "id": "lobby", "kind": "waiting_room", "forms": "all", "page": "pages/talk.md", "max_wait_seconds": 60,
        "ready_seconds": 20, "pay_per_minute": "0.00", "on_timeout": {"exit": "no_group"},
    }  # fmt: skip
    said["waves"][0]["stages"].insert(0, lobby)
    texts = {f"pages/{page}.md": f"# {page}" for page in ("talk", "void")} | {"prompts/one.md": PERSONA}
    return make_version(said, texts)


def is_whole(version: Version, groups: int) -> None:
    """Every group is there once, over, numbered without a gap, and its rows are true to each other."""
    assert list(Group.objects.values_list("status", flat=True)) == ["complete"] * groups
    assert list(BatchGroup.objects.order_by("number").values_list("number", flat=True)) == list(range(1, groups + 1))
    assert set(BotTurn.objects.values_list("outcome", flat=True)) == {"delivered"}
    acts = Counter(Act.objects.values_list("match", "path", "seat"))
    assert set(acts.values()) == {1}
    assert set(Act.objects.values_list("source", flat=True)) == {"policy"}
    assert set(Match.objects.values_list("status", flat=True)) == {"complete"}
    report = check(version.study, late_after_seconds=3600)
    assert [str(each) for each in report.differences] == []
    assert report.counts["groups"] == groups


def address() -> dict[str, str]:
    """The environment in which another process finds this test's database."""
    found = connection.settings_dict
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{found['USER']}@/{found['NAME']}?host={found['HOST']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "platform"), str(ROOT)]),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


@pytest.mark.parametrize("point", POINTS)
def test_killed_runner_leaves_a_batch_that_another_plays_on(point: str, dilemma: Version) -> None:
    command = [sys.executable, "-m", "tests.bots.dying_runner", point, str(dilemma.pk), "2"]
    died = subprocess.run(command, env=address(), cwd=ROOT, timeout=120, check=False)
    assert died.returncode == -signal.SIGKILL
    before = Group.objects.filter(status="complete").count()
    # the leases run out, sooner than they would
    Due.objects.filter(outcome="", lease_until__isnull=False).update(lease_until=clock.now() - timedelta(seconds=1))
    seen: list[Progress] = []
    done = run_groups(dilemma, 2, seen.append)
    assert (done.complete, done.ended, done.batch, done.is_resumed) == (2, 0, 1, True)
    assert seen[0].complete == before
    assert Batch.objects.get().status == "done"
    is_whole(dilemma, 2)


def test_two_runners_at_once_share_one_batch(dilemma: Version) -> None:
    def play(_number: int) -> Progress:
        try:
            return run_groups(Version.objects.select_related("study").get(pk=dilemma.pk), 3)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(play, range(2)))
    assert {(one.complete, one.ended, one.batch) for one in done} == {(3, 0, 1)}
    assert sorted(one.is_resumed for one in done) == [False, True]
    is_whole(dilemma, 3)


def test_workers_take_the_turns_of_a_batch_that_is_left_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    version = machines("chatting", "talker", 3, "talkative")
    monkeypatch.setattr("bots.run._Run._take_turns", None)  # the runner takes none: calling it would raise
    loop = Loop("bots")
    loop.start()
    try:
        done = run_order(version, Order(2), by_workers=True)
    finally:
        assert loop.stop()
    assert (done.complete, done.ended, Group.objects.count()) == (2, 0, 2)
    assert set(BotTurn.objects.values_list("outcome", flat=True)) == {"delivered"}
    assert BotTurn.objects.count() == done.turns == 12


def test_without_a_worker_it_says_so(dilemma: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.run.IDLE_SECONDS", 0.5)
    with pytest.raises(BotsError, match="no worker takes the turns") as caught:
        run_order(dilemma, Order(1), by_workers=True)
    assert caught.value.code == "run_no_worker"


def test_turn_in_hand_or_put_off_for_a_retry_is_no_lack_of_workers(dilemma: Version) -> None:
    batch, _ = services.order(dilemma, "game", Order(1))
    assert services.next_group(batch.pk, at_once=1) is not None
    groups, turns = under_way(batch.pk), Due.objects.filter(reaction=TAKE_TURN)
    assert are_left_lying(groups)
    later = clock.now() + timedelta(minutes=5)
    turns.update(lease_until=later)
    assert not are_left_lying(groups)
    turns.update(lease_until=None, run_after=later)
    assert not are_left_lying(groups)


def test_finished_batch_is_not_played_again_and_other_words_are_another_batch() -> None:
    version = machines("chatting", "talker", 3, "talkative")
    assert [run_groups(version, 1).batch, run_groups(version, 1).batch, run_groups(version, 2).batch] == [1, 2, 3]
    assert Group.objects.count() == 4


async def say_more(question: Question) -> Reply:
    """As `scripted`, but it never says before its last entry that it is ready."""
    reply = await scripted.ask(question)
    said = json.loads(reply.text)
    return replace(reply, text=json.dumps(said | {"then": "more"} if "then" in said else said))


def test_used_up_budget_holds_everybody_and_a_higher_one_goes_on(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"patient": "tests.bots.test_batches.say_more"}
    version = models(model=MODEL | {"name": "patient/one"})
    with pytest.raises(BotsError, match="raise the budget") as caught:
        run_order(version, Order(2, budget=Budget(calls=5)))
    assert caught.value.code == "run_budget"
    calls = Call.objects.count()
    assert 5 <= calls <= 6  # one may be asked for again in its turn
    assert Batch.objects.get().status == "held"
    runner.drain("bots")  # as a worker would
    assert Call.objects.count() == calls
    assert set(Match.objects.values_list("status", flat=True)) == {"open"}
    with pytest.raises(BotsError, match="has used"):
        run_order(version, Order(2, budget=Budget(calls=5)))
    done = run_order(version, Order(2, budget=Budget(calls=500)))
    assert (done.complete, done.batch) == (2, 1)
    assert done.calls == Call.objects.count() == 24  # of six seats each three entries and a number
    answered = list(Call.objects.filter(outcome="ok").values_list("scope", flat=True))
    assert len(answered) == len(set(answered)) == 24
    assert set(BotTurn.objects.values_list("outcome", flat=True)) == {"delivered"}
    assert set(Match.objects.values_list("status", flat=True)) == {"complete"}


def test_cost_is_a_budget_too(monkeypatch: pytest.MonkeyPatch) -> None:
    version = models()
    with pytest.raises(BotsError, match="raise the budget"):
        run_order(version, Order(1, budget=Budget(calls=2)))
    used = Call.objects.order_by("pk").first()
    assert used is not None
    Call.objects.create(
        scope=used.scope, attempt=9, model_requested="told/one", prompt=[], prompt_sha256="0" * 64, outcome="ok",
        cost_usd=Decimal("1.50"),
    )  # fmt: skip
    with pytest.raises(BotsError, match=r"1\.5\d* USD"):
        run_order(version, Order(1, budget=Budget(cost_usd=Decimal("1.50"))))
    assert run_order(version, Order(1, budget=Budget(cost_usd=Decimal("1.60")))).complete == 1


def test_call_that_may_have_been_billed_counts_against_the_budget_of_a_batch() -> None:
    """Of a time-out nobody knows what it cost: a batch whose calls all time out would have no end."""
    version = models()
    with pytest.raises(BotsError, match="raise the budget"):
        run_order(version, Order(1, budget=Budget(calls=2)))
    used = Call.objects.order_by("pk").first()
    assert used is not None
    for attempt, state, usd in ((8, "assumed", Decimal("1.00")), (9, "reserved", None)):
        call = Call.objects.create(
            scope=used.scope, attempt=attempt, model_requested="told/one", prompt=[], prompt_sha256="0" * 64,
            outcome="timeout" if usd else "superseded",
        )  # fmt: skip
        Charge.objects.create(
            call=call, root=f"study:{version.study_id}", line="reply", keys=[], state=state, usd=usd, tokens=1,
            most_usd=Decimal("1.00"), most_tokens=1, lapses_at=clock.now() + timedelta(minutes=3),
        )  # fmt: skip
    with pytest.raises(BotsError, match=r"2\.0\d* USD"):
        run_order(version, Order(1, budget=Budget(cost_usd=Decimal("2.00"))))
    assert lines_of(Batch.objects.get())[-1].cost_usd == 2


def test_ordered_condition_takes_nothing_from_the_balanced_sequence(pool: Version, tmp_path: Path) -> None:
    version = pool
    run_order(version, Order(3, "hidden,pool=one"))
    assert set(Group.objects.values_list("condition", flat=True)) == {"label=hidden,pool=one"}
    run_order(version, Order(2, "pool=several"))
    several = Group.objects.filter(in_batch__batch__number=2).values_list("condition", flat=True)
    assert sorted(several) == ["label=disclosed,pool=several", "label=hidden,pool=several"]
    balanced = _balanced(version)
    assert len(set(balanced)) == 4
    report = check(version.study, late_after_seconds=3600)
    assert [str(each) for each in report.differences] == []
    type(version.study).objects.update(slug="before")
    untouched = freeze(tmp_path / "studies" / "pool", seed="3")
    assert _balanced(untouched) == balanced, "what was ordered beside it took nothing from the sequence"


def _balanced(version: Version) -> list[str]:
    done = run_order(version, Order(4))
    members = BatchGroup.objects.filter(batch__version=version, batch__number=done.batch).order_by("number")
    return list(members.values_list("group__condition", flat=True))


@pytest.mark.parametrize(("said", "words"), [("label=hiden", "label=hidden"), ("loud", "pool=several"), ("x=y", "x=y")])
def test_condition_that_groups_are_not_given_is_refused(said: str, words: str, pool: Version) -> None:
    with pytest.raises(BotsError, match="when they are formed") as caught:
        run_order(pool, Order(1, said))
    assert caught.value.code == "run_condition"
    assert words in str(caught.value)
    assert not Group.objects.exists()


def test_policy_that_fails_is_decided_at_once_and_not_after_the_steps_time() -> None:
    version = machines("chatting", "talker", 3, "broken")
    began = clock.now()
    done = run_groups(version, 1)
    assert done.finished == 1
    assert clock.now() - began < timedelta(seconds=30), "the talk alone may take two minutes"
    assert Match.objects.get().status == "void"
    assert set(BotTurn.objects.filter(path="answer").values_list("error_code", flat=True)) == {"policy_failed"}
    assert set(Match.objects.values_list("deadline_at", flat=True)) == {None}


def test_declared_retry_is_made_however_long_ago_its_step_was_opened(settings: LazySettings) -> None:
    """As in a batch that was held overnight, or a talk whose models take longer than people would have."""
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"told": "tests.bots.answers.ask"}
    version = models(2, model=MODEL | {"name": "told/one"}, on_failure={"retry": {"times": 1, "after_s": 0}})
    batch, _ = services.order(version, "game", Order(1))
    services.next_group(batch.pk, at_once=1)
    Match.objects.update(step_opened_at=clock.now() - timedelta(days=1))
    answers.will(ProviderFailed("refusal", "it refused"))
    (first, *_) = due.claim_ids(open_turns(under_way(batch.pk)))
    assert async_to_sync(take_turn)(first) == "retry"
    assert FailedTurn.objects.get().did == "retry"


def test_rules_that_fail_break_the_game_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_facts: Any) -> str:
        raise ValueError("a rule with a fault")

    version = machines("chatting", "talker", 3, "broken")
    monkeypatch.setattr("bots.batches.services.games.close_unanswered", fail)
    done = run_groups(version, 1)
    assert (done.complete, done.ended) == (0, 1)
    assert Group.objects.get().end_reason == "technical"


def command(*words: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("study", "run", *words, stdout=out)
    return out.getvalue()


def test_command_ends_with_a_table_by_condition(pool: Version) -> None:
    said = command(pool.study.slug, "--groups", "4")
    assert "[####################] 4 of 4 groups" in said
    rows = [line.split() for line in said.splitlines() if line.startswith(("label=", "all"))]
    assert [row[0] for row in rows] == [*sorted(Group.objects.values_list("condition", flat=True)), "all"]
    assert [row[1:3] for row in rows] == [["1", "0"]] * 4 + [["4", "0"]]
    assert int(rows[-1][4]) == BotTurn.objects.count() == sum(int(row[4]) for row in rows[:-1])
    assert "4 groups complete, 0 ended early" in said
    (line,) = lines_of(Batch.objects.get())[-1:]
    assert (line.complete, line.under_way, line.calls) == (4, 0, 0)


def test_command_tells_of_turns_in_which_nothing_usable_came(settings: LazySettings) -> None:
    settings.LLM_BASE = settings.LLM_KEY = ""
    version = models(model={**MODEL, "name": "nobody/one", "price": {"input": "0", "output": "0"}})
    said = command(version.study.slug, "--groups", "1")
    assert "nobody/one cannot answer here" in said
    failed = FailedTurn.objects.count()
    assert failed > 0
    (row,) = [line.split() for line in said.splitlines() if line.startswith("all")]
    assert int(row[5]) == failed
    assert f"({failed} failed)" in said
    assert f"{failed} turns failed (model_config {failed})" in said


def test_command_says_where_a_program_answers_for_a_model(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = dict.fromkeys(("scripted", "*"), "llm.providers.scripted.ask")
    said = command(models(model={**MODEL, "name": "nobody/one"}).study.slug, "--groups", "1")
    assert "in place of nobody/one a program answers" in said
    assert "failed" not in said.partition("1 of 1 groups")[2].replace("turns  failed", "")
    assert set(Call.objects.values_list("model_requested", "model_served")) == {("nobody/one", "scripted")}


def test_interrupted_command_says_how_to_go_on_and_then_does(dilemma: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    original: Callable[..., Any] = by_policy.decided
    taken = []

    def stop(*args: Any, **kwargs: Any) -> Any:
        taken.append(1)
        if len(taken) == 30:
            os.kill(os.getpid(), signal.SIGINT)
        return original(*args, **kwargs)

    monkeypatch.setattr(by_policy, "decided", stop)
    with pytest.raises(CommandError, match="goes on from here"):
        command(dilemma.study.slug, "--groups", "2")
    assert not Due.objects.filter(outcome="", lease_until__isnull=False).exists(), "nothing was left in hand"
    said = command(dilemma.study.slug, "--groups", "2")
    assert "batch 1 goes on: 0 of 2 groups are over" in said
    is_whole(dilemma, 2)


def test_verify_knows_what_was_ordered() -> None:
    version = machines("chatting", "talker", 3, "talkative")
    run_order(version, Order(2, "hidden"))
    named = {"groups of a batch", "end of a batch", "groups of a batch that is over", "levels of a group of a batch"}
    assert not named & {each.what for each in check(version.study, late_after_seconds=3600).differences}
    Batch.objects.update(condition="label=disclosed", ended_at=None)
    BatchGroup.objects.filter(number=2).delete()
    BatchGroup.objects.update(number=4)
    found = {each.what for each in check(version.study, late_after_seconds=3600).differences}
    assert found >= named


@pytest.mark.parametrize("words", [["--groups", "0"], ["--groups", "2", "--max-cost", "free"], ["--groups", "x"]])
def test_numbers_that_are_none_are_refused(words: list[str]) -> None:
    with pytest.raises(CommandError, match="is no"):
        command("any", *words)
