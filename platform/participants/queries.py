"""Reads about links."""

from django.db.models import QuerySet

from events.prepared import Given, prepared
from participants.models import EntryLink
from participants.tokens import digest
from studies import definition
from studies.models import Version


def link_of(token: str) -> EntryLink | None:
    """The link of a token; None for unknown and revoked ones alike, after one search of the same cost."""
    link = _by_token.first(sha256=digest(token))
    return link if link and link.revoked_at is None else None


@prepared
def _by_token(sha256: Given) -> QuerySet[EntryLink]:
    return EntryLink.objects.select_related("study", "participant").filter(token_sha256=sha256)


def version_for(link: EntryLink) -> Version | None:
    """The version that somebody who comes by a link would be in; None before the study is frozen."""
    if link.participant is not None:
        return definition.version_of(link.participant.version_id)
    newest = newest_of.first(study=link.study_id)
    return None if newest is None else definition.version_of(newest)


@prepared
def newest_of(study: Given) -> QuerySet[Version, int]:
    """The key of a study's newest version."""
    return Version.objects.filter(study=study).order_by("-number").values_list("pk", flat=True)[:1]
