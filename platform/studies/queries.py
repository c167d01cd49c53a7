"""Reads of studies and versions."""

from datetime import datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser

from events.models import Event
from studies import definition
from studies.models import Study, Version, VersionFile
from studies.problems import StudyError

OPENED, PAUSED, CLOSED = "study.opened", "study.paused", "study.closed"


def study_named(slug: str) -> Study:
    """The study with a slug. Raises StudyError: "study_unknown"."""
    found = Study.objects.filter(slug=slug).first()
    if found is None:
        known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none yet"
        raise StudyError("study_unknown", f'no study is called "{slug}"; there are: {known}')
    return found


def researcher_named(username: str) -> AbstractBaseUser:
    """The account that may open the researcher's pages. Raises StudyError: "user_unknown", "user_not_staff"."""
    found = get_user_model()._default_manager.filter(username=username).first()
    if found is None:
        raise StudyError(
            "user_unknown", f'nobody signs in as "{username}"; make an account with `manage.py createsuperuser`'
        )
    if not (found.is_active and found.is_staff):
        raise StudyError(
            "user_not_staff", f'"{username}" may not sign in as a researcher; make one with `manage.py createsuperuser`'
        )
    return found


def version_of(study: Study, number: int | None = None) -> Version:
    """The newest version of a study, or the one with a number. Raises StudyError: "version_unknown"."""
    found = study.versions.filter(**({"number": number} if number else {})).order_by("-number").first()
    if found is None:
        which = f"version {number}" if number else "frozen version"
        raise StudyError("version_unknown", f"{study.slug} has no {which}; run `manage.py study freeze`")
    return found


def versions_of(study: Study) -> dict[int, Version]:
    """Every version of a study by primary key, read once: definitions are large, and rows that name one are many."""
    found = {version.pk: version for version in study.versions.all()}
    for version in found.values():
        version.study = study
    return found


def closed_at(study: Study) -> datetime | None:
    """When collection was closed; None while it is not."""
    closed = Event.objects.filter(kind=CLOSED, subject_kind="study", subject_id=study.pk).order_by("-pk").first()
    return closed.at if closed and study.status == Study.Status.CLOSED else None


def code_matches(version: Version) -> bool:
    """Whether the installed experiments are those the version was frozen with; if not, new sessions are refused."""
    return definition.code_is_current(version)


def has_begun(study: Study) -> bool:
    """Whether a recruited person has entered; from then on only listed fields may change."""
    return study.participants.filter(origin="link").exists()


def is_held(study: Study) -> bool:
    """Whether a researcher has paused a study. One that paused itself because its sample is reached goes on for those
    who are in it: they are still to come back."""
    if study.status != Study.Status.PAUSED:
        return False
    last = Event.objects.filter(kind=PAUSED, subject_kind="study", subject_id=study.pk).order_by("-pk").first()
    return last is None or "because" not in last.facts


def is_opened_beyond(version: Version, because: str) -> bool:
    """Whether a researcher opened the study although its sample was reached, for this reason and under this version."""
    opened = Event.objects.filter(kind=OPENED, subject_kind="study", subject_id=version.study_id)
    said = opened.filter(facts__version=version.pk, facts__has_key="beyond").values_list("facts__beyond", flat=True)
    return any(because in each.split(",") for each in said)


def texts(version: Version) -> dict[str, str]:
    """Every frozen text of a version, by path."""
    rows = VersionFile.objects.filter(version=version).select_related("file")
    return {row.path: row.file.text for row in rows}
