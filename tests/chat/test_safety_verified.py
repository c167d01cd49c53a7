"""What screening found is judged again by `verify`, by the rules by which it was judged, and what followed is there."""

import json
from collections.abc import Callable
from functools import partial

import pytest

from chat import case_numbers, screening_wordings
from chat.models import Conversation, SafetyStep, Trigger
from events.models import Event
from flow.models import Match
from studies.models import Study
from tests.chat.rooms import make_match
from tests.chat.safe_rooms import NOTE, OFFER, STOP, TWO, room
from tests.chat.test_between_people import send
from tests.verification.tampering import change, copy, remove
from verification import safety
from verification.check import check
from verification.report import Report

pytestmark = pytest.mark.django_db
OURS = {
    "trigger missing", "trigger that no rule gives", "tier of a trigger", "rules of a trigger",
    "trigger without its message", "trigger in a study without safety", "step of safety without a trigger",
    "alert missing", "pause missing", "pause without a reason", "pause without an end", "pause that ended twice",
    "end of a pause that never began",
}  # fmt: skip


@pytest.fixture
def talked() -> Match:
    """A talk in which one paused and went on, and the other was offered the card."""
    match = room(*TWO)
    for seat, text in ((1, "I had a nice day."), (1, NOTE), (2, OFFER), (1, STOP), (2, "Are you there?")):
        send(match, seat, message=text)
    send(match, 1, safety="resume")
    send(match, 1, message="I am back.")
    return match


def report(match: Match) -> Report:
    """What a verification says."""
    return check(Study.objects.get(pk=match.group.version.study_id))


def named(match: Match) -> set[str]:
    """The differences that are about safety."""
    return {one.what for one in report(match).differences} & OURS


def of(tier: str) -> Trigger:
    """The trigger of a tier."""
    return Trigger.objects.get(tier=tier)


def step(what: str) -> SafetyStep:
    """The step of a kind."""
    return SafetyStep.objects.get(what=what)


def test_what_is_true_has_no_difference_and_is_counted(talked: Match) -> None:
    found = report(talked)
    assert {one.what for one in found.differences} & OURS == set()
    assert (found.counts["triggers"], found.counts["messages judged again"]) == (3, 6)
    assert found.left_out["messages judged by other rules"] == 0
    assert set(Trigger.objects.values_list("edition", flat=True)) == {screening_wordings.edition()}


def _calm(text: str) -> None:
    """Let another text stand where somebody wished to be dead."""
    change(Trigger.objects.get(tier="offer").conversation.entries.get(text=OFFER), text=text)


TAMPERED: dict[str, tuple[str, Callable[[], object]]] = {
    "its row is gone": ("trigger missing", lambda: remove(of("offer"))),
    "its words are harmless": ("trigger that no rule gives", partial(_calm, "I like cake.")),
    "its words are graver": ("tier of a trigger", partial(_calm, STOP)),
    "its rules are others": ("rules of a trigger", lambda: change(of("offer"), rules=json.dumps(["despair"]))),
    "its message is another": ("trigger without its message", lambda: change(of("note"), seq=1)),
    "its message is none": ("trigger without its message", lambda: change(of("note"), key="nothing")),
    "a step has none": ("step of safety without a trigger", lambda: change(step("paused"), trigger=None)),
    "nobody was to be told": ("alert missing", lambda: change(Event.objects.get(kind="safety.alert"), kind="x")),
    "it never paused": ("pause missing", lambda: remove(step("paused"))),
    "it ends without a pause": ("end of a pause that never began", lambda: remove(step("paused"))),
    "it paused for a note": ("pause without a reason", lambda: copy(step("paused"), trigger=of("note").pk)),
    "it has no end": ("pause without an end", lambda: remove(step("resumed"))),
    "it has two ends": ("pause that ended twice", lambda: copy(step("resumed"), what="stopped")),
}


@pytest.mark.parametrize("how", TAMPERED)
def test_what_is_untrue_is_named(talked: Match, how: str) -> None:
    name, tamper = TAMPERED[how]
    tamper()
    assert name in named(talked)


def test_trigger_of_a_study_without_safety_is_named(talked: Match) -> None:
    plain = make_match("chatting", *TWO, parameters={"quota": 0, "chars": 300})
    send(plain, 1, message=OFFER)
    talk = Conversation.objects.get(match=plain)
    assert talk.edition == ""
    case = case_numbers.drawn(plain.group.version.study_id, "found").pk
    copy(of("offer"), conversation=talk.pk, seat=plain.group.seats.get(number=1).pk, case=case)
    assert named(plain) == {"trigger in a study without safety"}
    assert named(talked) == set()


def test_newer_rules_are_not_held_against_what_older_ones_found(talked: Match, monkeypatch: pytest.MonkeyPatch) -> None:
    _calm(STOP)
    monkeypatch.setattr(safety, "edition", lambda: "another")
    found = report(talked)
    assert {one.what for one in found.differences} & OURS == set()
    assert (found.counts["messages judged again"], found.left_out["messages judged by other rules"]) == (0, 6)


def test_rules_that_change_during_a_talk_leave_only_its_triggers_to_be_judged_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    match = room(*TWO)
    Conversation.objects.update(edition="before")
    send(match, 1, message="I had a nice day.")
    send(match, 1, message=OFFER)
    assert Conversation.objects.get().edition == Conversation.SEVERAL
    found = report(match)
    assert {one.what for one in found.differences} & OURS == set()
    assert (found.counts["messages judged again"], found.left_out["messages judged by other rules"]) == (1, 1)


def test_screening_that_failed_is_no_difference(talked: Match) -> None:
    change(of("offer"), source="failed", rules=json.dumps(["TimeoutError"]))
    _calm("I like cake.")
    assert named(talked) == set()
