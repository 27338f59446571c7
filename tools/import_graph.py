"""The Python files of the package, which of them import which, and where that runs in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import resolve_name
from pathlib import Path, PurePosixPath

PACKAGE = "scout_adapters"


@dataclass(frozen=True)
class Source:
    """One Python file of the package; `path` is relative to the root of the repository."""

    path: str
    tree: ast.Module = field(repr=False)

    @property
    def name(self) -> str:
        """The file's own name."""
        return PurePosixPath(self.path).name

    @property
    def folder(self) -> str:
        """The folder in which the file lies."""
        return str(PurePosixPath(self.path).parent)

    @property
    def module(self) -> str:
        """The dotted name under which the file is imported."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the file's syntax tree, in the order of their lines."""
        return sorted(ast.walk(self.tree), key=lambda node: getattr(node, "lineno", 0))


def read_package(root: Path) -> list[Source]:
    """Parse all Python files of the package."""
    paths = sorted((root / PACKAGE).rglob("*.py"))
    return [
        Source(path.relative_to(root).as_posix(), ast.parse(path.read_text("utf-8")))
        for path in paths
    ]


def import_graph(sources: Iterable[Source]) -> dict[str, set[str]]:
    """Return for each module the modules of the package that it names in an import.

    Imports inside functions and those for type checkers count. That Python loads the `__init__`
    of each package above a module does not count.
    """
    by_module = {source.module: source for source in sources}
    return {
        module: {target for target in _imported(source, by_module.keys()) if target != module}
        for module, source in by_module.items()
    }


def _imported(source: Source, modules: Iterable[str]) -> Iterator[str]:
    """Yield the modules of the package that a file imports."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            base = resolve_name(relative, source.folder.replace("/", "."))
            names = [f"{base}.{alias.name}" for alias in node.names]
            yield from (name if name in modules else base for name in names if base in modules)


def cycles(graph: dict[str, set[str]]) -> list[str]:
    """Return the groups of modules in which each one imports, at last, itself."""
    groups = [sorted(group) for group in components(graph) if len(group) > 1]
    return [" <-> ".join(group) for group in sorted(groups)]


def components(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected components of a graph, by Tarjan's algorithm."""
    cycles: list[list[str]] = []
    index: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> int:
        """Return the earliest node on the stack that can be reached from a node."""
        lowest = index[node] = len(index)
        stack.append(node)
        for target in graph[node]:
            if target not in index:
                lowest = min(lowest, visit(target))
            elif target in stack:
                lowest = min(lowest, index[target])
        if lowest == index[node]:
            at = stack.index(node)
            cycles.append(stack[at:])
            del stack[at:]
        return lowest

    for node in graph:
        if node not in index:
            visit(node)
    return cycles
