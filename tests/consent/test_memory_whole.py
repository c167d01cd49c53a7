"""A study in which an AI partner remembers some people and not others, and then one asks to be forgotten."""

from datetime import timedelta
from pathlib import Path

import pytest

from bots.models import BotTurn, Memory
from chat.models import Entry
from events import clock, runner
from exports.services.bundle import export
from llm.models import Call
from matching.models import Group, PartnerInstance
from studies.masking.services import unmask
from tests.consent.trading import Writer, come, files_with, participant_of, places_with
from tests.machinery.dataset import table
from tests.machinery.people import FOLDER, fresh, stage_id, version_in
from tests.verification.played import GAME, TEXTS, Played, play
from verification.check import check

pytestmark = pytest.mark.django_db(transaction=True)
COMPUTER = {
    "occupant": "model", "personas": ["prompts/one.md"], "label": {"all": ""}, "asked_if_ai": "admit",
    "model": {"name": "scripted/any", "daily_cost_usd": "0.00", "run_by": "Our own machine"},
    "delay": {"min_s": 0, "max_s": 0, "think_s": [0, 0]},
    "memory": {"by": "label", "values": {"hidden": {"kind": "summary"}, "marked": {"kind": "session"}}},
    "identity": {"display_name": {"draw_from": ["Sam", "Robin", "Kim"]}},
}  # fmt: skip
SAFETY = {
    "on_call": {"role": "The study team", "email": "team@example.org"},
    "staffed": {"zone": "UTC", "hours": [{"days": ["mon"], "begin": "10:00", "end": "18:00"}]},
    "card": {"en": "card.md"}, "helplines": {"by": "Nobody: a test", "on": "2026-11-27"}, "adults": "A tick.",
    "stopped": "completed", "replies": {"line": "Please look at the card."},
}  # fmt: skip
CONSENT = (FOLDER / "pages" / "consent.md").read_text() + "\nWe look at messages {{ staffed_hours }}.\n"
PARTNERS = {"person": {"occupant": "person", "label": {"all": ""}}, "computer": COMPUTER}


def remembering(home: Path) -> Played:
    """An open study in which one person trades with a model for two rounds, each with a conversation."""
    version = version_in(
        home, name="remembering", roles={"giver": {"humans": 1}, "taker": {"ai": 1}}, partners=PARTNERS,
        texts=TEXTS | {
            "pages/consent.md": CONSENT,
            "prompts/one.md": "You are {{ partner_name }}.",
            "card.md": "# Help\n\nCall them.\n",
        },
        safety=SAFETY,
        game=GAME | {"parameters": {"rounds": 2, "endowment": 10}},
        allocation={"unit": "group", "block_sizes": [2], "at": "formation"},
    )  # fmt: skip
    return Played(version)


def met(played: Played) -> tuple[Writer, Group]:
    """Somebody who has met the partner twice, and stands before the questions."""
    person = come(played, "lobby")
    person.send()
    while stage_id(fresh(person.session)) == "briefing":
        person.go_on()
    group = Group.objects.get(seats__session=person.session)
    play([person], group)
    return person, group


def prompts_of(group: Group, number: int) -> str:
    """All that the partner was told in the talk of a round."""
    turns = BotTurn.objects.filter(match__group=group, match__round=number, path="chat").values_list("pk", flat=True)
    calls = [call for turn in turns for call in Call.objects.filter(scope__contains=f"/turn:{turn}:")]
    assert calls
    return str([call.prompt for call in calls])


def said_in(group: Group, number: int) -> list[str]:
    """What the person said in the talk of a round."""
    said = Entry.objects.filter(conversation__match__group=group, conversation__match__round=number)
    return list(said.filter(seat__occupant="person").values_list("text", flat=True))


def test_who_is_remembered_is_the_condition_and_who_leaves_is_forgotten(tmp_path: Path) -> None:
    played = remembering(tmp_path)
    people = [met(played) for _ in range(2)]
    runner.drain()
    kept = [(person, group) for person, group in people if group.condition == "label=hidden"]
    assert len(kept) == 1
    for person, group in people:
        first = said_in(group, 1)
        assert first
        assert prompts_of(group, 1)
        told = prompts_of(group, 2)
        is_kept = (person, group) in kept
        assert [text in told for text in first] == [is_kept] * len(first)
        name = PartnerInstance.objects.get(participant=participant_of(person)).display_name
        assert f"You are {name}." in told
        assert Memory.objects.filter(participant=participant_of(person)).count() == (2 if is_kept else 0)
    report = check(played.study, played.ledger, late_after_seconds=3600)
    assert [str(one) for one in report.differences] == []
    assert (report.counts["memories"], report.counts["lasting partners"]) == (2, 2)
    unmask(played.study, reason="Words are looked for in a whole dataset.", by="tests", role="server")
    gone = kept[0][0]
    export(played.study, tmp_path / "before")
    assert {"entries.csv", "memories.csv"} <= set(files_with(tmp_path / "before", gone.mark))
    assert {row["kind"] for row in table(tmp_path / "before", "memories")} == {"summary"}
    gone.go_to("debrief")
    assert gone.send(withdraw="1") == "stored"
    # replies of models are waited for
    Group.objects.filter(pk=kept[0][1].pk).update(ended_at=clock.now() - timedelta(minutes=3))
    runner.drain()
    assert participant_of(gone).erased_at is not None
    assert list(places_with(gone.mark)) == []
    export(played.study, tmp_path / "after")
    assert files_with(tmp_path / "after", gone.mark) == []
    assert check(played.study, played.ledger, late_after_seconds=3600).differences == []
