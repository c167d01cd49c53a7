"""Every write of studies: freeze, open, pause, close, amend, members. Each verb is one transaction."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.module_loading import import_string

from events import log
from events.models import Event
from studies import registry, seeds
from studies.asked_models import refuse_unpriced
from studies.changes import applied, differences, not_amendable
from studies.check import Checked, check_data, check_folder
from studies.companions import refuse_unsafe
from studies.definition import FROZEN, canonical, code_is_current, complete_parameters, definition
from studies.masking.standing import is_masked
from studies.models import Membership, SourceFile, Study, Version, VersionFile
from studies.problems import Problem, StudyError, errors
from studies.queries import CLOSED, OPENED, PAUSED, has_begun, texts, version_of
from studies.schema import StudyFile
from studies.schema_stages import GameStage
from studies.sources import FrozenSource

FROZE = "study.frozen"
AMENDED = "study.amended"

APART = (Membership.Role.MONITOR, Membership.Role.WIZARD, Membership.Role.FORMER)
MEMBER_ROLES = [role for role in Membership.Role.values if role not in APART]

Status = Study.Status
ALLOWED = {
    Status.OPEN: {Status.DRAFT, Status.PAUSED},
    Status.PAUSED: {Status.OPEN},
    Status.CLOSED: {Status.OPEN, Status.PAUSED},
}


@dataclass(frozen=True)
class _Content:
    """What a version consists of, the seed aside."""

    study: StudyFile
    said: dict[str, Any]
    files: dict[str, str]
    code: dict[str, str]

    def definition(self, seed: str) -> dict[str, Any]:
        """The canonical definition under a seed."""
        sums = {path: _sha256(text) for path, text in self.files.items()}
        return self.said | {FROZEN: {"files": sums, "experiments": self.code, "seed_sha256": _sha256(seed)}}


def freeze(
    folder: Path | str, *, user: AbstractBaseUser | None = None, seed: str | None = None, is_demo: bool = False
) -> Version:
    """Check the study in a folder and keep it for good. The same content again gives the same version.

    Args:
        user: Becomes owner of a study that is new.
        seed: For simulations; otherwise drawn: anew in place of a short one, which its published sha256 gives away, as
            long as a real study was never open.
        is_demo: Marks a new study as a demonstration, whose data are never a result.

    Raises:
        StudyError: "invalid" with every problem; "frozen" when people have come and the content differs.
    """
    content = _content(check_folder(Path(folder)))
    with transaction.atomic():
        study = _locked_study(content.study, user=user, is_demo=is_demo)
        newest = study.versions.order_by("-number").first()
        draws_anew = seed is None and seeds.gives_way(study, newest)
        if newest and _is_same(newest, content, seed) and not draws_anew:
            return newest
        if newest and _is_protected(study):
            what = f"{study.slug} has participants under version {newest.number}"
            raise StudyError("frozen", f"{what}; change it with `manage.py study amend`, which asks for a reason")
        seed = seeds.drawn() if draws_anew else seed
        return _store(study, content, seed=seed, reason="", event=FROZE)


def load(
    folder: Path | str,
    *,
    user: AbstractBaseUser | None = None,
    seed: str | None = None,
    is_demo: bool = False,
    is_open: bool = False,
) -> Version:
    """Freeze the study in a folder and, where asked, open it. Doing so again changes nothing.

    Raises:
        StudyError: as `freeze` and `open_study`.
    """
    version = freeze(folder, user=user, seed=seed, is_demo=is_demo)
    if is_open and version.study.status != Status.OPEN:
        open_study(version.study)
    return version


def amend(
    study: Study,
    source: Path | str | Mapping[str, Any],
    *,
    reason: str,
    with_code: bool = False,
) -> Version:
    """Make a new version of a study that runs; those who come later get it.

    Args:
        source: A folder with the whole study, or changes by path ({"sample.target": 30}; {} with `with_code`).
        reason: Why; kept with the version.
        with_code: Also accept the experiments that are installed now.

    Raises:
        StudyError: "reason_missing", "invalid", "frozen" naming fields that may not change, "code_changed", "nothing";
            "changed" where another amendment was made between the reading of the newest version and this one.
    """
    newest = version_of(study)
    if isinstance(source, Mapping):
        content = _content(check_data(applied(newest.definition, source), FrozenSource(texts(newest))))
    else:
        content = _content(check_folder(Path(source)))
    if content.study.id != study.slug:
        raise StudyError("invalid", f"the folder holds {content.study.id}, not {study.slug}")
    base = newest if isinstance(source, Mapping) else None
    return _amend(study, content, reason=reason, with_code=with_code, base=base)


def change_parameters(study: Study, *, stage: str, values: Mapping[str, Any], reason: str) -> Version:
    """Change parameters of a game: of a demonstration at any time, of a study before its first participant.

    Raises:
        StudyError: "stage_unknown", "invalid", "frozen", "reason_missing", "nothing", "changed".
    """
    newest = version_of(study)
    said = applied(newest.definition, {})
    for each in (each for wave in said["waves"] for each in wave["stages"]):
        if each["id"] == stage and each["kind"] == "game":
            each["parameters"] = {**each["parameters"], **values}
            content = _content(check_data(said, FrozenSource(texts(newest))))
            return _amend(study, content, reason=reason, with_code=False, base=newest)
    raise StudyError("stage_unknown", f'{study.slug} has no game stage "{stage}"')


def publish_copy(
    definition: Mapping[str, Any], files: Mapping[str, str], *, number: int, seed: str, is_simulated: bool = True
) -> Version:
    """Freeze here, under another seed, what was frozen in another installation.

    Args:
        definition: Of the version there; that of the copy is the same but for the sha256 of the seed.
        files: Its texts, by path.
        number: Of the version there, which the copy keeps.

    Raises:
        StudyError: "invalid"; "copy_differs", when other code or another version of Rapport is installed here;
            "exists", when a study has that id already.
    """
    content = _content(check_data(applied(definition, {}), FrozenSource(files)))
    changes = differences(definition, content.definition(seed))
    if changes:
        what = "; ".join(str(change) for change in changes[:3])
        raise StudyError("copy_differs", f"{content.study.id} would not be the same here; amend it first: {what}")
    with transaction.atomic():
        if Study.objects.filter(slug=content.study.id).exists():
            raise StudyError("exists", f"there is a study {content.study.id} here already: use an empty database")
        study = Study.objects.create(slug=content.study.id, title=content.study.title, is_simulated=is_simulated)
        return _store(study, content, seed=seed, reason="", event=FROZE, number=number)


def open_study(study: Study, *, reason: str = "") -> None:
    """Let people in.

    Args:
        reason: Why more are let in than the sample wants, where it is reached; kept with the event.

    Raises:
        StudyError: "status", "version_unknown", "code_changed", those of `refuse_unsafe` and `refuse_unpriced`; "full"
            where the sample is reached and no reason given.
    """
    newest = version_of(study)
    if not code_is_current(newest):
        raise StudyError("code_changed", _CODE_CHANGED.format(newest))
    refuse_unsafe(study, definition(newest))
    refuse_unpriced(study, definition(newest))
    reached = list(import_string(settings.KINDS["sample"]["reasons"])(newest))
    if not reached:
        _turn(study, Status.OPEN, OPENED, without=_unconcerned(definition(newest)))
        return
    if not reason.strip():
        changes = " and ".join("sample.until" if one.because == "until" else "sample.target" for one in reached)
        remedy = f"amend {changes}, or say why more are wanted: `manage.py study open {study.slug} --reason TEXT`"
        raise StudyError("full", f"{study.slug} has its sample, {' and '.join(one.text for one in reached)}; {remedy}")
    beyond = {"beyond": ",".join(one.because for one in reached), "version": newest.pk, "reason": reason.strip()}
    _turn(study, Status.OPEN, OPENED, facts=beyond, without=_unconcerned(definition(newest)))


def pause_study(study: Study) -> None:
    """Let nobody new in; those who are there go on. Raises StudyError: "status"."""
    _turn(study, Status.PAUSED, PAUSED)


def stop_study(study: Study, *, because: str, counted: int, target: int) -> bool:
    """Pause an open study because of its own sample rule; false where somebody has paused or closed it already.

    Args:
        because: "target" or "until".
        counted: How many count, of the `target`.
    """
    try:
        _turn(study, Status.PAUSED, PAUSED, facts={"because": because, "counted": counted, "target": target})
    except StudyError:
        return False
    return True


@transaction.atomic
def record_once(study: Study, event: str, facts: Mapping[str, Any]) -> Event:
    """Record something of a study with its facts, unless that is recorded already; returns the first record."""
    study = _lock(study)
    known = Event.objects.filter(kind=event, subject_kind="study", subject_id=study.pk, facts=facts)
    return known.order_by("pk").first() or log.record(event, study=study.pk, subject=("study", study.pk), facts=facts)


@transaction.atomic
def close_study(study: Study) -> None:
    """End data collection for good, and the masking with it, as planned. Raises StudyError: "status"."""
    facts = {"masking": "ended"} if is_masked(_lock(study)) else {}
    _turn(study, Status.CLOSED, CLOSED, facts=facts)


def definition_of(folder: Path) -> dict[str, Any]:
    """What freezing a folder now would store, under no seed: for comparing. Raises StudyError: "invalid"."""
    return _content(check_folder(folder)).definition("")


@transaction.atomic
def add_member(study: Study, user: AbstractBaseUser, *, role: str = Membership.Role.EDITOR) -> Membership:
    """Give somebody a role in a study, or another role than before. Raises StudyError: "role_unknown", "role_taken"."""
    if role not in MEMBER_ROLES:
        raise StudyError("role_unknown", f'"{role}" is no role of the team; there are: {", ".join(MEMBER_ROLES)}')
    study = _lock(study)  # somebody named as a monitor at this moment would get this role instead
    before = study.memberships.filter(user=user.pk).values_list("role", flat=True).first()
    if before in (Membership.Role.MONITOR, Membership.Role.WIZARD):
        what = f"{user.get_username()} is a {before} of {study.slug}"
        raise StudyError(
            "role_taken", f"{what}, and a {before} has no other part in it; give the role to somebody else"
        )
    if before == Membership.Role.FORMER and study.status != Status.CLOSED:
        what = f"{user.get_username()} was a monitor or wizard of {study.slug}, and knows"
        raise StudyError("role_taken", f"{what}; give the role to somebody else, or wait until it is closed")
    member, _ = Membership.objects.update_or_create(study=study, user_id=user.pk, defaults={"role": role})
    return member


_CODE_CHANGED = (
    "the installed experiment is not the one {} was frozen with; install that one, "
    "or accept this one with `manage.py study amend --code REASON`"
)


def _content(checked: Checked) -> _Content:
    found = errors(checked.problems)
    if checked.study is None or found:
        raise StudyError(
            "invalid", f"{len(found)} problems: {'; '.join(map(str, found[:3]))}", problems=checked.problems
        )
    games = [stage for stage in checked.study.stages if isinstance(stage, GameStage)]
    said = checked.study.model_dump(mode="json", by_alias=True)
    for each in (each for wave in said["waves"] for each in wave["stages"]):
        for game in games:
            if each["id"] == game.id:
                each["parameters"] = complete_parameters(checked.study, game)
    code = {game.experiment: registry.code_sha256(game.experiment) for game in games}
    return _Content(checked.study, said, checked.files, code)


def _locked_study(said: StudyFile, *, user: AbstractBaseUser | None, is_demo: bool) -> Study:
    study, is_new = Study.objects.get_or_create(slug=said.id, defaults={"title": said.title, "is_demo": is_demo})
    if is_new and user is not None:
        add_member(study, user, role=Membership.Role.OWNER)
    if study.is_demo != is_demo and is_demo:
        raise StudyError("not_a_demo", f"{said.id} exists already and is no demonstration; give the demo another id")
    return _lock(study)


def _lock(study: Study) -> Study:
    """Two freezes at once would give the same number to two versions; two openings would both be recorded."""
    return Study.objects.select_for_update(of=("self",)).get(pk=study.pk)


def _is_protected(study: Study) -> bool:
    return not (study.is_demo or study.is_simulated) and has_begun(study)


def _is_same(version: Version, content: _Content, seed: str | None) -> bool:
    if seed is not None and seed != version.seed:
        return False
    return not differences(version.definition, content.definition(version.seed))


def _amend(study: Study, content: _Content, *, reason: str, with_code: bool, base: Version | None) -> Version:
    """Keep a new version.

    Args:
        base: From which the content was made by changing something, so that nobody else's change is undone; None: the
            content is the whole study as it shall be.
    """
    if not reason.strip():
        raise StudyError("reason_missing", "say why: --reason TEXT; it is kept with the version")
    with transaction.atomic():
        study = _lock(study)
        newest = version_of(study)
        if base is not None and newest.pk != base.pk:
            what = f"{study.slug} has got version {newest.number} meanwhile"
            raise StudyError("changed", f"{what}; look at what it changed, and do yours anew")
        changes = differences(newest.definition, content.definition(newest.seed))
        if not changes:
            raise StudyError("nothing", f"nothing differs from version {newest.number} of {study.slug}")
        if not with_code and any(change.path.startswith("code[") for change in changes):
            raise StudyError("code_changed", _CODE_CHANGED.format(newest))
        refused = not_amendable(changes, newest.definition) if _is_protected(study) else []
        if refused:
            problems = [
                Problem(c.path, "E901", "changed after people enrolled.", "It cannot be amended; make a new study.")
                for c in refused
            ]
            raise StudyError(
                "frozen", f"{len(refused)} fields may not change any more: {problems[0]}", problems=problems
            )
        return _store(study, content, seed=newest.seed, reason=reason.strip(), event=AMENDED)


def _store(
    study: Study, content: _Content, *, seed: str | None, reason: str, event: str, number: int | None = None
) -> Version:
    newest = study.versions.order_by("-number").first()
    seed = seed if seed is not None else newest.seed if newest else seeds.drawn()
    definition = content.definition(seed)
    sums: dict[str, str] = definition[FROZEN]["files"]
    SourceFile.objects.bulk_create(
        [SourceFile(sha256=sums[path], text=text) for path, text in content.files.items()], ignore_conflicts=True
    )
    version = Version.objects.create(
        study=study,
        number=number or (newest.number + 1 if newest else 1),
        definition=definition,
        sha256=_sha256(canonical(definition)),
        seed=seed,
        experiment_sha256=content.code,
        reason=reason,
    )
    VersionFile.objects.bulk_create(
        [VersionFile(version=version, path=path, file_id=sha) for path, sha in sums.items()]
    )
    study.title = content.study.title
    study.save(update_fields=["title"])
    facts = {"version": version.number, "sha256": version.sha256}
    without = _unconcerned(content.study)
    log.record(event, study=study.pk, subject=("version", version.pk), facts=facts, without=without)
    return version


def _unconcerned(said: StudyFile) -> frozenset[str]:
    """Whom an event of a study cannot concern (`config/reactions.py`)."""
    return frozenset() if said.sentinels is not None else frozenset({"sentinels"})


@transaction.atomic
def _turn(
    study: Study,
    status: Study.Status,
    event: str,
    *,
    facts: Mapping[str, Any] | None = None,
    without: frozenset[str] = frozenset(),
) -> None:
    now = _lock(study)
    if Status(now.status) not in ALLOWED[status]:
        remedy = (
            "a closed study stays closed: load it under another id" if now.status == Status.CLOSED else "nothing to do"
        )
        raise StudyError("status", f"{study.slug} is {now.status}, so it cannot become {status}; {remedy}")
    told = {"from": now.status, **(facts or {})}
    log.record(event, study=study.pk, subject=("study", study.pk), facts=told, without=without)
    now.status = status
    now.save(update_fields=["status"])
    study.status = status


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
