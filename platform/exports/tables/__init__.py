"""Every table of the dataset, one module for each family."""

from exports.columns import Table
from exports.errors import ExportError
from exports.tables.allocations import ALLOCATIONS
from exports.tables.automated import BOT_TURNS
from exports.tables.calls import CALLS
from exports.tables.choice_sets import CHOICE_SETS
from exports.tables.debriefings import DEBRIEFINGS
from exports.tables.decisions import BELIEFS, DECISIONS
from exports.tables.events import EVENTS
from exports.tables.exclusions import EXCLUSIONS
from exports.tables.exposures import EXPOSURES
from exports.tables.groups import GROUPS, PLACINGS, RESTS, ROUNDS, SEATS
from exports.tables.participants import PARTICIPANTS, PAYMENTS, SESSIONS, WAITS
from exports.tables.talk import ANSWERS, ENTRIES
from studies.models import Study
from studies.schema import StudyFile

TABLES: list[Table] = [
    PARTICIPANTS, SESSIONS, WAITS, GROUPS, SEATS, ROUNDS, PLACINGS, RESTS, ALLOCATIONS, EXCLUSIONS, CHOICE_SETS,
    EXPOSURES, DECISIONS, ENTRIES, BELIEFS, ANSWERS, BOT_TURNS, CALLS, EVENTS, DEBRIEFINGS, PAYMENTS,
]  # fmt: skip


def tables_of(study: Study) -> list[Table]:
    """Every table with the columns it has in a study."""
    return [table.of(study) for table in TABLES]


def columns_of(said: StudyFile) -> dict[str, dict[str, str]]:
    """Table → column → type, as the dataset of a study file would have them: for what names a column beforehand."""
    return {
        table.name: {one.name: one.type for one in (*table.columns, *(table.planned(said) if table.planned else ()))}
        for table in TABLES
    }


def table_named(name: str, study: Study) -> Table:
    """One table as it is in a study. Raises ExportError: "unknown_table"."""
    for table in TABLES:
        if table.name == name:
            return table.of(study)
    raise ExportError("unknown_table", f'there is no table "{name}"; there are {", ".join(t.name for t in TABLES)}')
