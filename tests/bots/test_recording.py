"""A study that is played again from its recording does and says what it did and said, and asks no model."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import transaction

from bots import recording as recordings
from bots.errors import BotsError
from bots.order import Script
from bots.recording import Recording, course_of, differences
from bots.replay import play
from bots.run import Progress, run_groups
from chat.models import Entry
from config.study_recording import refuse_to_tell_seed
from events.models import Event
from events.signs import beat
from exports.services.door import erasing
from flow.models import Act
from llm.models import Call
from matching.models import Group
from studies.models import Version
from tests.bots import fickle
from tests.chat.rooms import PERSONA, make_version, study_file

pytestmark = pytest.mark.django_db(transaction=True)
GROUPS = 4
LOBBY = {
    "id": "lobby", "kind": "waiting_room", "page": "pages/talk.md", "max_wait_seconds": 60, "ready_seconds": 20,
    "pay_per_minute": "0.00", "on_timeout": {"exit": "no_group"},
}  # fmt: skip
CALL = (
    "attempt", "model_requested", "model_served", "parameters", "seed", "prompt", "prompt_sha256", "schema_sha256",
    "outcome", "output", "error", "finish_reason", "request_id", "system_fingerprint", "tokens_in", "tokens_out",
    "latency_ms",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _fickle(settings: LazySettings) -> None:
    settings.LLM_PROVIDERS = settings.LLM_PROVIDERS | {"fickle": "tests.bots.fickle.ask"}


def version_of(model: str = "fickle/one", **more: Any) -> Version:
    """Three seats talk and then say a number: two models and a policy. Each time another study, under one seed."""
    said = study_file("chatting", parameters={"quota": 2, "chars": 400})
    said["groups"] = {
        "trio": {
            "roles": {"talker": {"humans": 1, "ai": 2}}, "partners": {"human": "person", "ai": "machine"},
            "fill": {"after_seconds": 1, "label_as": "person", "policies": ["talkative"]},
        }
    }  # fmt: skip
    said["partners"]["machine"] = {
        "occupant": "model", "personas": ["prompts/one.md", "prompts/two.md"], "asked_if_ai": "admit",
        "label": {"all": "AI"},
        "model": {"name": model, "max_tokens": 100, "seed": 7, "daily_cost_usd": "0.00", **more},
    }  # fmt: skip
    said["waves"][0]["stages"].insert(0, LOBBY | {"forms": "trio"})
    texts = {f"pages/{page}.md": f"# {page}" for page in ("talk", "void")}
    prompts = {"prompts/one.md": PERSONA, "prompts/two.md": f"{PERSONA} You are shy."}
    return make_version(said, texts | prompts, seed="the same seed for all")


def feed_of_policies() -> Version:
    """Six policies post, comment and vote. Each time another study, under one seed."""
    said = study_file("feeding")
    said["groups"] = {"all": {"roles": {"reader": {"ai": 6}}, "partners": {"ai": "machine"}}}
    said["partners"]["machine"] = {
        "occupant": "policy", "policies": ["sociable"], "asked_if_ai": "deflect", "label": {"all": ""},
    }  # fmt: skip
    said["waves"][0]["stages"].insert(0, LOBBY | {"forms": "all"})
    return make_version(said, {f"pages/{page}.md": f"# {page}" for page in ("feed", "talk", "void")}, seed="one seed")


def elsewhere(found: Recording, version: Version) -> Recording:
    """The recording as another installation has it: there the version has its hash, and no group those codes."""
    for number, group in enumerate(Group.objects.order_by("pk"), start=1):
        Group.objects.filter(pk=group.pk).update(code=f"g-was-{number}")
    return replace(found, sha256=version.sha256)


@pytest.fixture
def recorded(tmp_path: Path) -> Recording:
    """A run whose model said what it will never say again, in a file and read from it."""
    version = version_of()
    assert run_groups(version, GROUPS).complete == GROUPS
    assert recordings.write(version, tmp_path / "run.jsonl")[0] == GROUPS
    return recordings.read(tmp_path / "run.jsonl")


def calls_of(version: Version) -> list[dict[str, Any]]:
    """The log of calls in the order of what they were made for."""
    found = Call.objects.filter(scope__startswith=f"study:{version.study_id}/")
    named = [(recordings.place_of(call.scope), call.attempt, call) for call in found]
    named.sort(key=lambda one: one[:2])
    return [{name: getattr(call, name) for name in CALL} for _, _, call in named]


def test_every_decision_message_and_call_is_as_it_was(recorded: Recording) -> None:
    original = Version.objects.get()
    then = calls_of(original)
    assert {"rate_limited", "bad_json", "ok"} == {call["outcome"] for call in then}, "the run had failures that passed"
    assert fickle.NO_JSON in {call["output"] for call in then}
    assert fickle.BREAKS in Entry.objects.filter(seat__occupant="model")[0].text
    asked = len(fickle.asked)
    again = version_of()
    found = elsewhere(recorded, again)
    done = play(again, found)
    assert (done.complete, done.ended) == (GROUPS, 0)
    assert len(fickle.asked) == asked, "no model was asked"
    groups = Group.objects.filter(version=again).order_by("pk")
    assert [group.code for group in groups] == found.codes
    for group in groups:
        assert course_of(group) == recorded.courses[group.code]
    assert list(differences(found)) == []
    assert calls_of(again) == then
    made = Call.objects.filter(scope__startswith=f"study:{again.study_id}/")
    costs = {(outcome == "rate_limited", cost) for outcome, cost in made.values_list("outcome", "cost_usd")}
    assert costs == {(True, None), (False, 0)}, "nobody is paid again, and what had no reply has no cost"
    assert Event.objects.filter(kind="group.replayed").count() == GROUPS, "and the log says that it was no new run"


def test_only_its_owner_can_read_a_recording_also_where_a_file_was_there_that_others_could(tmp_path: Path) -> None:
    version = version_of()
    run_groups(version, 1)
    before = os.umask(0)  # a file would be everybody's
    try:
        old = tmp_path / "old.jsonl"
        old.write_text("long ago " * 10_000)
        for place in (tmp_path / "new.jsonl", old):
            recordings.write(version, place)
            assert stat.S_IMODE(place.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert recordings.read(old) == recordings.read(tmp_path / "new.jsonl")


def test_same_holds_where_only_hashes_of_prompts_were_kept(tmp_path: Path) -> None:
    version = version_of(keep_prompts="hash")
    run_groups(version, 1)
    recordings.write(version, tmp_path / "run.jsonl")
    again = version_of()
    found = elsewhere(recordings.read(tmp_path / "run.jsonl"), again)
    assert play(again, found).complete == 1
    assert list(differences(found)) == []


def test_scripted_model_is_played_again_as_well(tmp_path: Path) -> None:
    version = version_of("scripted/one")
    run_groups(version, 2)
    recordings.write(version, tmp_path / "run.jsonl")
    again = version_of("scripted/one")
    found = elsewhere(recordings.read(tmp_path / "run.jsonl"), again)
    assert play(again, found).complete == 2
    assert list(differences(found)) == []
    assert Act.objects.filter(source="model", match__group__version=again).exists()


def test_question_that_was_not_asked_then_stops_the_run_and_says_what_differs(recorded: Recording) -> None:
    changed = list(recorded.calls)
    place = changed[0].place
    system, user = changed[0].messages
    others = [{**system, "sha256": "0" * 64, "chars": 3}, user]
    changed = [replace(call, messages=others) if call.place == place else call for call in changed]
    again = version_of()
    with pytest.raises(BotsError) as stopped:
        play(again, elsewhere(replace(recorded, calls=changed), again))
    assert stopped.value.code == "replay_differs"
    assert place in str(stopped.value)
    assert "message 1 (system) has other words" in str(stopped.value)
    assert "You like to talk" not in str(stopped.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": "fickle/two"}, "model fickle/one, then fickle/two"),
        ({"parameters": {"max_tokens": 99, "seed": 7}}, "max_tokens 100, then 99"),
        ({"schema_sha256": "1" * 64}, "another form of the reply"),
        ({"messages": []}, "2 messages, then 0"),
    ],
)
def test_what_differs_is_named(recorded: Recording, change: dict[str, Any], said: str) -> None:
    again = version_of()
    changed = [replace(call, **change) for call in recorded.calls]
    with pytest.raises(BotsError, match="a model was asked") as stopped:
        play(again, elsewhere(replace(recorded, calls=changed), again))
    assert said in str(stopped.value)


def test_call_that_is_missing_is_missed(recorded: Recording) -> None:
    again = version_of()
    missing = recorded.calls[0].place
    kept = [call for call in recorded.calls if call.place != missing]
    with pytest.raises(BotsError, match="nothing was asked there then"):
        play(again, elsewhere(replace(recorded, calls=kept), again))


def test_replay_that_was_broken_off_is_not_gone_on_with(recorded: Recording) -> None:
    """Whoever had looked before it broke off would look again later, and hear more than then."""
    again = version_of()
    found = elsewhere(recorded, again)

    def stop(progress: Progress) -> None:
        if progress.turns >= 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        play(again, found, stop)
    with pytest.raises(BotsError) as refused:
        play(again, found)
    assert refused.value.code == "replay_here"


def test_order_in_which_seats_spoke_is_kept_though_no_model_is_waited_for(recorded: Recording) -> None:
    orders = [[move.seat for move in script.moves] for script in recorded.scripts.values()]
    heard = [[move.heard for move in script.moves] for script in recorded.scripts.values()]
    assert len({tuple(order) for order in orders}) > 1, "who was first was left to the speed of the model"
    assert {seat for order in orders for seat in order} == {1, 2, 3}
    assert max(number for row in heard for number in row) > 0, "and later words answer earlier ones"


def test_feed_of_policies_is_played_again(tmp_path: Path) -> None:
    versions = [feed_of_policies() for _ in range(2)]
    run_groups(versions[0], 2)
    recordings.write(versions[0], tmp_path / "run.jsonl")
    found = elsewhere(recordings.read(tmp_path / "run.jsonl"), versions[1])
    assert play(versions[1], found).complete == 2
    assert list(differences(found)) == []
    assert Entry.objects.filter(conversation__match__group__version=versions[1], kind="comment").exists()


def test_somebody_who_does_not_speak_is_missed(recorded: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.replay.STUCK_SECONDS", 1.0)
    again = version_of()
    talk, script = next(iter(recorded.scripts.items()))
    first = script.moves[0]
    moves = [replace(first, made=9), *script.moves[1:]]
    with pytest.raises(BotsError, match="does not speak") as stopped:
        play(again, elsewhere(replace(recorded, scripts={**recorded.scripts, talk: Script(moves)}), again))
    assert talk[0] in str(stopped.value)


def test_differences_are_told_by_place(recorded: Recording) -> None:
    courses = {code: json.loads(json.dumps(course)) for code, course in recorded.courses.items()}
    first, second, third, _ = courses.values()
    first["acts"][0][4] = {"number": 77}
    second["entries"][1][6] = "other words"
    third["condition"] = "label=none"
    found = list(differences(replace(recorded, courses=courses)))
    assert len(found) == 3
    assert ["acts" in found[0], "entries" in found[1], "condition" in found[2]] == [True] * 3
    assert not any("other words" in one for one in found)


def test_recording_of_something_else_is_refused(recorded: Recording) -> None:
    again = version_of()
    with pytest.raises(BotsError, match="same --seed") as refused:
        play(again, recorded)
    assert refused.value.code == "replay_version"


def test_groups_that_are_here_are_not_played_again_beside_themselves(recorded: Recording) -> None:
    for version, found in [(Version.objects.get(), recorded), (version_of(), recorded)]:
        with pytest.raises(BotsError) as refused:
            play(version, replace(found, sha256=version.sha256))
        assert refused.value.code == "replay_here"


@pytest.mark.parametrize("name", ["worker.bots", "sweeper"])
def test_nobody_who_would_ask_models_may_be_at_work_beside_it(recorded: Recording, name: str) -> None:
    again = version_of()
    beat(name)
    with pytest.raises(BotsError, match="--without bots,sweeper") as refused:
        play(again, elsewhere(recorded, again))
    assert refused.value.code == "replay_not_alone"


def test_commands_write_and_play(tmp_path: Path) -> None:
    version, out = version_of(), tmp_path / "run.jsonl"
    with pytest.raises(CommandError, match="study run"):
        call_command("study", "recording", version.study.slug, "--out", out)
    call_command("study", "run", version.study.slug, "--groups", "1")
    call_command("study", "recording", version.study.slug, "--out", out)
    with pytest.raises(CommandError, match="in this installation already"):
        call_command("study", "run", version.study.slug, "--recorded", out)
    with pytest.raises(CommandError, match="--groups N"):
        call_command("study", "run", version.study.slug)
    again = version_of()
    head, group = (json.loads(line) for line in out.read_text(encoding="utf-8").rstrip("\n").split("\n"))
    head["sha256"] = again.sha256
    out.write_text(f"{json.dumps(head)}\n{json.dumps(group)}\n", encoding="utf-8")
    Group.objects.update(code="g-was")
    call_command("study", "run", again.study.slug, "--recorded", out)
    assert Group.objects.filter(code=group["group"], version=again, status="complete").exists()
    third = version_of()
    Group.objects.filter(version=again).update(code="g-was-too")
    group["acts"][0][4], head["sha256"] = {"number": 77}, third.sha256
    out.write_text(f"{json.dumps(head)}\n{json.dumps(group)}\n", encoding="utf-8")
    with pytest.raises(CommandError, match="1 groups played again, and 1 differences"):
        call_command("study", "run", third.study.slug, "--recorded", out)


def test_seed_is_told_where_nobody_is_given_anything_by_it_any_more(tmp_path: Path) -> None:
    with_people, out, said = version_of(), tmp_path / "run.jsonl", StringIO()
    command = partial(call_command, "study", "recording", with_people.study.slug, "--out", out, "--with-seed")
    run_groups(with_people, 1)
    with pytest.raises(CommandError, match="told when the study is closed"):
        command(stdout=said)
    assert not out.exists()
    type(with_people.study).objects.update(status="closed")
    command(stdout=said)
    assert said.getvalue().endswith(f"study freeze FOLDER --seed {with_people.seed}\n")
    refuse_to_tell_seed(feed_of_policies())


@pytest.mark.parametrize("spoil", ["", "[]\n", "{}\n", '{"format": "rapport-recording/9"}\n', "{\n"])
def test_file_that_is_no_recording_is_refused(tmp_path: Path, spoil: str) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text(spoil, encoding="utf-8")
    with pytest.raises(BotsError, match="line 1") as refused:
        recordings.read(file)
    assert refused.value.code == "recording_unreadable"


def test_spoiled_line_is_named(recorded: Recording, tmp_path: Path) -> None:
    lines = (tmp_path / "run.jsonl").read_text(encoding="utf-8").split("\n")
    lines[2] = lines[2].replace('"outcome"', '"came_of_it"')
    (tmp_path / "spoiled.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(BotsError, match="line 3"):
        recordings.read(tmp_path / "spoiled.jsonl")


def test_deleted_words_cannot_be_recorded(recorded: Recording, tmp_path: Path) -> None:
    with transaction.atomic(), erasing():
        Call.objects.filter(pk=Call.objects.earliest("pk").pk).update(prompt=["[deleted]"])
    with pytest.raises(BotsError, match="has been deleted"):
        recordings.write(Version.objects.get(), tmp_path / "later.jsonl")
