"""The dataset as it is now: each table on a page, as a file, all in one zip; and the codebook."""

from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.desk import Desk, desk_page
from console.roles import Capability
from console.services import note_download
from exports import queries
from exports.columns import Table
from exports.errors import ExportError
from exports.services.bundle import export_zip
from exports.stamps import dataset_name
from exports.tables import table_named
from flow.drawing import plain

MOST_SHOWN = 200


@desk_page(Capability.SEE_DATA)
@require_safe
def data(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Every table with its number of rows."""
    facts = {"desk": desk, "here": "data", "counts": queries.counts(desk.study), "most": queries.MOST_COUNTED}
    return render(request, "researcher/data.html", facts)


@desk_page(Capability.SEE_DATA)
@require_safe
def table(request: HttpRequest, desk: Desk, name: str) -> HttpResponse:
    """The first rows of one table."""
    found = _table(name, desk)
    rows = queries.first_rows(desk.study, found, MOST_SHOWN + 1)  # one more tells whether there are more
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
    """One table as a file."""
    found = _table(name, desk)
    note_download(desk.study, user_id=request.user.pk or 0, what=found.name)
    answer = StreamingHttpResponse(queries.csv_of(desk.study, found), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{dataset_name(desk.study)}_{found.name}.csv"'
    return answer


@desk_page(Capability.SEE_DATA)
@require_safe
def bundle(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The whole dataset, as `manage.py export` writes it."""
    note_download(desk.study, user_id=request.user.pk or 0, what="zip")
    with TemporaryDirectory(prefix="rapport-dataset-") as folder:
        opened = export_zip(desk.study, Path(folder)).open("rb")
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


def _table(name: str, desk: Desk) -> Table:
    try:
        return table_named(name, desk.study)
    except ExportError as error:
        raise Http404(str(error)) from error
