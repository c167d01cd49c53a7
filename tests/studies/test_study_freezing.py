"""Freezing, amending, opening: what is kept, what may never change, and who may."""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import DatabaseError, connection, transaction

from events.models import Event
from participants.models import Participant
from studies import changes, definition, queries, services
from studies.models import Allocation, Membership, SourceFile, Study, Version, VersionFile
from studies.problems import StudyError
from studies.schema_stages import GameStage
from tests.studies.conftest import FOLDER, UNPROBED, Folder, forget_code

pytestmark = pytest.mark.django_db


def enrol(version: Version, *, origin: str = "link") -> Participant:
    return Participant.objects.create(
        study=version.study, version=version, code=f"p{version.number}", token_sha256="t", origin=origin
    )


def test_frozen_version_is_read_without_the_folder(version: Version, folder: Folder) -> None:
    text = folder.text("pages/exit.md")
    for file in sorted(folder.path.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    study = definition.definition(Version.objects.get(pk=version.pk))
    assert study.id == "sharing-test"
    assert definition.text(version, "pages/exit.md") == text
    assert definition.text_sha256(version, "pages/exit.md") == hashlib.sha256(text.encode()).hexdigest()
    with pytest.raises(StudyError, match="has no file"):
        definition.text(version, "pages/other.md")


def test_every_named_file_is_frozen_once_by_its_hash(version: Version) -> None:
    frozen = queries.texts(version)
    named = {file.relative_to(FOLDER).as_posix() for file in FOLDER.rglob("*") if file.is_file()} - {"study.yaml"}
    assert frozen.keys() == named
    for row in VersionFile.objects.select_related("file"):
        assert row.file.sha256 == hashlib.sha256(row.file.text.encode()).hexdigest()
    assert SourceFile.objects.count() == len(set(frozen.values()))


def test_definition_is_canonical_and_resolved(version: Version) -> None:
    stored = Version.objects.get(pk=version.pk)
    text = json.dumps(stored.definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == stored.sha256
    game = definition.stage_named(stored, "game")
    assert isinstance(game, GameStage)
    assert game.parameters == {"rounds": 3, "endowment": 12, "give_seconds": 60}
    assert definition.parameters(stored, "game").slots()["half"] == 6
    assert stored.definition["waves"][0]["stages"][3]["max_wait_seconds"] == 600
    assert stored.definition["frozen"]["seed_sha256"] == hashlib.sha256(b"seed").hexdigest()
    assert "seed" not in stored.definition
    assert stored.experiment_sha256.keys() == {"sharing"}


def test_stages_labels_and_groups_are_found(version: Version) -> None:
    study = definition.definition(version)
    assert definition.stage(version, 0).kind == "consent"
    assert definition.group_of(study, "game") == "pair"
    computer = study.partners["computer"]
    assert definition.label_for(computer, {"label": "marked"}) == "Program"
    assert definition.label_for(computer, {"label": "hidden"}) == ""
    with pytest.raises(StudyError, match="8 stages"):
        definition.stage(version, 8)


def test_freezing_the_same_again_changes_nothing(version: Version, folder: Folder) -> None:
    events = Event.objects.count()
    assert services.freeze(folder.path, seed="seed") == version
    assert (Version.objects.count(), Event.objects.count()) == (1, events)


def test_freezing_other_content_gives_the_next_number_and_keeps_the_seed(version: Version, folder: Folder) -> None:
    folder.change("target: 24", "target: 30")
    services.open_study(version.study)
    second = services.freeze(folder.path)
    assert (second.number, second.seed, second.study) == (2, "seed", version.study)
    assert version.study.current == second


def test_drawn_seeds_differ(folder: Folder) -> None:
    first = services.freeze(folder.path)
    folder.change("id: sharing-test", "id: sharing-other")
    assert services.freeze(folder.path).seed != first.seed
    assert len(first.seed) == 32


def test_study_with_problems_is_not_frozen(folder: Folder) -> None:
    folder.change("[2, 4]", "[3]")
    with pytest.raises(StudyError) as refused:
        services.freeze(folder.path)
    assert refused.value.code == "invalid"
    assert {problem.code for problem in refused.value.problems} == {"E203"} | UNPROBED
    assert (Study.objects.count(), SourceFile.objects.count()) == (0, 0)


@pytest.mark.parametrize("model", [Version, VersionFile, SourceFile])
@pytest.mark.parametrize("act", ["update", "delete"])
def test_frozen_rows_never_change(version: Version, model: type[Version], act: str) -> None:
    column = {"version": "reason = 'x'", "versionfile": "path = 'x'", "sourcefile": "text = 'x'"}[
        model._meta.model_name or ""
    ]
    table = model._meta.db_table
    sql = f"UPDATE {table} SET {column}" if act == "update" else f"DELETE FROM {table}"
    with pytest.raises(DatabaseError, match="is refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_allocation_log_only_grows(version: Version) -> None:
    from studies.allocation import take_slot

    take_slot(version, unit="group", unit_id=1)
    for act in (lambda: Allocation.objects.update(reason="x"), lambda: Allocation.objects.all().delete()):
        with pytest.raises(DatabaseError, match="is refused"), transaction.atomic():
            act()


def test_simulated_study_stays_simulated(folder: Folder) -> None:
    made = Study.objects.create(slug="sharing-test", title="Sharing", is_simulated=True)
    frozen = services.load(folder.path, seed="s", is_open=True).study
    assert (frozen, frozen.is_simulated) == (made, True)
    with pytest.raises(DatabaseError, match="whether sharing-test is simulated stays"), transaction.atomic():
        Study.objects.update(is_simulated=False)
    assert Study.objects.get().is_simulated


def test_frozen_study_never_becomes_a_simulated_one(version: Version) -> None:
    with pytest.raises(DatabaseError, match="stays as it is"), transaction.atomic():
        Study.objects.update(is_simulated=True)
    Study.objects.update(title="Another")
    draft = Study.objects.create(slug="draft", title="Draft")
    draft.is_simulated = True
    draft.save()
    with pytest.raises(DatabaseError, match="stays as it is"), transaction.atomic():
        Study.objects.filter(slug="draft").update(is_simulated=False)


def test_study_opens_pauses_and_closes_with_events(version: Version) -> None:
    study = version.study
    for turn in (services.open_study, services.pause_study, services.open_study, services.close_study):
        turn(study)
    study.refresh_from_db()
    assert study.status == Study.Status.CLOSED
    kinds = Event.objects.filter(study_id=study.pk).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["study.frozen", "study.opened", "study.paused", "study.opened", "study.closed"]


@pytest.mark.django_db(transaction=True)
def test_study_opens_and_pauses_in_a_transaction_of_its_own(version: Version) -> None:
    """A test that runs inside one would not see that there is none."""
    for turn, status in ((services.open_study, "open"), (services.pause_study, "paused")):
        turn(version.study)
        version.study.refresh_from_db()
        assert version.study.status == status


def test_status_that_cannot_follow_is_refused(version: Version) -> None:
    with pytest.raises(StudyError, match="is draft, so it cannot become paused"):
        services.pause_study(version.study)
    services.open_study(version.study)
    services.close_study(version.study)
    with pytest.raises(StudyError, match="a closed study stays closed"):
        services.open_study(version.study)
    assert Event.objects.filter(kind="study.paused").count() == 0


def test_loading_twice_opens_once(folder: Folder) -> None:
    for _ in range(2):
        version = services.load(folder.path, is_demo=True, is_open=True)
    assert (version.study.status, version.study.is_demo, version.number) == ("open", True, 1)


def test_definition_that_an_earlier_release_froze_differs_in_nothing(version: Version) -> None:
    """What the study file could not say then is what it says by default now: such a study can still be amended."""
    before = json.loads(json.dumps(version.definition))
    (wave,) = before["waves"]
    for said, key in ((before, "scales"), (before["payments"], "per_wave"), (wave, "repeat"), (wave, "late_start")):
        del said[key]
    assert changes.differences(before, version.definition) == []
    before["payments"]["base"] = "3.00"
    assert [one.path for one in changes.differences(before, version.definition)] == ["payments.base"]


def test_with_people_a_study_is_amended_and_not_frozen_anew(version: Version, folder: Folder) -> None:
    enrol(version)
    folder.change("target: 24", "target: 30")
    with pytest.raises(StudyError, match="study amend"):
        services.freeze(folder.path)
    second = services.amend(version.study, folder.path, reason="more power")
    assert (second.number, second.reason, second.seed) == (2, "more power", "seed")
    assert definition.definition(second).sample.target == 30
    assert definition.definition(version).sample.target == 24
    assert Event.objects.filter(kind="study.amended", subject_id=second.pk).exists()


def test_preview_is_no_enrolment(version: Version, folder: Folder) -> None:
    enrol(version, origin="preview")
    folder.change("target: 24", "target: 30")
    assert services.freeze(folder.path).number == 2


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("[2, 4]", "[4]", "allocation.block_sizes"),
        ("endowment: 12", "endowment: 14", "waves[main].stages[game].parameters.endowment"),
        ('base: "4.00"', 'base: "5.00"', "payments.base"),
        ("asked_if_ai: deflect", "asked_if_ai: admit", "partners.computer.asked_if_ai"),
    ],
)
def test_fields_that_make_the_study_cannot_be_amended(
    version: Version, folder: Folder, old: str, new: str, path: str
) -> None:
    enrol(version)
    folder.change(old, new)
    with pytest.raises(StudyError) as refused:
        services.amend(version.study, folder.path, reason="because")
    assert refused.value.code == "frozen"
    assert [(problem.code, problem.path) for problem in refused.value.problems] == [("E901", path)]
    assert version.study.versions.count() == 1


@pytest.mark.parametrize(
    ("file", "is_allowed"), [("pages/exit.md", True), ("pages/consent.md", True), ("pages/instructions.md", False),
                             ("pages/game/give_giver.md", False), ("quiz.yaml", False)],
)  # fmt: skip
def test_only_texts_outside_the_treatment_are_reworded(
    version: Version, folder: Folder, file: str, is_allowed: bool
) -> None:
    enrol(version)
    folder.write(folder.text(file) + "\n", file)
    if is_allowed:
        assert services.amend(version.study, folder.path, reason="typo").number == 2
    else:
        with pytest.raises(StudyError, match="may not change"):
            services.amend(version.study, folder.path, reason="typo")


@pytest.mark.parametrize("stage", ["quiz", "survey"])
def test_page_above_questions_is_no_text_outside_the_treatment(
    frozen: Callable[..., Version], folder: Folder, stage: str
) -> None:
    (folder.path / "pages/above.md").write_text("# Think of the others\n")
    version = frozen(f"kind: {stage},", f"kind: {stage}, page: pages/above.md,")
    enrol(version)
    folder.write("# Think of yourself\n", "pages/above.md")
    with pytest.raises(StudyError, match="may not change"):
        services.amend(version.study, folder.path, reason="typo")


def test_text_that_is_shown_elsewhere_too_is_not_reworded(frozen: Callable[..., Version], folder: Folder) -> None:
    version = frozen("pages: [pages/instructions.md]", "pages: [pages/instructions.md, pages/consent.md]")
    enrol(version)
    folder.write(folder.text("pages/consent.md") + "\n", "pages/consent.md")
    with pytest.raises(StudyError, match="may not change"):
        services.amend(version.study, folder.path, reason="typo")


def test_amendment_by_path_is_made_from_the_frozen_files(version: Version, folder: Folder) -> None:
    enrol(version)
    folder.write("spoiled: [")
    second = services.amend(version.study, {"waves[main].stages[lobby].ready_seconds": 45}, reason="slow phones")
    assert queries.texts(second) == queries.texts(version)
    found = changes.differences(version.definition, second.definition)
    assert list(map(str, found)) == ["~ waves[main].stages[lobby].ready_seconds: 20 → 45"]


def test_amendment_does_not_undo_another_that_was_made_meanwhile(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = services.check_data

    def slowly(*arguments: Any) -> Any:
        monkeypatch.setattr(services, "check_data", check)
        services.amend(version.study, {"sample.target": 30}, reason="power")
        return check(*arguments)

    monkeypatch.setattr(services, "check_data", slowly)
    with pytest.raises(StudyError, match="has got version 2 meanwhile") as refused:
        services.amend(version.study, {"estimated_minutes": 19}, reason="measured")
    assert refused.value.code == "changed"
    third = services.amend(version.study, {"estimated_minutes": 19}, reason="measured")
    said = definition.definition(third)
    assert (said.sample.target, said.estimated_minutes) == (30, 19)


@pytest.mark.parametrize(
    ("values", "reason", "code"),
    [
        ({"sample.target": 30}, "  ", "reason_missing"),
        ({"sample.target": 24}, "why", "nothing"),
        ({"sample.traget": 30}, "why", "invalid"),
        ({"smaple.target": 30}, "why", "path_unknown"),
        ({"waves[main].stages[lobbi].note": "x"}, "why", "path_unknown"),
        ({"": 1}, "why", "path_unknown"),
    ],
)
def test_amendment_that_makes_no_sense_is_refused(
    version: Version, values: dict[str, object], reason: str, code: str
) -> None:
    with pytest.raises(StudyError) as refused:
        services.amend(version.study, values, reason=reason)
    assert refused.value.code == code
    assert version.study.versions.count() == 1


def test_parameters_change_before_the_first_participant(version: Version) -> None:
    second = services.change_parameters(version.study, stage="game", values={"endowment": 20}, reason="pilot")
    assert definition.parameters(second, "game").slots()["half"] == 10
    enrol(second)
    with pytest.raises(StudyError, match="may not change"):
        services.change_parameters(version.study, stage="game", values={"endowment": 30}, reason="later")


def test_parameters_of_a_demo_change_at_any_time(folder: Folder) -> None:
    version = services.load(folder.path, is_demo=True)
    enrol(version)
    assert services.change_parameters(version.study, stage="game", values={"rounds": 1}, reason="look").number == 2
    with pytest.raises(StudyError) as refused:
        services.change_parameters(version.study, stage="game", values={"rounds": 0}, reason="look")
    assert refused.value.problems[0].path == "waves[main].stages[game].parameters.rounds"
    with pytest.raises(StudyError, match='no game stage "quiz"'):
        services.change_parameters(version.study, stage="quiz", values={}, reason="look")


def test_other_code_keeps_people_out_until_it_is_accepted(version: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    assert queries.code_matches(version)
    monkeypatch.setattr("studies.registry.code_sha256", cache(lambda _name: "f" * 64))
    assert not queries.code_matches(version)
    with pytest.raises(StudyError, match="amend --code"):
        services.open_study(version.study)
    with pytest.raises(StudyError, match="amend --code"):
        services.amend(version.study, {"sample.target": 30}, reason="more")
    enrol(version)
    second = services.amend(version.study, {}, reason="a bug in a page", with_code=True)
    assert queries.code_matches(second)
    assert not queries.code_matches(version)


def test_code_hash_follows_the_experiment_and_not_its_studies(
    frozen: Callable[..., Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    from studies import registry

    source = FOLDER.parent / "experiments/sharing"
    before = registry.code_sha256("sharing")
    (source / "studies").mkdir(exist_ok=True)
    try:
        (source / "studies/note.py").write_text("x = 1\n")
        forget_code()
        assert registry.code_sha256("sharing") == before
        (source / "more.py").write_text("x = 1\n")
        forget_code()
        assert registry.code_sha256("sharing") != before
    finally:
        (source / "more.py").unlink(missing_ok=True)
        (source / "studies/note.py").unlink(missing_ok=True)
        (source / "studies").rmdir()


def test_researchers_see_their_own_studies_only(folder: Folder) -> None:
    ada, bea = (User.objects.create_user(name) for name in ("ada", "bea"))
    study = services.freeze(folder.path, user=ada).study
    assert Membership.objects.get(study=study).role == Membership.Role.OWNER
    assert list(Study.objects.for_user(ada)) == [study]
    assert list(Study.objects.for_user(bea)) == []
    assert list(Study.objects.for_user(AnonymousUser())) == []
    services.add_member(study, bea, role="analyst")
    services.add_member(study, bea, role="operator")
    assert list(Study.objects.for_user(bea)) == [study]
    assert Membership.objects.get(user=bea).role == "operator"
    with pytest.raises(StudyError, match='"boss" is no role'):
        services.add_member(study, bea, role="boss")
