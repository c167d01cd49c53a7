"""Batches without people: each has the groups it was ordered with, under the levels it was ordered under."""

from __future__ import annotations

from bots.models import Batch
from matching.models import Group
from studies.models import condition_of, levels_of
from verification.inquiry import Inquiry


def check_batches(inquiry: Inquiry) -> None:
    """Every batch of the study."""
    for batch in Batch.objects.filter(version__study=inquiry.study).select_related("version").order_by("pk"):
        inquiry.report.count("batches")
        where = f"{batch.version}, batch {batch.number}"
        members = list(batch.members.select_related("group").order_by("number"))
        numbers = list(range(1, min(len(members), batch.wanted) + 1))
        inquiry.report.compare("groups of a batch", where, numbers, [member.number for member in members])
        over = sum(member.group.status != Group.Status.ACTIVE for member in members)
        is_done = batch.status == Batch.Status.DONE
        inquiry.report.compare("end of a batch", where, is_done, batch.ended_at is not None)
        if is_done:
            inquiry.report.compare("groups of a batch that is over", where, batch.wanted, over)
        ordered = levels_of(batch.condition)
        for member in members:
            given = levels_of(member.group.condition)
            found = condition_of({name: given.get(name, "") for name in ordered})
            inquiry.report.compare("levels of a group of a batch", member.group.code, batch.condition, found)
