"""Rules of exclusion: what is not known decides nothing that it could still change, and facts come from rows."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from events.models import Event
from flow.services import sessions
from matching.models import Group
from measures.exclusions import Fact, decide, rulings
from measures.facts import rulings_of
from participants.models import Participant
from scheduling.models import Session
from studies.models import Version
from studies.rules import rule_of
from studies.schema_plan import Exclusion
from tests.machinery.people import MakeVersion, at_stage, fresh, go_on, newcomer, send, stage_id
from tests.practice.practising import GIVEN, LABEL, TRIED, waves_of

KNOWN = {"tries": Fact(Fraction(3)), "gender": Fact("woman"), "age": Fact()}


@pytest.mark.parametrize(
    ("rule", "is_met"),
    [
        ("tries > 2", True),
        ("tries > 3", False),
        ("tries * 2 == 6", True),
        ("gender == woman", True),
        ("man == gender", False),
        ("gender != man and tries == 3", True),
        ("age > 90", None),
        ("age > 90 and tries > 3", False),
        ("age > 90 or tries > 2", True),
        ("age > 90 and tries > 2", None),
        ("age > 90 or tries > 3", None),
        ("tries / (tries - 3) > 1", None),
        ("age + tries > 1", None),
    ],
)
def test_rule_is_decided_by_what_is_known(rule: str, is_met: bool | None) -> None:
    assert decide(rule_of(rule), KNOWN) is is_met


@pytest.mark.parametrize(
    ("rule", "is_met", "minute"),
    [
        ("tries > 2", True, 3),
        ("late < 5", True, 9),
        ("tries > 2 or late < 5", True, 3),
        ("tries > 3 and late < 5", False, 3),
        ("tries > 2 and late < 5", True, 9),
        ("late < 5 or tries > 3", True, 9),
        ("age > 90 and tries > 3", False, 3),
        ("age > 90 and tries > 2", None, None),
        ("late < 5 or tries > 2 or age > 90", True, 3),
    ],
)
def test_rule_is_settled_as_soon_as_nothing_later_can_change_it(
    rule: str, is_met: bool | None, minute: int | None
) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    facts = {
        "tries": Fact(Fraction(3), began + timedelta(minutes=3)),
        "late": Fact(Fraction(4), began + timedelta(minutes=9)),
        "age": Fact(),
    }
    said = Exclusion.model_validate({"id": "x", "rule": rule, "when": "post_treatment"})
    (ruling,) = rulings([said], facts)
    assert ruling.is_met is is_met
    assert ruling.at == (None if minute is None else began + timedelta(minutes=minute))


RULES: list[dict[str, Any]] = [
    {"id": "tries", "rule": "quiz_attempts > 1", "when": "pre_treatment"},
    {"id": "slow", "rule": "quiz_minutes > 4", "when": "pre_treatment"},
    {"id": "anew", "rule": "letters == anew", "when": "pre_treatment", "registered": False},
    {"id": "misread", "rule": "checks_failed > 0", "when": "post_treatment"},
    {"id": "missed", "rule": "missed_acts > 0 or rounds_completed < 3", "when": "post_treatment"},
    {"id": "short", "rule": "minutes < 600", "when": "post_treatment"},
]


@pytest.fixture
def version(make_version: MakeVersion) -> Version:
    return make_version(roles={"giver": {"humans": 1}, "taker": {"ai": 1}}, exclusions=RULES)


def found(session: Session) -> dict[str, bool | None]:
    person = Participant.objects.get(pk=session.participant_id)
    return {ruling.exclusion.id: ruling.is_met for _, ruling in rulings_of([person])}


@pytest.mark.django_db(transaction=True)
def test_nothing_is_known_of_somebody_who_has_just_come(version: Version) -> None:
    assert set(found(newcomer(version)).values()) == {None}


@pytest.mark.django_db(transaction=True)
def test_attempts_count_until_the_quiz_is_over(version: Version) -> None:
    session = at_stage(version, "quiz")
    send(session, keep="1", letters="anew")
    assert found(session)["tries"] is None
    assert found(session)["anew"] is None, "another answer may come"
    sessions.leave(session.pk)
    assert found(session) == {
        "tries": False, "slow": False, "anew": True, "misread": None, "missed": None, "short": True,
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_second_attempt_meets_the_rule(version: Version) -> None:
    session = at_stage(version, "quiz")
    send(session, keep="1", letters="anew")
    session = go_on(session)
    assert found(session)["tries"] is True


@pytest.mark.django_db(transaction=True)
def test_misread_page_and_a_game_that_is_left(version: Version) -> None:
    session = at_stage(version, "lobby")
    send(session)
    wrong = "told_yes" if "hidden" in Group.objects.get().condition else "told_no"
    send(session, told=wrong)
    send(session, told=wrong)
    session = fresh(session)
    assert (found(session)["misread"], found(session)["missed"]) == (True, None)
    sessions.leave(session.pk)
    assert found(session)["missed"] is True


@pytest.mark.django_db(transaction=True)
def test_minutes_of_a_quiz_count_from_its_opening(version: Version) -> None:
    session = at_stage(version, "quiz")
    sessions.leave(session.pk)
    Session.objects.filter(pk=session.pk).update(finished_at=session.stage_opened_at + timedelta(minutes=4.5))
    assert found(session)["slow"] is True


@pytest.mark.django_db(transaction=True)
def test_only_registered_rules_on_what_came_before_exclude(version: Version) -> None:
    session = at_stage(version, "quiz")
    send(session, keep="1", letters="anew")
    session = go_on(session)
    sessions.leave(session.pk)
    person = Participant.objects.get(pk=session.participant_id)
    assert [ruling.exclusion.id for _, ruling in rulings_of([person]) if ruling.excludes] == ["tries"]


READ = "- {id: %s, type: rating, label: Please pick 2., correct: 2, attention: true}\n"
SKIMMED = {"id": "skimmed", "rule": "attention_failed > 0", "when": "post_treatment"}


def attentive(make_version: MakeVersion, *, is_first_for_all: bool) -> Version:
    """Two surveys before the waiting room with an attention item each; the second is for every second person."""
    waves = waves_of()
    stages = waves[0]["stages"]
    surveys = [
        {"id": "first", "kind": "survey", "items": "first.yaml"} | ({} if is_first_for_all else {"when": {**GIVEN}}),
        {"id": "second", "kind": "survey", "items": "second.yaml", "when": {**GIVEN, "levels": ["given"]}},
    ]
    at = [stage["id"] for stage in stages].index("lobby")
    stages[at:at] = surveys
    return make_version(
        waves=waves,
        texts={"first.yaml": READ % "read", "second.yaml": READ % "again"},
        factors={"label": {"levels": ["hidden", "marked"]}, "tried": {"levels": ["none", "given"]}},
        conditions={"cross": ["label", "tried"]},
        allocation=[LABEL, TRIED],
        exclusions=[SKIMMED],
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("read", "is_met"), [("3", True), ("2", False)])
def test_attention_is_expected_only_where_it_was_asked_for(make_version: MakeVersion, read: str, is_met: bool) -> None:
    version = attentive(make_version, is_first_for_all=True)
    pair = [at_stage(version, "first") for _ in range(2)]
    for one in pair:
        assert send(one, read=read) == "stored"
    more = next(one for one in pair if stage_id(fresh(one)) == "second")
    done = next(one for one in pair if one is not more)
    assert (stage_id(fresh(done)), found(done)["skimmed"]) == ("lobby", is_met)
    assert found(more)["skimmed"] is None, "another item is still to come"
    send(more, again="2")
    assert found(more)["skimmed"] is is_met


@pytest.mark.django_db(transaction=True)
def test_who_was_asked_for_no_attention_has_failed_none(make_version: MakeVersion) -> None:
    version = attentive(make_version, is_first_for_all=False)
    pair = [go_on(at_stage(version, "quiz")) for _ in range(2)]
    done = next(one for one in pair if stage_id(one) == "lobby")
    assert found(done)["skimmed"] is False
    (ruling,) = (ruling for _, ruling in rulings_of([done.participant]))
    assert ruling.at == Event.objects.filter(kind="stage.skipped", subject_id=done.pk).latest("pk").at
