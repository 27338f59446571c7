"""Import statements after calls were rewritten: new names are added, unused ones taken out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from scout_adapters.code_migration.name_bindings import Bindings, Imported
from scout_adapters.code_migration.source_text import Edit, SourceText

Statement = ast.Import | ast.ImportFrom


def import_edits(
    source: SourceText, bindings: Bindings, needed: dict[Statement, set[str]], unused: set[str]
) -> Iterator[Edit]:
    """Yield the edits of import statements.

    `needed` are names of ours, by the statement that bound the names that they stand for; `unused`
    are names that nothing uses any longer.
    """
    aliases = [item for items in bindings.imports.values() for item in items]
    statements = {item.statement: None for item in aliases}
    needed = _joined(source.tree, needed)
    for statement in statements:
        names = sorted(needed.get(statement, ()))
        gone = [
            item
            for name in unused
            for item in bindings.imports[name]
            if item.statement is statement
        ]
        if names or gone:
            yield from _statement_edits(source, statement, names, gone)


def _joined(tree: ast.Module, needed: dict[Statement, set[str]]) -> dict[Statement, set[str]]:
    """Return the names with those of all imports at the top of the module beside the first one."""
    at_top = [node for node in tree.body if isinstance(node, Statement) and node in needed]
    names = set().union(*(needed[node] for node in at_top))
    others = {node: names for node, names in needed.items() if node not in at_top}
    return {**others, at_top[0]: names} if at_top else others


def _statement_edits(
    source: SourceText, statement: Statement, names: list[str], gone: list[Imported]
) -> Iterator[Edit]:
    new = f"from scout_adapters import {', '.join(names)}" if names else ""
    start, end = source.start(statement), source.end(statement)
    if len(gone) == len(statement.names):
        if new or not _is_alone(source, start, end):
            yield Edit(start, end, (new or "pass").encode())
        else:
            yield Edit(source.line_start(start), source.next_line(end), b"")
        return
    if new:
        indent = source.text(source.line_start(start), start)
        yield Edit(start, start, f"{new}{source.newline().decode()}{indent}".encode())
    yield from _alias_edits(source, statement, [item.alias for item in gone])


def _is_alone(source: SourceText, start: int, end: int) -> bool:
    """Return whether a statement at the top of the module has its lines to itself."""
    before = source.text(source.line_start(start), start)
    after = source.text(end, source.next_line(end)).strip()
    return before == "" and after == ""


def _alias_edits(
    source: SourceText, statement: Statement, gone: Iterable[ast.alias]
) -> Iterator[Edit]:
    """Yield what takes names out of a list of imported names."""
    names = statement.names
    for alias in gone:
        index = names.index(alias)
        start, end = source.start(alias), source.end(alias)
        line = source.line_start(start), source.next_line(end)
        around = source.text(line[0], start) + source.text(end, line[1])
        if re.fullmatch(r"\s*,?[ \t]*(#.*)?\s*", around) and len(names) > 1:
            yield Edit(*line, b"")
        elif index + 1 < len(names):
            yield Edit(start, source.start(names[index + 1]), b"")
        else:
            kept = [item for item in names[:index] if item not in gone]
            yield Edit(source.end(kept[-1]) if kept else start, end, b"")
