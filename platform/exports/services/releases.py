"""Which datasets were written, so that it is known which of them hold somebody who has asked for deletion since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from events import clock, log
from exports.errors import ExportError
from exports.models import Release
from exports.services import wishes
from exports.wishes import outdated
from studies.models import Study

WRITTEN, RETIRED = "release.written", "release.retired"


@dataclass(frozen=True)
class Content:
    """What was written: see `exports.models.Release`."""

    sha256: str
    is_masked: bool
    people: int
    left_out: Sequence[int]
    as_of: datetime
    table: str = ""


@transaction.atomic
def keep(study: Study, content: Content, *, reader: int | None) -> Release:
    """Keep that a dataset was written, or a table of it, and by whom; the same content again is the same release.

    Its events belong to no study: writing a dataset must not change it.
    """
    # Two who write at once must not get one number; people who come in meanwhile do not wait for this lock.
    Study.objects.select_for_update(of=("self",), no_key=True).get(pk=study.pk)
    found = Release.objects.filter(study=study, sha256=content.sha256).first()
    if found is None:
        found = Release.objects.create(
            study=study,
            number=Release.objects.filter(study=study).count() + 1,
            sha256=content.sha256,
            table=content.table,
            is_masked=content.is_masked,
            people=content.people,
            left_out=sorted(content.left_out),
            as_of=content.as_of,
        )
    log.record(WRITTEN, study=None, subject=("release", found.pk), facts={"user": reader or 0})
    return found


@transaction.atomic
def retire(study: Study, numbers: Sequence[int], *, by: str) -> list[int]:
    """Keep that every copy of some outdated releases is destroyed; of all of them, where none is named.

    Raises:
        ExportError: "not_outdated", naming those that are.
    """
    Study.objects.select_for_update(of=("self",), no_key=True).get(pk=study.pk)
    found = {one.number: one for one in outdated(study)}
    if strange := sorted(set(numbers) - found.keys()):
        known = ", ".join(map(str, found)) or "none is"
        raise ExportError("not_outdated", f"release {strange[0]} of {study.slug} is not outdated; outdated: {known}")
    for number in sorted(set(numbers) or found):
        release = found[number]
        release.retired_at, release.retired_by = clock.now(), by
        release.save(update_fields=["retired_at", "retired_by"])
        log.record(RETIRED, study=None, subject=("release", release.pk), facts={"by": by})
    wishes.settle(study)
    return sorted(set(numbers) or found)
