"""Which study is written, and how its times are told without saying when anything was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from django.db.models import F, Q
from django.db.models.functions import Collate

from participants.models import Participant
from studies.models import Study, Version
from studies.queries import versions_of

CHUNK = 2000


@dataclass(frozen=True)
class Scope:
    """One study as one snapshot shows it."""

    study: Study

    @cached_property
    def versions(self) -> Mapping[int, Version]:
        """The study's versions by primary key, each read once."""
        return versions_of(self.study)

    def day(self, at: datetime) -> int:
        """The study day of an instant: 1 is the day (UTC) on which the study was set up."""
        return (at.astimezone(UTC).date() - self.study.created_at.astimezone(UTC).date()).days + 1


def seconds(at: datetime | None, since: datetime | None) -> str:
    """Seconds from `since` to `at`, to the millisecond; "" when either did not happen."""
    return "" if at is None or since is None else f"{(at - since).total_seconds():.3f}"


def kept(path: str = "participant") -> Q:
    """Rows of people who did not withdraw; `path` leads to the participant, "" on the participant itself."""
    return ~Q(**{f"{path}__status" if path else "status": Participant.Status.WITHDRAWN})


def by_code(path: str) -> Collate:
    """Order by a code as bytes, so that the order does not depend on the database's language."""
    return Collate(F(path), "C")
