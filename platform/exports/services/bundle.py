"""Writing a dataset: everything from one snapshot, byte for byte the same when nothing has changed."""

import hashlib
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from events import clock
from exports.cells import canonical
from exports.codebook import COLUMNS as CODEBOOK_COLUMNS
from exports.codebook import codebook
from exports.columns import Table
from exports.deviation_words import deviations_markdown
from exports.errors import ExportError
from exports.masked import held_back
from exports.models import Release
from exports.scope import Scope
from exports.services.releases import Content, keep
from exports.services.snapshot import snapshot
from exports.stamps import dataset_name, stamped
from exports.tables import table_for, tables_for, tables_of
from exports.texts import texts_of
from exports.words import Counted, changes_markdown, codebook_markdown, readme
from exports.writing import Written, write_csv, write_json, write_text
from participants.models import Participant
from studies.masking.standing import is_masked_for, state_of
from studies.models import Study

FORMAT = "rapport-dataset/1"
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
MOST_TRIES = 3
MEANWHILE = "people asked for deletion while it was written: write it once more"


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


def export_table(study: Study, name: str, folder: Path, *, reader: int | None = None) -> tuple[Path, Release]:
    """One table as a file inside an existing folder: a release of its own, whose number the name of the file tells.

    Raises:
        ExportError: "unknown_table", "held_back", "inside_transaction", "withdrawn_meanwhile".
    """
    for _ in range(MOST_TRIES):
        with snapshot():
            seen = Study.objects.get(pk=study.pk)  # as the snapshot shows it
            counted, as_of = _counted(seen), clock.now()
            table = table_for(name, seen, reader)
            written, is_masked = _write_table(seen, table, folder), is_masked_for(seen, reader)
        if _withdrawn(study) == counted.left_out:
            content = Content(written.sha256, is_masked, counted.people, counted.left_out, as_of, table=table.name)
            release = keep(study, content, reader=reader)
            called = f"{dataset_name(study)}_{table.name}_release{release.number}.csv"
            return (folder / written.name).rename(folder / called), release
    raise ExportError("withdrawn_meanwhile", MEANWHILE)


def _write_until_true(study: Study, folder: Path, reader: int | None) -> list[Written]:
    """The files; written anew where somebody asked for deletion meanwhile, whom the snapshot shows as before."""
    for _ in range(MOST_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        with snapshot():
            seen = Study.objects.get(pk=study.pk)  # as the snapshot shows it
            counted, as_of = _counted(seen), clock.now()
            files, missing = _write(seen, folder, reader, counted)
            said = manifest(seen, counted, missing)
        if _withdrawn(study) == counted.left_out:
            content = Content(_digest(files), missing is not None, counted.people, counted.left_out, as_of)
            release = keep(study, content, reader=reader)
            files.append(write_text(folder / "CHANGES.md", changes_markdown(release)))
            said |= {"release": release.number, "files": listed(files)}
            files.append(write_json(folder / "manifest.json", said))
            return files
    raise ExportError("withdrawn_meanwhile", MEANWHILE)


def _withdrawn(study: Study) -> tuple[int, ...]:
    gone = study.participants.filter(status=Participant.Status.WITHDRAWN)
    return tuple(gone.order_by("pk").values_list("pk", flat=True))


def _counted(study: Study) -> Counted:
    return Counted(
        people=study.participants.exclude(status=Participant.Status.WITHDRAWN).count(),
        left_out=_withdrawn(study),
        erased=study.participants.filter(erased_at__isnull=False).count(),
    )


def _digest(files: Sequence[Written]) -> str:
    """Of what was written, by the hashes of its files: the same as long as the data are."""
    return hashlib.sha256(canonical([[file.name, file.sha256] for file in files]).encode()).hexdigest()


def _write(study: Study, folder: Path, reader: int | None, counted: Counted) -> tuple[list[Written], list[str] | None]:
    """The files that hold data, and which tables are held back while data come in; None where nothing is."""
    let_out = tables_for(study, reader)
    missing = held_back(tables_of(study), let_out) if is_masked_for(study, reader) else None
    tables = [(table, _write_table(study, table, folder)) for table in let_out]
    book = list(codebook([table for table, _ in tables], study))
    files = [written for _, written in tables]
    files.append(write_text(folder / "deviations.md", deviations_markdown(Scope(study))))
    files.append(write_csv(folder / "codebook.csv", CODEBOOK_COLUMNS, book))
    files.append(write_text(folder / "codebook.md", codebook_markdown(book)))
    files.append(write_text(folder / "README.md", readme(study, tables, counted, missing)))
    for version in study.versions.order_by("number"):
        files.append(write_json(folder / f"study.v{version.number}.json", version.definition))
        files.append(write_json(folder / f"texts.v{version.number}.json", texts_of(version)))
    return files, missing


def _write_table(study: Study, table: Table, folder: Path) -> Written:
    return write_csv(folder / f"{table.name}.csv", table.columns, table.rows(Scope(study)))


def manifest(study: Study, counted: Counted, missing: list[str] | None) -> dict[str, object]:
    """What is written, from which versions, by which software; not yet which files, and as which release.

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
    }


def listed(files: Sequence[Written]) -> list[dict[str, object]]:
    """The files as the manifest has them."""
    return [
        {"name": file.name, "sha256": file.sha256, "bytes": file.size_bytes}
        | ({} if file.rows is None else {"rows": file.rows})
        for file in files
    ]
