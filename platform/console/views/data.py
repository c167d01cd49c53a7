"""The dataset as it is now: each table on a page, as a file, all in one zip; and the codebook."""

from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.desk import Desk, desk_page
from console.roles import Capability
from console.services import note_download
from exports import queries
from exports.errors import ExportError
from exports.masked import held_back
from exports.services.bundle import export_table, export_zip
from exports.stamps import dataset_name
from exports.tables import tables_of
from flow.drawing import plain
from studies.masking.services import note_look

MOST_SHOWN = 200


@desk_page(Capability.SEE_DATA)
@require_safe
def data(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Every table with its number of rows; while data come in, those of which something may be seen."""
    found = queries.counts(desk.study, desk.reader)
    missing = held_back(tables_of(desk.study), [one.table for one in found])
    facts = {"desk": desk, "here": "data", "counts": found, "most": queries.MOST_COUNTED, "missing": missing}
    return render(request, "researcher/data.html", facts)


@desk_page(Capability.SEE_DATA)
@require_safe
def table(request: HttpRequest, desk: Desk, name: str) -> HttpResponse:
    """The first rows of one table."""
    try:
        # one more tells whether there are more
        found, rows = queries.first_rows(desk.study, name, MOST_SHOWN + 1, desk.reader)
    except ExportError as error:
        return _refusal(request, desk, error)
    _note_look(desk, found.name)
    facts = {
        "desk": desk,
        "here": "data",
        "table": found,
        "rows": [list(zip(found.columns, map(plain, row), strict=True)) for row in rows[:MOST_SHOWN]],
        "is_cut": len(rows) > MOST_SHOWN,
    }
    return render(request, "researcher/table.html", facts)


@desk_page(Capability.SEE_DATA)
@require_safe
def table_csv(request: HttpRequest, desk: Desk, name: str) -> HttpResponseBase:
    """One table as a file, which is a release as the whole dataset is."""
    with TemporaryDirectory(prefix="rapport-table-") as folder:
        try:
            path, _release = export_table(desk.study, name, Path(folder), reader=desk.reader)
        except ExportError as error:
            return _refusal(request, desk, error)
        opened = path.open("rb")
    _note_look(desk, name)
    note_download(desk.study, user_id=desk.reader, what=name)
    return FileResponse(opened, as_attachment=True, filename=path.name, content_type="text/csv; charset=utf-8")


@desk_page(Capability.SEE_DATA)
@require_safe
def bundle(_request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The whole dataset, as `manage.py export` writes it."""
    _note_look(desk, "zip")
    note_download(desk.study, user_id=desk.reader, what="zip")
    with TemporaryDirectory(prefix="rapport-dataset-") as folder:
        opened = export_zip(desk.study, Path(folder), reader=desk.reader).open("rb")
    # An open file outlives its name, so nothing is left behind when the download breaks off.
    return FileResponse(opened, as_attachment=True, filename=f"{dataset_name(desk.study)}.zip")


@desk_page(Capability.SEE_STUDY)
@require_safe
def codebook(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What every column, parameter, factor, field and item means."""
    rows = queries.codebook_rows(desk.study)
    parts = groupby(rows, key=lambda row: (row["entry"], row["version"], row["where"]))
    sections = [
        {"entry": entry, "version": version, "where": where, "rows": list(found)}
        for (entry, version, where), found in parts
    ]
    # What belongs to this study before what is the same in every study, the newest version first.
    sections.sort(key=lambda part: -int(str(part["version"] or 0)))
    return render(request, "researcher/codebook.html", {"desk": desk, "here": "codebook", "sections": sections})


def _refusal(request: HttpRequest, desk: Desk, error: ExportError) -> HttpResponse:
    """The page for a table that is held back. Raises Http404 where there is no such table, and whatever else it is."""
    if error.code == "withdrawn_meanwhile":
        raise error
    if error.code != "held_back":
        raise Http404(str(error)) from error
    return render(request, "researcher/held_back.html", {"desk": desk, "here": "data"}, status=403)


def _note_look(desk: Desk, what: str) -> None:
    if desk.is_looking:
        note_look(desk.study, user_id=desk.reader, what=what)
