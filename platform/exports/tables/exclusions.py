"""Who met which rule of exclusion. The rules take nobody out of any table."""

from collections.abc import Iterator, Mapping
from itertools import islice

from exports import keys
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope, by_code, kept, seconds
from measures.facts import rulings_of
from participants.models import Participant
from scheduling.models import Session
from studies import definition
from studies.masking.standing import State, ended_at, state_of
from studies.models import Study
from studies.schema_plan import Exclusion

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
    Column(
        "decided", "Whether the rule stood in the study file before conditions and outcomes could be seen.",
        allowed="before|after", missing="nothing is ever masked: a demonstration, or simulated people",
    ),
    Column("is_met", "1 if the rule would leave the person out.", "boolean", missing=UNKNOWN),
    keys.since_session("settled_s", "When it was settled: nothing that came later could change it", missing=UNKNOWN),
]  # fmt: skip


def _exclusions(scope: Scope) -> Iterator[Row]:
    decided = _decided(scope.study)
    people = Participant.objects.filter(kept(""), study=scope.study)
    everybody = people.order_by(by_code("code")).iterator(chunk_size=CHUNK)
    while batch := list(islice(everybody, CHUNK)):
        visits = Session.objects.filter(participant__in=batch).order_by("-pk")
        began = dict(visits.values_list("participant", "started_at"))
        for person, ruling in rulings_of(batch):
            yield {
                "participant": person.code,
                "version": scope.versions[person.version_id].number,
                "rule": ruling.exclusion.id,
                "is_registered": ruling.exclusion.registered,
                "when": ruling.exclusion.when,
                "decided": decided.get(_rule(ruling.exclusion)),
                "is_met": ruling.is_met,
                "settled_s": seconds(ruling.at, began.get(person.pk)),
            }


def _decided(study: Study) -> Mapping[tuple[str, str], str]:
    """Rule → whether the first version that has it was frozen before the masking ended; empty where nothing masks."""
    if state_of(study) == State.NEVER:
        return {}
    seen_at, found = ended_at(study), dict[tuple[str, str], str]()
    for version in study.versions.order_by("number"):
        when = "after" if seen_at is not None and version.frozen_at > seen_at else "before"
        for exclusion in definition.definition(version).exclusions:
            found.setdefault(_rule(exclusion), when)
    return found


def _rule(exclusion: Exclusion) -> tuple[str, str]:
    return exclusion.id, exclusion.rule


EXCLUSIONS = Table("exclusions", "A rule of exclusion, and whether a person met it", COLUMNS, _exclusions)
