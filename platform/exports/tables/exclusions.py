"""Who met which rule of exclusion. The rules take nobody out of any table."""

from collections.abc import Iterator
from itertools import islice

from exports import keys
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope, by_code, kept, seconds
from measures.facts import rulings_of
from participants.models import Participant
from scheduling.models import Session

UNKNOWN = "not known yet, or never: the person did not come that far"

COLUMNS = [
    keys.PARTICIPANT,
    keys.VERSION,
    Column("rule", "Id of the rule under `exclusions` in the study file."),
    Column("is_registered", "1 if the rule is part of the preregistration.", "boolean"),
    Column(
        "when",
        "Whether what the rule names is known before people are allocated. If after, it is a sensitivity analysis.",
        allowed="pre_treatment|post_treatment",
    ),
    Column("is_met", "1 if the rule would leave the person out.", "boolean", missing=UNKNOWN),
    keys.since_session("settled_s", "When the last of what decides became known", missing=UNKNOWN),
]


def _exclusions(scope: Scope) -> Iterator[Row]:
    people = Participant.objects.filter(kept(""), study=scope.study).select_related("version")
    everybody = people.order_by(by_code("code")).iterator(chunk_size=CHUNK)
    while batch := list(islice(everybody, CHUNK)):
        visits = Session.objects.filter(participant__in=batch).order_by("-pk")
        began = dict(visits.values_list("participant", "started_at"))
        for person, ruling in rulings_of(batch):
            yield {
                "participant": person.code,
                "version": person.version.number,
                "rule": ruling.exclusion.id,
                "is_registered": ruling.exclusion.registered,
                "when": ruling.exclusion.when,
                "is_met": ruling.is_met,
                "settled_s": seconds(ruling.at, began.get(person.pk)),
            }


EXCLUSIONS = Table("exclusions", "A rule of exclusion, and whether a person met it", COLUMNS, _exclusions)
