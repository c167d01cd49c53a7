"""Reads about links."""

from datetime import datetime, timedelta

from django.db.models import Min, QuerySet

from events import clock
from events.prepared import Given, prepared
from participants.models import EntryLink, Participant
from participants.tokens import digest
from studies import definition
from studies.models import Study, Version

PREVIEW_LASTS = timedelta(hours=24)


def link_of(token: str) -> EntryLink | None:
    """The link of a token; None for unknown and revoked ones alike, after one search of the same cost."""
    link = _by_token.first(sha256=digest(token))
    return link if link and link.revoked_at is None and not _is_stale(link) else None


def ended_link_of(token: str) -> EntryLink | None:
    """A link that has ended by itself; None where there is no such link, or it was revoked."""
    link = _by_token.first(sha256=digest(token))
    return link if link and link.revoked_at is None and _is_stale(link) else None


def _is_stale(link: EntryLink) -> bool:
    """A link to try a study out ends by itself: it opens the study whatever its status, and is passed on easily.

    So does a link in a message, which may lie in a mailbox for years.
    """
    if link.ends_at is not None and clock.now() >= link.ends_at:
        return True
    return link.origin == Participant.Origin.PREVIEW and clock.now() - link.created_at > PREVIEW_LASTS


@prepared
def _by_token(sha256: Given) -> QuerySet[EntryLink]:
    return EntryLink.objects.select_related("study", "participant").filter(token_sha256=sha256)


def version_for(link: EntryLink) -> Version | None:
    """The version that somebody who comes by a link would be in; None before the study is frozen."""
    if link.participant is not None:
        return definition.version_of(link.participant.version_id)
    newest = newest_of.first(study=link.study_id)
    return None if newest is None else definition.version_of(newest)


def first_recruited_at(study: Study) -> datetime | None:
    """When the first person came who was recruited for the main study; None before."""
    recruited = Participant.objects.filter(study=study, origin=Participant.Origin.LINK)
    found: datetime | None = recruited.aggregate(first=Min("created_at"))["first"]
    return found


@prepared
def newest_of(study: Given) -> QuerySet[Version, int]:
    """The key of a study's newest version."""
    return Version.objects.filter(study=study).order_by("-number").values_list("pk", flat=True)[:1]
