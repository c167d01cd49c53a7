"""The two files of a dataset that are for reading: the README and the codebook as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from exports.columns import Row, Table
from exports.models import Release
from exports.writing import Written
from studies.models import Study

WHAT_IT_IS = """This is the study's **internal** dataset, for those who run it. It is pseudonymous: codes
stand for people, but it holds what they wrote in free text, and words, times and answers together may still show who
somebody is. Optional boxes of the consent page, such as those on sharing, leave nothing out here: they are columns of
`participants` (`tick_…`). Handle it as personal data. Whoever passes anything on must first take out the words, and
everybody who did not agree to that.
"""
MASKED = """**MASKED. Data are still coming in. This copy shows whether the study runs and whether anybody is harmed.**

Letters (`arm`) stand for conditions. What would tell a condition, a partner's kind or label, or an outcome
by condition is not here: columns are missing, and all of {}. `pooled` has outcomes of all conditions together. Once
collection is closed, everything is written. Nothing may be concluded about hypotheses from this copy, and whether to go
on may be decided by it for people's safety alone.
"""
HOW_TO_READ = """## How to read it

* One row is one fact. Files are comma-separated, UTF-8, with a header; an empty cell is missing, and the codebook says
  for each column what that means. Yes and no are 1 and 0.
* Tables join by codes: `participant`, `group`, `seat` (group and seat number), `match` (group, round, number). Codes
  are random or counted; none leads back to a recruiter, an address or a row of the database.
* There are no dates. Times are seconds since the person's session began or since the group was formed, and `study_day`
  counts days (UTC) from the one on which the study was set up.
* What a partner was (`kind`) and was called (`label`, `match_label`, `label_shown`) are separate columns.
  `knows_labels` says whose labels a seat was shown.
* `claimed_kind`, `asked_kind` and `announces_identity` stand beside every text that somebody wrote to others, and
  `answered` in `kind_questions`: found by a marker by words that errs (docs/identity.md of the software).
* `source` says who or what made a decision. A timeout is never an answer: its value is empty and the match is void,
  unless the study file names an imputation.
* In columns of type `text`, a cell that a spreadsheet could take for a formula (beginning with = + - @, a tab or a
  carriage return) has one apostrophe put before it. To restore it, remove one where such a character follows.
* Groups with `is_filled`, in which an automated stand-in (`is_stand_in`) has the seat of a person, are analysed apart.
* People who asked that their data be deleted are left out, with every word of theirs. Their seats and matches stay,
  marked `is_withdrawn` or `has_withdrawn`, with empty values, so that group sizes and choice sets remain right.
* What others said to them in the same match is empty too, because it may repeat them, until a reviewer has released it;
  so are answers in their own words that these gave afterwards, and points that were worked out from what both did.
  `missing_reason` says which it is: `withdrawn`, `withdrawn_partner` or `withdrawn_consent`.
* An earlier copy of this dataset may hold more. Delete it; two copies that are compared show who left.
"""


CHANGES = """# Changes

Release {number} of the dataset of {study}.

| release | people in it | left out since the release before, because they asked that their data be deleted |
|---|---|---|
{rows}

A release that holds people whom a later one leaves out must not be used any more: destroy every copy of it. Numbers
that are missing are of copies of another kind: masked while data came in, whole for a monitor, or single tables.
"""


@dataclass(frozen=True)
class Counted:
    """How many people a dataset is about, the keys of those who asked for deletion, and how many are deleted."""

    people: int
    left_out: Sequence[int]
    erased: int

    @property
    def withdrawn(self) -> int:
        """How many asked for deletion."""
        return len(self.left_out)


def readme(
    study: Study, tables: Sequence[tuple[Table, Written]], counted: Counted, held_back: Sequence[str] | None = None
) -> str:
    """What this dataset is and how to read it.

    Args:
        held_back: The tables that are missing while data come in; None where nothing is held back.
    """
    lines = [
        *_stamps(study),
        *([] if held_back is None else [MASKED.format(", ".join(held_back)), ""]),
        f"# Dataset: {study.slug}",
        "",
        WHAT_IT_IS,
        f"{_people(counted.people)} entered the study and did not ask for deletion.",
        f"{_people(counted.withdrawn)} asked for it and are left out; the data of {counted.erased} are deleted.",
        "",
    ]
    lines += ["## Tables", "", "| file | rows | one row is |", "|---|---|---|"]
    lines += [f"| {written.name} | {written.rows} | {table.title} |" for table, written in tables]
    lines += [
        "| deviations.md | | the same to be read, and until when conditions and outcomes were masked |",
        "| codebook.csv, codebook.md | | every column, parameter, factor, field and item |",
        "| study.v*N*.json | | version *N* of the study file, resolved |",
        "| texts.v*N*.json | | the words of its pages: with exposures and pages they make every screen again |",
        "| CHANGES.md | | which release this is, and how many people it leaves out that an earlier one had |",
        "| manifest.json | | the SHA-256 of each file |",
    ]
    return "\n".join([*lines, "", HOW_TO_READ])


def changes_markdown(release: Release) -> str:
    """Which release of its kind this is, and how many people each leaves out that the one before had: a count only."""
    alike = {"is_masked": release.is_masked, "table": release.table}
    before = release.study.releases.filter(**alike, number__lte=release.number)
    rows: list[str] = []
    gone: set[int] | None = None  # who had asked before the first is in none
    for one in before.order_by("number"):
        fewer = len(set(one.left_out) - gone) if gone is not None else 0
        rows.append(f"| {one.number} | {one.people} | {fewer} |")
        gone = set(one.left_out)
    return CHANGES.format(number=release.number, study=release.study.slug, rows="\n".join(rows))


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def _stamps(study: Study) -> list[str]:
    stamps = []
    if study.is_simulated:
        stamps.append("**SIMULATED. These people never existed; nothing here is a result.**")
    if study.is_demo:
        stamps.append("**DEMO. Made while trying out the platform; nothing here is a result.**")
    return [line for stamp in stamps for line in (stamp, "")]


def codebook_markdown(rows: Iterable[Row]) -> str:
    """The codebook's rows, one section for each table, stage and kind of entry."""
    out = ["# Codebook", ""]
    for (entry, version, where), found in groupby(rows, key=lambda row: (row["entry"], row["version"], row["where"])):
        suffix = f" (version {version})" if version else ""
        out += [f"## {entry}s: {where or 'the study'}{suffix}", ""]
        out += [
            "| name | label | type | unit | allowed | value | empty means | source |",
            "|---|---|---|---|---|---|---|---|",
        ]
        out += [_line(row) for row in found] + [""]
    return "\n".join(out)


def _line(row: Row) -> str:
    keys = ("name", "label", "type", "unit", "allowed_values", "value", "missing_meaning", "source")
    return "| " + " | ".join(str(row[key]).replace("|", "\\|").replace("\n", " ") for key in keys) + " |"
