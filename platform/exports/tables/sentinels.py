"""What models answered to the same prompts day by day: as hashes; and changes, until somebody confirmed them."""

from collections.abc import Iterator

from bots.drift.rules import Kind, Verdict
from bots.models import Drift, Sentinel
from exports import keys
from exports.columns import Column, Row, Table
from exports.scope import CHUNK, Scope

NOT_NAMED = "the provider named none, or it was not kept yet"
SENTINEL_COLUMNS = [
    Column("model", "The model that was asked, as named in the study file."),
    keys.STUDY_DAY,
    Column(
        "number", "Which reading of that day (UTC), from 1; 0: as the study opened, out of turn.", "integer"
    ),
    Column(
        "attempt", "Which try at that reading, from 1: one that was not answered is made again, a few times.", "integer"
    ),
    Column("outcome", "Whether it was answered.", allowed="|".join(Sentinel.Outcome.values)),
    Column("model_served", "The model that answered, as its provider names it.", missing="it was not answered"),
    Column(
        "system_fingerprint", "What the provider calls the software that answered; several joined by a comma.",
        missing=f"{NOT_NAMED}, or it was not answered",
    ),
    Column(
        "fingerprint", "SHA-256 of the answering model's name and of each answer; of two readings, the second.",
        missing="it was not answered",
    ),
    Column(
        "verdict",
        "Beside the reading in force: `first`, there was none; `same`; `wavered`, it differed, and asked again it did "
        "not; `changed`, it differed twice, or another model answered, here or since then in a group; `software`, "
        "neither, but the provider named software that was not in force; `rebased`, the study asks otherwise since an "
        "amendment, so that names were compared and no answer: this reading is in force from here on.",
        allowed="|".join(Verdict),
        missing="it was not answered",
    ),
    Column("asked_sha256", "SHA-256 of the prompts and parameters; only answers to the same are compared."),
    Column("error_code", "Why it was not answered.", missing="it was, or is under way"),
]  # fmt: skip
DRIFT_COLUMNS = [
    Column("model", "The model that changed, as named in the study file."),
    Column(
        "kind",
        "`answers`: its answers or who gives them; `software`: only what its provider calls the software.",
        allowed="|".join(Kind),
    ),
    Column("study_day", "Study day of the first reading that differed.", "integer", "d"),
    Column("served_before", "The model that answered before, as its provider names it."),
    Column("served_after", "The model that answered then."),
    Column("software_before", "What the provider called the software that answered before.", missing=NOT_NAMED),
    Column("software_after", "What it called that which answered then.", missing=NOT_NAMED),
    Column("confirmed_day", "Study day on which somebody confirmed it.", "integer", "d", missing="nobody has"),
    Column("reason", "Why it was confirmed, in the words of who did.", "text", missing="nobody has"),
]


def _sentinels(scope: Scope) -> Iterator[Row]:
    rows = Sentinel.objects.filter(study=scope.study).order_by("model", "day", "number", "attempt", "pk")
    for row in rows.iterator(chunk_size=CHUNK):
        yield {
            "model": row.model,
            "study_day": scope.day(row.at),
            "number": row.number,
            "attempt": row.attempt,
            "outcome": row.outcome,
            "model_served": row.served or None,
            "system_fingerprint": row.software or None,
            "fingerprint": row.fingerprint or None,
            "verdict": row.verdict or None,
            "asked_sha256": row.asked_sha256,
            "error_code": row.error_code or None,
        }


def _drifts(scope: Scope) -> Iterator[Row]:
    for row in Drift.objects.filter(study=scope.study).select_related("before", "after").order_by("pk"):
        yield {
            "model": row.model,
            "kind": row.kind,
            "study_day": scope.day(row.at),
            "served_before": row.before.served,
            "served_after": row.after.served,
            "software_before": row.before.software or None,
            "software_after": row.after.software or None,
            "confirmed_day": scope.day(row.confirmed_at) if row.confirmed_at else None,
            "reason": row.reason or None,
        }


SENTINELS = Table("sentinels", "Each reading of a model by sentinel prompts", SENTINEL_COLUMNS, _sentinels)
DRIFTS = Table("drifts", "Each change of a model that sentinels found", DRIFT_COLUMNS, _drifts)
