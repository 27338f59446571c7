"""Tables that are readable at every width: what does not fit goes to lines of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scout_adapters.cli.console import console
from scout_adapters.errors import one_line

GAP = "  "
"""Between columns; twice as much before the lines below a row."""

Cell = str | tuple[str, str]
"""A text, or a text with a rich style."""


class TableData(NamedTuple):
    """Headings and rows of a table; the columns in `numbers` are aligned to the right."""

    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numbers: Collection[str] = ()
    title: str = ""
    caption: str = ""
    framed: bool = True


def print_table(data: TableData, to: Console = console) -> None:
    """Print a table; where it is too wide, with its widest columns on lines below each row.

    A cell is one line of at most 300 characters; every cell is printed at every width.
    """
    cells = [[_text(cell) for cell in row] for row in data.rows]
    widths = [
        max([cell_len(heading), *(row[at].cell_len for row in cells)])
        for at, heading in enumerate(data.headings)
    ]
    if data.title:
        to.print(Text(data.title, "bold"))
    if sum(widths) + 3 * len(widths) + 1 <= to.width:
        to.print(_whole(data, cells))
    else:
        _print_folded(data, cells, widths, to)
    if data.caption:
        to.print(Text(f"{GAP}{data.caption}", "dim"))


def _text(cell: Cell) -> Text:
    text, style = (cell, "") if isinstance(cell, str) else cell
    return Text(one_line(text), style)


def _whole(data: TableData, cells: Sequence[Sequence[Text]]) -> Table:
    frame = box.HEAVY_HEAD if data.framed else box.SIMPLE_HEAD
    table = Table(box=frame, show_edge=data.framed)
    for heading in data.headings:
        justify = "right" if heading in data.numbers else "left"
        table.add_column(Text(heading), justify=justify, no_wrap=True)  # type: ignore[arg-type]  # a literal
    for row in cells:
        table.add_row(*row)
    return table


def _print_folded(
    data: TableData, cells: Sequence[Sequence[Text]], widths: Sequence[int], to: Console
) -> None:
    """Print the columns that fit side by side, and the others below each row."""
    beside = _columns_that_fit(data, widths, to.width)
    below = [at for at in range(len(widths)) if at not in beside]
    headings = [Text(heading, "bold") for heading in data.headings]
    for row in (headings, *cells):
        aligned = [
            _aligned(row[at], widths[at], right=data.headings[at] in data.numbers) for at in beside
        ]
        _print_wrapped(Text(GAP).join(aligned), "", to)
        for at in below if row is not headings else ():
            if row[at].plain:
                text = Text.assemble((f"{data.headings[at]}: ", "dim"), row[at])
                _print_wrapped(text, GAP * 2, to)


def _columns_that_fit(data: TableData, widths: Sequence[int], width: int) -> list[int]:
    """Return the first column, and of the others all but the widest; numbers stay the longest."""
    beside = list(range(len(widths)))
    while len(beside) > 1 and sum(widths[at] + len(GAP) for at in beside) - len(GAP) > width:
        texts = [at for at in beside[1:] if data.headings[at] not in data.numbers]
        beside.remove(max(texts or beside[1:], key=widths.__getitem__))
    return beside


def _aligned(cell: Text, width: int, *, right: bool) -> Text:
    blanks = " " * (width - cell.cell_len)
    return Text.assemble(blanks, cell) if right else Text.assemble(cell, blanks)


def _print_wrapped(text: Text, indent: str, to: Console) -> None:
    text.rstrip()
    for line in text.wrap(to, max(to.width - len(indent), 1), overflow="fold"):
        line.rstrip()
        to.print(Text.assemble(indent, line), soft_wrap=True)
