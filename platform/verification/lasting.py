"""Partners that last: drawn for each person from the seed, and the same in every group of theirs."""

from __future__ import annotations

from collections.abc import Sequence

from matching.lasting import NAMED, drawn
from matching.models import PartnerInstance, Seat
from participants.models import Participant
from studies import definition
from studies.schema_partners import AutomatedPartner
from verification.inquiry import Inquiry


def check_lasting(inquiry: Inquiry, people: Sequence[Participant]) -> None:
    """The lasting partners of some people, and the seats in which they sat."""
    report = inquiry.report
    for row in PartnerInstance.objects.filter(participant__in=people).select_related("participant").order_by("pk"):
        report.count("lasting partners")
        person, where = row.participant, f"{row.participant.code}, {row.partner}"
        version = inquiry.versions[person.version_id]
        said = definition.definition(version).partners.get(row.partner)
        if "codes" in inquiry.purged:
            report.left_out["what was drawn for people with new codes"] += 1
        elif isinstance(said, AutomatedPartner):
            told = drawn(version, row.partner, said, person)
            report.compare("draw of a lasting partner", where, list(told), [row.persona, row.display_name])
        seats = Seat.objects.filter(partner=row.partner, kind="ai", group__seats__participant=person)
        for persona, settings in seats.order_by("pk").values_list("policy", "settings"):
            report.compare("persona of a lasting partner", where, row.persona, persona)
            report.compare("name of a lasting partner", where, row.display_name, settings.get(NAMED, ""))
