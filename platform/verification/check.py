"""Are a study's tables true to each other, and to what simulated people were told?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from events import clock
from events.moment import one_moment
from studies.models import Study
from verification.apart import check_apart
from verification.batches import check_batches
from verification.case_numbers import check_case_numbers
from verification.groups import check_groups
from verification.inquiry import Inquiry, Progress, silent
from verification.pairs import check_pairs
from verification.people import check_people, check_study
from verification.report import Report
from verification.slots import check_slots
from verification.spending import check_spending
from verification.told import Acknowledged, Told
from verification.work import check_work

LATE_AFTER_SECONDS = 15.0


def check(
    study: Study,
    ledger: Iterable[Acknowledged] = (),
    *,
    late_after_seconds: float = LATE_AFTER_SECONDS,
    at: datetime | None = None,
    progress: Progress = silent,
) -> Report:
    """Verify a study in one snapshot of the database; nothing is written.

    Args:
        ledger: What simulated people were told: `simulation.ledger`. It is read once, in any order.
        late_after_seconds: How long due work may wait for its turn.
        at: By what time it is late; None: now. A backup is as of its own instant, whenever it is restored.
        progress: Called now and then.
    """
    with one_moment():
        found = Study.objects.get(pk=study.pk)
        now = at or clock.now()
        report = Report(found.slug, now)
        inquiry = Inquiry(found, report, Told(report, ledger), now, late_after_seconds, progress)
        check_study(inquiry)
        check_people(inquiry)
        check_pairs(inquiry)
        check_slots(inquiry)
        check_groups(inquiry)
        check_batches(inquiry)
        check_case_numbers(inquiry)
        check_apart(inquiry)
        check_spending(inquiry)
        check_work(inquiry)
        inquiry.told.close()
    return report
