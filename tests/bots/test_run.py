"""Groups without people: whole games through the same doors, and what happens when a run is broken off."""

from pathlib import Path
from typing import Any

import pytest

from bots.errors import BotsError
from bots.models import BotTurn
from bots.queries import open_turns
from bots.run import Progress, run_groups
from bots.services import make_group
from chat.models import Entry
from chat.queries import document_of
from events.models import Due, Event
from flow.models import Act, Match
from matching.models import Group
from studies.models import Version
from studies.services import freeze
from tests.chat.rooms import make_version, study_file

DEMO = Path(__file__).parents[2] / "experiments/partner_selection/studies/demo"


def machines(experiment: str, role: str, seats: int, *policies: str, **game: Any) -> Version:
    """A study whose groups have automated seats only."""
    said = study_file(experiment, **game)
    said["groups"] = {"all": {"roles": {role: {"ai": seats}}, "partners": {"ai": "machine"}}}
    said["partners"] = {
        "machine": {
            "occupant": "policy", "policies": list(policies), "asked_if_ai": "deflect", "label": {"all": ""},
            "delay": {"min_s": 60, "max_s": 90, "miss": 0.5},
        }
    }  # fmt: skip
    lobby = {
        "id": "lobby", "kind": "waiting_room", "forms": "all", "page": "pages/talk.md", "max_wait_seconds": 60,
        "ready_seconds": 20, "pay_per_minute": "0.00", "on_timeout": {"exit": "no_group"},
    }  # fmt: skip
    said["waves"][0]["stages"].insert(0, lobby)
    return make_version(said, {f"pages/{page}.md": f"# {page}" for page in ("talk", "feed", "draft", "void")})


def snapshot(group: Group) -> list[object]:
    """What was done in a group, in order of place rather than of time."""
    return list(
        Act.objects.filter(match__group=group).order_by("match__round", "match__number", "path", "seat__number")
        .values_list("match__round", "match__number", "path", "seat__number", "values")
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_demo_study_is_played_to_its_end_without_people_or_waiting() -> None:
    version = freeze(DEMO, seed="7")
    seen: list[Progress] = []
    done = run_groups(version, 1, seen.append)
    assert (done.complete, done.ended, done.calls) == (1, 0, 0)
    assert seen[-1].turns == done.turns > 40
    for group in Group.objects.all():
        assert (group.origin, group.status, group.round) == ("run", "complete", 4)
        assert set(group.matches.values_list("status", flat=True)) == {"complete"}
    assert set(Act.objects.values_list("source", flat=True)) == {"policy"}
    assert set(BotTurn.objects.values_list("outcome", flat=True)) == {"delivered"}
    assert BotTurn.objects.count() == Act.objects.count()
    assert not Due.objects.filter(reaction="bots.turns.take_turn", outcome="").exists()
    assert Event.objects.filter(kind="group.ended").count() == 1


@pytest.mark.django_db(transaction=True)
def test_feed_is_played_with_comments_and_votes() -> None:
    run_groups(machines("feeding", "reader", 6, "sociable"), 1)
    assert Group.objects.get().status == "complete"
    made = list(Entry.objects.order_by("seq").values_list("seq", flat=True))
    assert made == list(range(1, len(made) + 1))
    assert len(made) >= 12
    assert set(Entry.objects.values_list("kind", flat=True)) == {"post", "comment", "vote"}


@pytest.mark.django_db(transaction=True)
def test_document_without_a_quota_comes_to_an_end() -> None:
    run_groups(machines("drafting", "writer", 4, "edits"), 1)
    match = Match.objects.get()
    assert match.status == "complete"
    assert Entry.objects.count() == 12
    assert any(document_of(match.conversations.get(), ["facts", "options", "advice"]).values())


@pytest.mark.django_db(transaction=True)
def test_broken_off_run_goes_on_where_it_stopped_and_makes_no_group_twice() -> None:
    version = machines("chatting", "talker", 3, "talkative")

    def stop(progress: Progress) -> None:
        if progress.turns >= 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_groups(version, 2, stop)
    assert set(Group.objects.values_list("status", flat=True)) == {"active"}
    acts = Act.objects.count()
    done = run_groups(version, 2)
    assert done.complete == 2
    assert Group.objects.count() == 2
    assert Act.objects.count() > acts
    assert set(BotTurn.objects.values_list("outcome", flat=True)) == {"delivered"}


@pytest.mark.django_db(transaction=True)
def test_same_seed_and_code_make_the_same_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("participants.codes.new_code", lambda _: "g-same")
    version = freeze(DEMO, seed="7")
    played = []
    for _ in range(2):
        run_groups(version, 1)
        group = Group.objects.get(code="g-same")
        played.append(snapshot(group))
        Group.objects.filter(pk=group.pk).update(code=f"g-{group.pk}")
    assert len(played[0]) > 20
    assert played[0] == played[1]


@pytest.mark.django_db
def test_study_without_a_game_cannot_be_run() -> None:
    said = study_file("chatting")
    said["waves"][0]["stages"] = [{"id": "read", "kind": "instructions", "pages": ["pages/talk.md"]}]
    with pytest.raises(BotsError) as caught:
        run_groups(make_version(said, {"pages/talk.md": "# talk"}), 1)
    assert caught.value.code == "run_no_game"


@pytest.mark.django_db
def test_turns_of_people_are_not_taken() -> None:
    version = machines("chatting", "talker", 2, "talkative")
    group = make_group(version, "game")
    assert len(open_turns([group.pk])) == 2
    group.seats.filter(number=1).update(occupant="person")
    assert len(open_turns([group.pk])) == 1
