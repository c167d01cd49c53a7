"""Writing a dataset: everything from one snapshot, byte for byte the same when nothing has changed."""

import shutil
import zipfile
from pathlib import Path

from django.conf import settings

from exports.codebook import COLUMNS as CODEBOOK_COLUMNS
from exports.codebook import codebook
from exports.columns import Table
from exports.deviation_words import deviations_markdown
from exports.errors import ExportError
from exports.masked import held_back
from exports.scope import Scope
from exports.services.snapshot import snapshot
from exports.stamps import dataset_name, stamped
from exports.tables import tables_for, tables_of
from exports.texts import texts_of
from exports.words import Counted, codebook_markdown, readme
from exports.writing import Written, write_csv, write_json, write_text
from participants.models import Participant
from studies.masking.standing import is_masked_for, state_of
from studies.models import Study

FORMAT = "rapport-dataset/1"
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
MOST_TRIES = 3


def export(study: Study, out: Path, *, reader: int | None = None) -> list[Written]:
    """Write the dataset of a study into a new or empty folder: all of it, or what may leave while data come in.

    The folder appears only when it is complete, and only its owner can look into it.

    Args:
        reader: The account that it is for; None: whoever works on the server.

    Raises:
        ExportError: "folder_not_empty", "inside_transaction"; "not_stamped" where the study is simulated and the
            folder's name does not say so; "withdrawn_meanwhile" where people ask for deletion all the time.
    """
    name = out.resolve().name
    if stamped(study, name) != name:
        raise ExportError("not_stamped", f"{study.slug} is simulated: call the folder {stamped(study, name)}")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ExportError("folder_not_empty", f"{out} is not an empty folder: name another, nothing is overwritten")
    partial = out.with_name(f".{out.name}.partial")
    try:
        files = _write_until_true(study, partial, reader)
        if out.exists():
            out.rmdir()
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return files


def export_zip(study: Study, folder: Path, *, reader: int | None = None) -> Path:
    """The dataset as one zip file inside an existing folder; the same data give the same bytes. See `export`."""
    name = dataset_name(study)
    out = folder / name
    export(study, out, reader=reader)
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as bundle:
        for file in sorted(out.iterdir()):
            info = zipfile.ZipInfo(f"{name}/{file.name}", ZIP_EPOCH)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            with file.open("rb") as source, bundle.open(info, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target)
    return path


def _write_until_true(study: Study, folder: Path, reader: int | None) -> list[Written]:
    """The files; written anew where somebody asked for deletion meanwhile, whom the snapshot shows as before."""
    for _ in range(MOST_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        with snapshot():
            left_out = _withdrawn(study)
            files = _write(study, folder, reader)
        if _withdrawn(study) == left_out:
            return files
    raise ExportError("withdrawn_meanwhile", "people asked for deletion while it was written: write it once more")


def _withdrawn(study: Study) -> int:
    return study.participants.filter(status=Participant.Status.WITHDRAWN).count()


def _write(study: Study, folder: Path, reader: int | None) -> list[Written]:
    study = Study.objects.get(pk=study.pk)  # as the snapshot shows it
    let_out = tables_for(study, reader)
    missing = held_back(tables_of(study), let_out) if is_masked_for(study, reader) else None
    tables = [(table, _write_table(study, table, folder)) for table in let_out]
    book = list(codebook([table for table, _ in tables], study))
    counted = Counted(
        people=study.participants.exclude(status=Participant.Status.WITHDRAWN).count(),
        withdrawn=_withdrawn(study),
        erased=study.participants.filter(erased_at__isnull=False).count(),
    )
    files = [written for _, written in tables]
    files.append(write_text(folder / "deviations.md", deviations_markdown(Scope(study))))
    files.append(write_csv(folder / "codebook.csv", CODEBOOK_COLUMNS, book))
    files.append(write_text(folder / "codebook.md", codebook_markdown(book)))
    files.append(write_text(folder / "README.md", readme(study, tables, counted, missing)))
    for version in study.versions.order_by("number"):
        files.append(write_json(folder / f"study.v{version.number}.json", version.definition))
        files.append(write_json(folder / f"texts.v{version.number}.json", texts_of(version)))
    files.append(write_json(folder / "manifest.json", manifest(study, files, counted, missing)))
    return files


def _write_table(study: Study, table: Table, folder: Path) -> Written:
    return write_csv(folder / f"{table.name}.csv", table.columns, table.rows(Scope(study)))


def manifest(
    study: Study, files: list[Written], counted: Counted, missing: list[str] | None = None
) -> dict[str, object]:
    """What was written, from which versions, by which software.

    Args:
        missing: The tables that are held back while data come in; None where nothing is held back.
    """
    versions = study.versions.order_by("number")
    return {
        "format": FORMAT,
        "software": settings.VERSION,
        "study": study.slug,
        "is_demo": study.is_demo,
        "is_simulated": study.is_simulated,
        "is_masked": missing is not None,
        "masking": state_of(study),
        "tables_held_back": missing or [],
        "withdrawn_people": counted.withdrawn,
        "erased_people": counted.erased,
        "versions": [{"number": one.number, "sha256": one.sha256, "reason": one.reason} for one in versions],
        "files": [
            {"name": file.name, "sha256": file.sha256, "bytes": file.size_bytes}
            | ({} if file.rows is None else {"rows": file.rows})
            for file in files
        ],
    }
