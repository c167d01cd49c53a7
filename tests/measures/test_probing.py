"""Whom a check counts: those who came to its page, however they came to where they are now."""

import pytest

from flow.services import rescue, sessions
from measures.probing import probed
from scheduling.models import Session
from tests.machinery.people import MakeVersion, at_stage, fresh, send, stage_id
from tests.practice.practising import practising, waves_of

pytestmark = pytest.mark.django_db(transaction=True)
FUNNEL = """
- {id: about, type: text, label: "What was it about?"}
- id: saw
  type: choice
  label: Did you see marks?
  options: [{value: "no", label: "No"}, {value: "yes", label: "Yes"}]
"""


def stages_of_probes(session: Session) -> set[str]:
    return {one.probe.stage for one in probed([fresh(session).participant])}


def test_who_is_led_past_a_condition_page_as_the_partner_leaves_never_came_to_it(make_version: MakeVersion) -> None:
    roles = {"giver": {"humans": 1}, "taker": {"humans": 1}}
    version = practising(make_version, before="briefing", more={"roles": "own"}, roles=roles)
    leaves, stays = (at_stage(version, "lobby") for _ in range(2))
    for one in (leaves, stays):
        send(one)
    assert stage_id(fresh(stays)) == "try_out"
    sessions.leave(leaves.pk)
    assert stage_id(fresh(stays)) == "after"
    assert stages_of_probes(stays) == stages_of_probes(leaves) == {"quiz"}


def test_who_is_moved_past_a_quiz_never_came_to_it_and_who_is_moved_back_did(make_version: MakeVersion) -> None:
    version = practising(make_version)
    forth, back = at_stage(version, "instructions"), at_stage(version, "quiz")
    rescue.move(forth.participant.code, stage="after", reason="a test")
    rescue.move(back.participant.code, stage="instructions", reason="a test")
    assert stages_of_probes(forth) == set()
    assert stages_of_probes(back) == {"quiz"}


def test_who_leaves_a_funnel_never_came_to_the_question_behind(make_version: MakeVersion) -> None:
    back = {"id": "back", "kind": "survey", "purpose": "funnel", "items": "funnel.yaml"}
    waves = waves_of()
    waves[0]["stages"][-1:-1] = [back]
    checked = {"levels": ["hidden", "marked"], "check": {"item": "saw", "expected": {"hidden": "no", "marked": "yes"}}}
    version = make_version(waves=waves, factors={"label": checked}, texts={"funnel.yaml": FUNNEL})
    session = at_stage(version, "quiz")
    rescue.move(session.participant.code, stage="back", reason="a test")
    assert stages_of_probes(session) == {"quiz"}
    assert send(session, about="sharing") == "stored"
    assert stages_of_probes(session) == {"quiz", "back"}
