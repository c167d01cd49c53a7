"""Reads about links."""

from participants.models import EntryLink
from participants.tokens import digest
from studies.models import Version


def link_of(token: str) -> EntryLink | None:
    """The link of a token; None for unknown and revoked ones alike, after one search of the same cost."""
    link = EntryLink.objects.select_related("study", "participant__version").filter(token_sha256=digest(token)).first()
    return link if link and link.revoked_at is None else None


def version_for(link: EntryLink) -> Version | None:
    """The version that somebody who comes by a link would be in; None before the study is frozen."""
    if link.participant is not None:
        return link.participant.version
    return Version.objects.filter(study=link.study).order_by("-number").first()
