"""What seats were told: one exposure for each seat at each step, and its hash is that of the view."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping

from flow.models import Exposure
from verification.inquiry import Inquiry
from verification.story import Story
from verification.traced import Traced

ROWS_AT_ONCE = 500


def check_exposures(inquiry: Inquiry, story: Story, traced: Mapping[int, Traced]) -> None:
    """For every match of a group. Views are large: they are read a few at a time, and none is kept."""
    report, society = inquiry.report, story.society
    told: Counter[tuple[int, str, int]] = Counter()
    rows = Exposure.objects.filter(match__in=society.matches).order_by("pk")
    for match, path, seat, view, digest in rows.values_list("match_id", "path", "seat_id", "view", "sha256").iterator(
        chunk_size=ROWS_AT_ONCE
    ):
        report.count("exposures")
        told[match, path, seat] += 1
        found = hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()
        report.compare("hash of an exposure", story.where(society.matches[match], seat, path), found, digest)
    expected = {
        (pk, path, seat)
        for pk, match in society.matches.items()
        for path in traced[pk].opened
        for seat in story.seats_of(match)
    }
    for match, path, seat in sorted(expected | set(told)):
        n = told[match, path, seat]
        if (match, path, seat) not in expected:
            report.differ("exposure to who was not there", story.where(society.matches[match], seat, path), 0, n)
        elif n != 1 and not (n == 0 and seat in story.erased):
            report.differ(
                "exposure doubled" if n else "exposure missing", story.where(society.matches[match], seat, path), 1, n
            )
