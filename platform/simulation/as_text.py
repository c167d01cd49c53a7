"""A report for a terminal: plain text, at most 100 columns, no library."""

import textwrap
from collections.abc import Sequence

from simulation.sections import Section

WIDTH = 100
GAP = "  "
LEAST_TEXT = 16


def text_of(section: Section, width: int = WIDTH) -> str:
    """A title, a table, and what it leaves out, as lines of at most `width` characters."""
    titles = [column.title for column in section.columns]
    table = [titles, *section.shown_rows()]
    widths = _fitted(section, [max(len(row[at]) for row in table) for at in range(len(titles))], width)
    lines = [section.title, "-" * len(section.title)]
    for row in table if section.rows else []:
        lines += _lines(section, row, widths)
    if not section.rows:
        lines.append("Nothing to show.")
    for sentence in section.leaves_out:
        lines += textwrap.wrap(sentence, width, initial_indent="* ", subsequent_indent="  ")
    return "\n".join(lines)


def _fitted(section: Section, widths: list[int], width: int) -> list[int]:
    """Widths that fit: the widest column of words gives way, again and again."""
    while sum(widths) + len(GAP) * (len(widths) - 1) > width:
        words = [at for at in range(len(widths)) if not section.is_number(at)]
        at = max(words or range(len(widths)), key=lambda index: widths[index])
        if widths[at] <= LEAST_TEXT:
            break
        widths[at] -= 1
    return widths


def _lines(section: Section, row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """One row, on as many lines as its longest cell needs."""
    wrapped = [textwrap.wrap(cell, size) or [""] for cell, size in zip(row, widths, strict=True)]
    lines = []
    for number in range(max(map(len, wrapped))):
        parts = [part[number] if number < len(part) else "" for part in wrapped]
        cells = [
            part.rjust(size) if section.is_number(at) else part.ljust(size)
            for at, (part, size) in enumerate(zip(parts, widths, strict=True))
        ]
        lines.append(GAP.join(cells).rstrip())
    return lines
