"""Who sees conditions and outcomes while data come in, since when, and which letters stand for conditions."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, transaction

from events import clock
from events.models import Event
from participants.models import Participant
from studies import services
from studies.allocation_plan import conditions_of
from studies.definition import FROZEN, definition
from studies.masking.arms import UNKNOWN, Arms, arms_of
from studies.masking.services import name_monitor, note_look, unmask
from studies.masking.stages import seen_in, stages_in
from studies.masking.standing import (
    State,
    ended_at,
    is_masked,
    is_masked_for,
    monitor_named,
    refuse_while_masked,
    state_of,
)
from studies.models import Deviation, Membership, Study, Version
from studies.problems import StudyError
from studies.schema import StudyFile
from tests.machinery.people import at_once

pytestmark = pytest.mark.django_db
LEVELS = {"label": ["hidden", "marked"], "reward": ["high", "low"]}
WHY = "one arm seemed to upset people"


def come(version: Version, origin: str = "link") -> Participant:
    """Somebody enters."""
    code = f"p{Participant.objects.count()}"
    return Participant.objects.create(study=version.study, version=version, code=code, token_sha256=code, origin=origin)


def fresh(version: Version) -> Study:
    return Study.objects.get(pk=version.study_id)


def masked(version: Version) -> Study:
    """The study, open, with a recruited person in it."""
    services.open_study(version.study)
    come(version)
    return fresh(version)


def somebody(name: str, **facts: bool) -> User:
    return User.objects.create(username=name, **{"is_staff": True, **facts})


def test_every_condition_has_a_letter_of_its_own() -> None:
    arms = Arms("seed", LEVELS)
    conditions = [f"label={label},reward={reward}" for label in LEVELS["label"] for reward in LEVELS["reward"]]
    assert sorted(arms.of(condition) for condition in conditions) == ["A", "B", "C", "D"]
    assert sorted(arms.of(f"label={label}") for label in LEVELS["label"]) == ["A of label", "B of label"]
    assert arms.of("") == ""
    assert arms.of("label=gone") == arms.of("no=such") == UNKNOWN


def test_an_order_of_conditions_is_an_order_of_letters() -> None:
    arms = Arms("seed", {"topic": ["home", "work"]})
    assert arms.of("topic=home>topic=work") == f"{arms.of('topic=home')}>{arms.of('topic=work')}"


def test_letters_go_on_after_z() -> None:
    arms = Arms("seed", {"n": [f"l{number:02}" for number in range(28)]})
    letters = {arms.of(f"n=l{number:02}") for number in range(28)}
    assert letters >= {"A", "Z", "AA", "AB"}
    assert len(letters) == 28


def test_letters_stay_for_a_seed_and_have_nothing_to_do_with_the_file() -> None:
    """Of two conditions the first of the file is A in half of all studies: never that would tell it just as well."""
    levels = {"label": ["hidden", "marked"]}
    found = Counter(Arms(f"seed {number}", levels).of("label=hidden") for number in range(400))
    assert 160 < found["A"] < 240
    assert found["A"] + found["B"] == 400
    assert Arms("seed 1", levels).of("label=hidden") == Arms("seed 1", dict(levels)).of("label=hidden")


def test_letters_of_a_study_cover_its_conditions_and_stay_in_its_next_version(version: Version) -> None:
    conditions = conditions_of(definition(version))
    before = {condition: arms_of(version.study).of(condition) for condition in conditions}
    assert sorted(before.values()) == ["A", "B"]
    services.amend(version.study, {"sample.target": 30}, reason="power")
    assert {condition: arms_of(version.study).of(condition) for condition in conditions} == before


def test_study_without_a_version_has_no_letters() -> None:
    study = Study.objects.create(slug="empty", title="Empty")
    assert (arms_of(study).of(""), arms_of(study).of("label=hidden")) == ("", UNKNOWN)
    assert state_of(study) == State.NOT_YET


def test_masked_from_the_first_recruited_person_until_it_is_closed(version: Version) -> None:
    services.open_study(version.study)
    for origin in ("preview", "demo", "pilot"):
        come(version, origin)
    assert state_of(fresh(version)) == State.NOT_YET
    come(version)
    assert (state_of(fresh(version)), is_masked(fresh(version))) == (State.MASKED, True)
    assert ended_at(fresh(version)) is None
    services.pause_study(version.study)
    assert is_masked(fresh(version)), "pausing shows nothing"
    services.close_study(version.study)
    closed = Event.objects.get(kind="study.closed")
    assert (state_of(fresh(version)), ended_at(fresh(version))) == (State.ENDED, closed.at)
    assert closed.facts == {"from": "paused", "masking": "ended"}
    assert not Deviation.objects.exists(), "as planned"


def test_closing_what_was_never_masked_says_nothing_of_it(version: Version) -> None:
    services.open_study(version.study)
    services.close_study(version.study)
    assert Event.objects.get(kind="study.closed").facts == {"from": "open"}


@pytest.mark.parametrize("kind", ["is_demo", "is_simulated"])
def test_demonstrations_and_simulated_people_are_never_masked(kind: str, version: Version) -> None:
    study = masked(version)
    setattr(study, kind, True)
    assert (state_of(study), ended_at(study)) == (State.NEVER, None)


def test_unmasking_is_kept_with_its_reason_day_and_whose_decision_it_was(version: Version) -> None:
    study = masked(version)
    before = clock.now()
    made = unmask(study, reason=f"  {WHY} ", by="ana", role="monitor")
    kept = Deviation.objects.get()
    assert kept == made
    assert (kept.kind, kept.reason, kept.by, kept.role) == ("unmasked", WHY, "ana", "monitor")
    assert before <= kept.at <= clock.now()
    assert (state_of(fresh(version)), ended_at(fresh(version))) == (State.UNMASKED, kept.at)
    assert Event.objects.get(kind="study.unmasked").facts == {"role": "monitor"}
    services.close_study(study)
    assert state_of(fresh(version)) == State.UNMASKED, "closing does not make it as planned"
    assert "masking" not in Event.objects.get(kind="study.closed").facts


def test_unmasking_beforehand_is_kept_too(version: Version) -> None:
    unmask(version.study, reason="it is exploratory", by="ana", role="owner")
    assert state_of(masked(version)) == State.UNMASKED


@pytest.mark.parametrize("reason", ["", "  "])
def test_unmasking_without_a_reason_changes_nothing(version: Version, reason: str) -> None:
    with pytest.raises(StudyError, match="say why") as refused:
        unmask(masked(version), reason=reason, by="ana", role="owner")
    assert refused.value.code == "reason_missing"
    assert is_masked(fresh(version))
    with pytest.raises(IntegrityError), transaction.atomic():
        Deviation.objects.create(study=version.study, kind="unmasked", reason="", by="ana", role="owner")


def test_unmasking_what_is_not_masked_is_refused(version: Version) -> None:
    study = masked(version)
    unmask(study, reason=WHY, by="ana", role="owner")
    with pytest.raises(StudyError, match="its masking is unmasked") as again:
        unmask(study, reason=WHY, by="ana", role="owner")
    assert again.value.code == "not_masked"
    other = Study.objects.create(slug="other", title="Other", is_demo=True)
    with pytest.raises(StudyError, match="its masking is never"):
        unmask(other, reason=WHY, by="ana", role="owner")
    Study.objects.filter(pk=other.pk).update(is_demo=False, status="closed")
    with pytest.raises(StudyError, match="its masking is ended"):
        unmask(other, reason=WHY, by="ana", role="owner")
    assert Deviation.objects.count() == 1


def test_deviations_are_only_added_to(version: Version) -> None:
    unmask(masked(version), reason=WHY, by="ana", role="owner")
    with pytest.raises(DatabaseError, match="what is frozen or logged stays"), transaction.atomic():
        Deviation.objects.update(reason="another")
    with pytest.raises(DatabaseError, match="what is frozen or logged stays"), transaction.atomic():
        Deviation.objects.all().delete()


def test_a_monitor_sees_everything_and_nobody_else_does(version: Version) -> None:
    study = masked(version)
    ana, owner = somebody("ana"), somebody("owner")
    services.add_member(study, owner, role="owner")
    name_monitor(study, ana, by="root")
    found = {one: is_masked_for(study, one) for one in (ana.pk, owner.pk, somebody("else").pk, None)}
    assert list(found.values()) == [False, True, True, True]
    assert monitor_named(study, "ana") == ana
    with pytest.raises(StudyError, match="owner is no monitor of sharing-test"):
        monitor_named(study, "owner")
    with pytest.raises(StudyError, match="nobody signs in"):
        monitor_named(study, "nobody")


def test_naming_a_monitor_is_kept_once(version: Version) -> None:
    ana = somebody("ana")
    for _ in range(2):
        assert name_monitor(version.study, ana, by="root").role == Membership.Role.MONITOR
    event = Event.objects.get(kind="study.monitor_named")
    assert event.facts == {"user": ana.pk, "named_by": "root"}
    assert event.study_id == version.study_id


def test_a_monitor_has_no_other_part_in_the_study(version: Version) -> None:
    ana, owner = somebody("ana"), somebody("owner")
    services.add_member(version.study, owner, role="analyst")
    with pytest.raises(StudyError, match="owner is analyst of sharing-test") as refused:
        name_monitor(version.study, owner, by="root")
    name_monitor(version.study, ana, by="root")
    with pytest.raises(StudyError, match="ana is a monitor of sharing-test") as other:
        services.add_member(version.study, ana, role="editor")
    assert {refused.value.code, other.value.code} == {"role_taken"}
    with pytest.raises(StudyError, match="no role of the team"):
        services.add_member(version.study, somebody("third"), role="monitor")
    assert dict(Membership.objects.values_list("user__username", "role")) == {"ana": "monitor", "owner": "analyst"}


def test_looks_are_kept_outside_of_the_study_s_own_events(version: Version) -> None:
    note_look(version.study, user_id=7, what="decisions")
    event = Event.objects.get(kind="data.monitored")
    assert (event.study_id, event.subject_id, event.facts) == (
        None, version.study_id, {"user": 7, "what": "decisions"}
    )  # fmt: skip


def test_refusal_names_the_way_out(version: Version) -> None:
    refuse_while_masked(version.study, "what people wrote")
    with pytest.raises(StudyError, match="study unmask sharing-test --reason") as refused:
        refuse_while_masked(masked(version), "what people wrote")
    assert refused.value.code == "masked"


@pytest.mark.django_db(transaction=True)
def test_of_many_who_unmask_at_once_one_does(frozen: Callable[..., Version]) -> None:
    version = frozen()
    study = masked(version)
    found = at_once([lambda: unmask(study, reason=WHY, by="ana", role="owner")] * 4)
    assert Counter(type(one).__name__ for one in found) == {"Deviation": 1, "StudyError": 3}
    assert Event.objects.filter(kind="study.unmasked").count() == Deviation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_closed_and_unmasked_at_once_it_is_one_of_both(frozen: Callable[..., Version]) -> None:
    study = masked(frozen())
    found = at_once([
        lambda: services.close_study(study),
        lambda: unmask(study, reason=WHY, by="ana", role="owner"),
    ])  # fmt: skip
    assert found[0] is None
    is_ended_by_closing = Event.objects.filter(kind="study.closed", facts__masking="ended").exists()
    assert is_ended_by_closing != Deviation.objects.exists()
    assert isinstance(found[1], StudyError) == is_ended_by_closing


@pytest.mark.django_db(transaction=True)
def test_nobody_gets_two_roles_at_once(frozen: Callable[..., Version]) -> None:
    study, ana = frozen().study, somebody("ana")
    found = at_once([
        lambda: services.add_member(study, ana, role="editor"),
        lambda: name_monitor(study, ana, by="root"),
    ])  # fmt: skip
    assert sum(isinstance(one, StudyError) for one in found) == 1
    assert Membership.objects.count() == 1


@pytest.mark.parametrize(
    ("conditional", "expected"),
    [
        ([], {}),
        (["briefing"], {"briefing": "briefing/game", "game": "briefing/game"}),
        (["instructions", "quiz"], dict.fromkeys(["instructions", "quiz", "lobby"], "instructions/quiz/lobby")),
    ],
)
def test_a_stage_that_only_some_conditions_have_is_not_told_apart(
    version: Version, conditional: list[str], expected: dict[str, str]
) -> None:
    stages = stages_of_file(version)
    for stage in stages:
        if stage["id"] in conditional:
            stage["when"] = {"by": "label", "levels": ["hidden"]}
    ids = [stage["id"] for stage in stages]
    assert stages_in(file_with(version, stages)) == {one: one for one in ids} | expected


def test_a_last_stage_that_only_some_conditions_have_goes_with_the_one_before(version: Version) -> None:
    stages = {stage["id"]: stage for stage in stages_of_file(version)}
    stages["quiz"]["when"] = {"by": "label", "levels": ["hidden"]}
    said = file_with(version, [stages[one] for one in ("consent", "lobby", "quiz")])
    assert stages_in(said) == {"consent": "consent", "lobby": "lobby/quiz", "quiz": "lobby/quiz"}


SOME = {"by": "label", "levels": ["hidden"]}


@pytest.mark.parametrize(
    ("ids", "names", "seen"),
    [
        # with the next, whose people are seen nowhere else
        ("consent quiz? instructions lobby", "consent quiz/instructions lobby", []),
        # a ticket tells who has come to the waiting room, and nothing who has gone on from the quiz
        ("consent quiz instructions? lobby", "consent quiz/instructions lobby", []),
        ("consent quiz instructions? briefing? lobby game", "consent quiz/instructions/briefing lobby game", []),
        ("consent lobby game after quiz?", "consent lobby game after/quiz", []),
        ("consent quiz? instructions after? lobby", "consent quiz/instructions/after lobby", []),
        # traces on both sides: named together, and said to be seen
        ("consent quiz? lobby", "consent quiz/lobby", ["quiz"]),
        ("lobby briefing? quiz? game", "lobby briefing/quiz/game", ["briefing", "quiz"]),
        ("game after? debrief", "game after/debrief", ["after"]),
        ("game after?", "game/after", ["after"]),
    ],
)
def test_a_stage_for_some_shares_its_name_with_a_neighbour_that_leaves_no_trace(
    version: Version, ids: str, names: str, seen: list[str]
) -> None:
    known = {stage["id"]: stage for stage in stages_of_file(version)}
    stages = [known[one.rstrip("?")] | ({"when": SOME} if one.endswith("?") else {}) for one in ids.split()]
    said = file_with(version, stages)
    assert list(dict.fromkeys(stages_in(said).values())) == names.split()
    assert seen_in(said) == seen


@pytest.mark.parametrize(
    ("ids", "names", "seen"),
    [
        ("consent quiz instructions? lobby", "consent quiz instructions/lobby", ["instructions"]),
        ("consent quiz? after lobby", "consent quiz/after lobby", ["quiz"]),
        ("consent instructions quiz? after lobby", "consent instructions/quiz after lobby", []),
    ],
)
def test_a_stage_after_which_people_are_allocated_leaves_a_trace(
    version: Version, ids: str, names: str, seen: list[str]
) -> None:
    """Their rows have a letter from then on, as the rows of those who pass it by."""
    known = {stage["id"]: stage for stage in stages_of_file(version)}
    stages = [known[one.rstrip("?")] | ({"when": SOME} if one.endswith("?") else {}) for one in ids.split()]
    said = file_with(version, stages, allocation={"unit": "participant", "block_sizes": [2], "at": "quiz"})
    assert list(dict.fromkeys(stages_in(said).values())) == names.split()
    assert seen_in(said) == seen


def stages_of_file(version: Version) -> list[dict[str, Any]]:
    """The stages of a version's file, to be changed."""
    found: list[dict[str, Any]] = deepcopy(version.definition["waves"][0]["stages"])
    return found


def file_with(version: Version, stages: list[dict[str, Any]], **changed: Any) -> StudyFile:
    """The study file of a version with other stages."""
    said = {key: value for key, value in version.definition.items() if key != FROZEN}
    return StudyFile.model_validate(said | {"waves": [said["waves"][0] | {"stages": stages}]} | changed)
