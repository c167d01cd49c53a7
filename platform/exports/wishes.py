"""What is still to be done of each wish that data be deleted: worked out from the rows that it is about. Reads only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet

from events import clock, signs
from events.queries import beats_of
from exports.held import waits_for_review
from exports.models import Release
from participants.models import ErasureRequest, Participant
from studies.models import Study

DATA, REVIEW, RELEASES, BACKUPS = "data", "review", "releases", "backups"
"""What may be left: the rows themselves; partners' words that nobody has read; datasets that were written before and
are not retired; backups that still hold the data."""
SAID = {
    DATA: "the data, once nobody plays with them",
    REVIEW: "partners' words, to be read (manage.py withheld)",
    RELEASES: "datasets written before (manage.py study releases)",
    BACKUPS: "backups, until they are overwritten",
}
BACKUPS_WITHIN = timedelta(days=35)
"""Backups are kept for no longer: docs/consent-and-debrief.md."""


@dataclass(frozen=True)
class Wish:
    """One request, and what is left of it at an instant."""

    request: ErasureRequest
    left: tuple[str, ...]
    at: datetime

    @property
    def is_overdue(self) -> bool:
        """Whether something should have been done by now."""
        hands = set(self.left) - {BACKUPS}
        is_kept_too_long = BACKUPS in self.left and self.at > self.request.asked_at + BACKUPS_WITHIN
        return is_kept_too_long or bool(hands and self.at > self.request.due_at)


def wishes(study: Study | None = None, *, with_done: bool = False) -> Iterator[Wish]:
    """The requests of a study, or of all, the oldest first.

    Args:
        with_done: Also those of which nothing is left.
    """
    now, backups = clock.now(), _backups()
    for request in _requests(study, with_done=with_done):
        left = () if request.done_at is not None else tuple(_left(request.participant, backups))
        yield Wish(request, left, now)


def standing_of(study: Study) -> tuple[int, int]:
    """How many requests of a study are open, and how many of them overdue; quick, since boards ask it all the time."""
    now, backups, found = clock.now(), _backups(), _requests(study, with_done=False)
    late = [Wish(one, tuple(_left(one.participant, backups)), now) for one in found.filter(due_at__lt=now)]
    return found.count(), sum(one.is_overdue for one in late)


def what_is_left(person: Participant) -> tuple[str, ...]:
    """Of the wish of one person, whose data are deleted in this very transaction, or were before."""
    return tuple(_left(person, _backups()))


def _requests(study: Study | None, *, with_done: bool) -> QuerySet[ErasureRequest]:
    found = ErasureRequest.objects.select_related("participant__study").order_by("asked_at", "pk")
    found = found if study is None else found.filter(participant__study=study)
    return found if with_done else found.filter(done_at=None)


def _left(person: Participant, backups: "Backups | None") -> Iterator[str]:
    if person.erased_at is None:
        yield DATA
    if waits_for_review(person):
        yield REVIEW
    if any(holds(release, person) for release in Release.objects.filter(study=person.study_id, retired_at=None)):
        yield RELEASES
    if backups is not None and backups.may_hold(person):
        yield BACKUPS


def holds(release: Release, person: Participant) -> bool:
    """Whether a dataset has rows of somebody who has asked since."""
    return person.pk not in release.left_out and person.created_at < release.as_of


def outdated(study: Study) -> list[Release]:
    """The datasets of a study that hold somebody who has asked for deletion, and whose copies are not destroyed."""
    gone = list(study.participants.filter(status=Participant.Status.WITHDRAWN))
    return [one for one in study.releases.filter(retired_at=None) if any(holds(one, person) for person in gone)]


@dataclass(frozen=True)
class Backups:
    """From when to when the backups are that this installation keeps."""

    oldest: datetime
    newest: datetime

    def may_hold(self, person: Participant) -> bool:
        """Whether one of them may have rows of somebody that are deleted now, or shall be."""
        is_before = person.erased_at is None or self.oldest < person.erased_at
        return is_before and self.newest > person.created_at


def _backups() -> Backups | None:
    """As the last one said that was made; None: there was never one."""
    made = beats_of(signs.BACKUP_MADE).get(signs.BACKUP_MADE)
    if made is None:
        return None
    oldest = made.facts.get("oldest")  # not said by an earlier release of ours: then it may be of any time
    return Backups(datetime.fromisoformat(oldest) if oldest else datetime.min.replace(tzinfo=UTC), made.at)
