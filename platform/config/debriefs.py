"""What `manage.py study debriefs` says and writes: who was exposed to a deception, and who is still owed the truth."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from flow.debriefing import Owed, exposed_in, stage_of_debrief
from flow.services.debriefs import Link, send_links
from participants.private_file import new_private_file
from studies.models import Study
from studies.problems import StudyError
from studies.queries import version_of


def lines_of(study: Study) -> Iterator[str]:
    """A line for each who was exposed, and the sum."""
    exposed = exposed_in(study)
    for one in exposed:
        yield f"{one.participant.code}  {one.participant.exit or 'active':14} {_said(one)}"
    told = sum(one.delivered_at is not None for one in exposed)
    owed = sum(not one.is_settled for one in exposed)
    yield f"{len(exposed)} exposed: {told} told, {len(exposed) - told - owed} tried twice or more, {owed} still owed it"


def write_links(study: Study, file: Path) -> int:
    """Write a new CSV with a link for each who was not told, and keep an attempt for each; return how many.

    Raises:
        StudyError: "status" while the last page does not tell it yet; "file" where it cannot be written anew.
    """
    found = stage_of_debrief(version_of(study))
    if found and found[1].when == "collection_closed" and study.status != Study.Status.CLOSED:
        raise StudyError(
            "status", f"{study.slug} is {study.status}, so its last page explains nothing yet; close it first"
        )
    waiting = [one.participant for one in exposed_in(study) if one.delivered_at is None]

    def hand_out(links: Sequence[Link]) -> None:
        with new_private_file(file) as out:
            lines = csv.writer(out, lineterminator="\n")
            lines.writerow(["participant", "link"])
            lines.writerows([code, f"{settings.ORIGIN}{reverse('landing', args=[token])}"] for code, token in links)

    try:
        return send_links(waiting, hand_out)
    except OSError as error:
        raise StudyError(
            "file", f"{file} cannot be written as a new file ({error.strerror}); no link was made"
        ) from error


def _said(one: Owed) -> str:
    if one.delivered_at is not None:
        how = next(row.how for row in one.debriefings if row.delivered_at == one.delivered_at)
        return f"told {one.delivered_at:%Y-%m-%d %H:%M} UTC, {how.replace('_', ' ')}"
    tried = f"tried {one.attempts} times" if one.attempts != 1 else "tried once"
    return f"not told, {tried}" if one.is_settled else f"not told, {tried if one.attempts else 'not tried'}: owed"
