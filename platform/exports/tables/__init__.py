"""Every table of the dataset, one module for each family."""

from exports.columns import Table
from exports.errors import ExportError
from exports.masked import masked
from exports.tables.allocations import ALLOCATIONS
from exports.tables.automated import BOT_TURNS, FAILED_TURNS, REPLY_CHECKS
from exports.tables.awards import AWARDS
from exports.tables.calls import CALLS
from exports.tables.checks import CHECK_RATES, CHECKS
from exports.tables.choice_sets import CHOICE_SETS
from exports.tables.costs import COSTS
from exports.tables.debriefings import DEBRIEFINGS
from exports.tables.decisions import BELIEFS, DECISIONS
from exports.tables.deviations import DEVIATIONS
from exports.tables.events import EVENTS
from exports.tables.exclusions import EXCLUSIONS
from exports.tables.exposures import EXPOSURES
from exports.tables.groups import GROUPS, PLACINGS, RESTS, ROUNDS, SEATS
from exports.tables.kind_questions import KIND_QUESTIONS
from exports.tables.memories import MEMORIES, NOTINGS
from exports.tables.pages import PAGES
from exports.tables.paid import PAID_ROUNDS
from exports.tables.pairs import PAIRS
from exports.tables.participants import PARTICIPANTS, PAYMENTS, SESSIONS, WAITS
from exports.tables.planned import PLANNED_SESSIONS
from exports.tables.pooled import POOLED
from exports.tables.practice import PRACTICE
from exports.tables.reminders import REMINDERS
from exports.tables.reports import REPORTS
from exports.tables.safety import SAFETY
from exports.tables.safety_words import SAFETY_WORDS
from exports.tables.scales import SCALE_ITEMS, SCORES
from exports.tables.seen import SEEN
from exports.tables.sentinels import DRIFTS, SENTINELS
from exports.tables.talk import ANSWERS, ENTRIES
from exports.tables.wizards import WIZARD_REPLIES
from studies.masking.standing import is_masked_for
from studies.models import Study
from studies.schema import StudyFile

TABLES: list[Table] = [
    PARTICIPANTS, SESSIONS, PLANNED_SESSIONS, REMINDERS, PAIRS, WAITS, GROUPS, SEATS, ROUNDS, PLACINGS, RESTS,
    PAID_ROUNDS, ALLOCATIONS, EXCLUSIONS, CHECK_RATES, CHECKS, PAGES, CHOICE_SETS, PRACTICE, EXPOSURES, DECISIONS,
    ENTRIES, SEEN, KIND_QUESTIONS, BELIEFS, AWARDS, REPORTS, SAFETY, SAFETY_WORDS, ANSWERS, SCALE_ITEMS, SCORES,
    BOT_TURNS, FAILED_TURNS, REPLY_CHECKS, WIZARD_REPLIES, MEMORIES, NOTINGS, CALLS, COSTS, SENTINELS, DRIFTS, EVENTS,
    DEBRIEFINGS, PAYMENTS, DEVIATIONS,
]  # fmt: skip


def tables_of(study: Study) -> list[Table]:
    """Every table with the columns it has in a study."""
    return [table.of(study) for table in TABLES]


def tables_for(study: Study, reader: int | None) -> list[Table]:
    """Every table as an account may have it now; None: whoever works on the server. For use inside a snapshot."""
    tables = tables_of(study)
    return [*masked(tables, study), POOLED] if is_masked_for(study, reader) else tables


def columns_of(said: StudyFile) -> dict[str, dict[str, str]]:
    """Table → column → type, as the dataset of a study file would have them: for what names a column beforehand."""
    return {
        table.name: {one.name: one.type for one in (*table.columns, *(table.planned(said) if table.planned else ()))}
        for table in TABLES
    }


def table_for(name: str, study: Study, reader: int | None) -> Table:
    """One table as an account may have it now: see `tables_for`.

    Raises:
        ExportError: "unknown_table"; "held_back" where nothing of it may leave while data come in.
    """
    found = next((table for table in tables_for(study, reader) if table.name == name), None)
    if found is None:
        table_named(name, study)
        raise ExportError("held_back", f"nothing of {name} may be seen until collection of {study.slug} is closed")
    return found


def table_named(name: str, study: Study) -> Table:
    """One table as it is in a study, with all that it holds. Raises ExportError: "unknown_table"."""
    for table in TABLES:
        if table.name == name:
            return table.of(study)
    raise ExportError("unknown_table", f'there is no table "{name}"; there are {", ".join(t.name for t in TABLES)}')
