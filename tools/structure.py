"""Check the structure of the package: names, sizes, cycles, and imports that cannot be seen.

Run it in the root of the repository: `python -m tools.structure`. For each kind of finding it
prints how many there are, how many are allowed, and where they are. The exit code is 1 if there
are more than allowed.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.import_graph import PACKAGE, Source, cycles, import_graph, read_package

LLM = f"{PACKAGE}/llm"
WIRES = f"{LLM}/wires"
FOLDERS = (PACKAGE, "tests", "tools", "benchmarks", "examples")

WIRE_NAMES = frozenset({"openai_chat", "anthropic_messages", "gemini", "openai_responses"})

FRONT_DOORS = frozenset(
    f"{folder}/__init__.py" for folder in (PACKAGE, f"{PACKAGE}/callbacks", f"{PACKAGE}/testing")
)
"""Packages that load their names on first use, because most programs need few of them: a call
without a budget loads nothing of budgets, and pytest imports `testing` for the plugin."""

FUNCTION_LINES = 25
MODULE_LINES = 350
MAX_LONG_FUNCTIONS = 20
MAX_FILES = {PACKAGE: 2, LLM: 4}
"""How many Python files may lie directly in a folder."""

ALLOWED: dict[str, str] = dict.fromkeys(
    ("ContextOverflow", "OutOfCredit", "RateLimited"),
    "a fault of the emulator has the name of the error that it causes; both are public",
)
"""Class names that may be used twice, each with the reason."""

REASONS: dict[str, str] = {
    "scout_adapters/chat_models/provider_base.py:ScoutProviderChatModel.__init__": (
        "a signature, one line per field"
    ),
    "scout_adapters/embeddings/scout_embeddings.py:ScoutEmbeddings.__init__": (
        "a signature, one line per field"
    ),
    "scout_adapters/chat_models/router.py:ScoutRouterChatModel.__init__": (
        "a signature, one line per field"
    ),
    "scout_adapters/audit/log.py:AuditLog.write": "one row in one locked step",
    "scout_adapters/audit/log.py:AuditLog.log": "a signature of eight fields, one per line",
    "scout_adapters/errors/exceptions.py:ProviderError.__init__": "eleven fields, one per line",
    "scout_adapters/llm/transport/http_transport.py:Transport.astream": (
        "the twin of `stream`, with turns for other tasks"
    ),
    "scout_adapters/llm/conversation/assistant.py:assistant_turn": "the order of its steps matters",
    "scout_adapters/llm/failures/__init__.py:error_from_response": "nine facts, one per line",
    "scout_adapters/llm/failures/error_body.py:_candidates": "a list of places, best first",
    "scout_adapters/llm/health/key_pool.py:KeyPool.lease": "one locked step; six arguments",
    "scout_adapters/llm/health/key_penalties.py:KeyPenalties.apply": "one branch per effect",
    "scout_adapters/llm/providers/client.py:ProviderClient.__init__": "the guide's signature",
    "scout_adapters/llm/providers/client.py:ProviderClient.call": "the guide's signature",
    "scout_adapters/llm/wires/chunks.py:chunk_of": "one line per field of a chunk, made per token",
    "scout_adapters/report/attempt_row.py:attempt_row": "one line per field of the row",
    "scout_adapters/testing/emulator/emulator.py:Emulator._log": "one line per field of the entry",
}
"""Functions that may be long, as `path:function` or `path:Class.method`, each with the reason."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of finding and its places."""

    kind: str
    offenders: list[str]
    allowed: int = 0

    @property
    def broken(self) -> bool:
        """Whether there are more than allowed."""
        return len(self.offenders) > self.allowed

    def __str__(self) -> str:
        head = f"{self.kind}: {len(self.offenders)} (allowed {self.allowed})"
        return "\n    ".join([head, *self.offenders])


def check(root: Path) -> list[Finding]:
    """Return all kinds of findings, including those without offenders."""
    sources = read_package(root)
    return [
        Finding("class names used twice", classes_used_twice(sources)),
        Finding("file names used twice", files_used_twice(sources)),
        *check_functions(long_functions(sources)),
        Finding(f"modules over {MODULE_LINES} lines", long_modules(root)),
        Finding("cycles of files", cycles(import_graph(sources))),
        *(
            Finding(f"files directly in {folder}", files_in(sources, folder), allowed)
            for folder, allowed in MAX_FILES.items()
        ),
        Finding("comparisons with a wire's name", wire_comparisons(sources)),
        Finding("imports in a module's __getattr__", importing_getattrs(sources)),
        Finding("uses of a module as an attribute of llm", llm_attributes(sources)),
    ]


def check_functions(long: dict[str, int]) -> list[Finding]:
    """Return what is wrong with the long functions: their number, and reasons that do not fit."""
    listed = [
        f"{name} ({lines} lines): {REASONS.get(name, 'no reason given')}"
        for name, lines in long.items()
    ]
    return [
        Finding(f"functions over {FUNCTION_LINES} lines", listed, MAX_LONG_FUNCTIONS),
        Finding("long functions without a reason", sorted(long.keys() - REASONS.keys())),
        Finding("reasons without a long function", sorted(REASONS.keys() - long.keys())),
    ]


def classes_used_twice(sources: Iterable[Source]) -> list[str]:
    """Return the class names that are defined more than once, each with its places."""
    places = defaultdict(list)
    for source in sources:
        for node in source.nodes:
            if isinstance(node, ast.ClassDef) and node.name not in ALLOWED:
                places[node.name].append(f"{source.path}:{node.lineno}")
    return _used_twice(places)


def files_used_twice(sources: Iterable[Source]) -> list[str]:
    """Return the file names that occur more than once.

    Files of the same name in the folders of several wires count as one: wires are built alike.
    """
    places: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        if source.name != "__init__.py":
            is_wire = source.folder.startswith(f"{WIRES}/")
            path = f"{WIRES}/*/{source.name}" if is_wire else source.path
            if path not in places[source.name]:
                places[source.name].append(path)
    return _used_twice(places)


def _used_twice(places: dict[str, list[str]]) -> list[str]:
    """Render the names that have several places."""
    return [f"{name}: {', '.join(at)}" for name, at in sorted(places.items()) if len(at) > 1]


def long_functions(sources: Iterable[Source]) -> dict[str, int]:
    """Return the functions that are too long, as `path:name`, with their numbers of lines."""
    return {
        f"{source.path}:{name}": lines
        for source in sources
        for name, function in _functions(source.tree)
        if (lines := function_lines(function)) > FUNCTION_LINES
    }


def _functions(
    node: ast.AST, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield all functions below a node, with the names of the classes around them."""
    for child in ast.iter_child_nodes(node):
        name = prefix
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}{child.name}."
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield name.removesuffix("."), child
        yield from _functions(child, name)


def function_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines from `def` to the end, without decorators and the docstring."""
    has_docstring = ast.get_docstring(function, clean=False) is not None
    return _span(function) - (_span(function.body[0]) if has_docstring else 0)


def _span(node: ast.stmt) -> int:
    """Count the lines of a statement."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def long_modules(root: Path) -> list[str]:
    """Return the Python files that are too long, with their numbers of lines."""
    paths = (path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py")))
    sizes = ((path, len(path.read_text("utf-8").splitlines())) for path in paths)
    return [
        f"{path.relative_to(root).as_posix()} ({lines} lines)"
        for path, lines in sizes
        if lines > MODULE_LINES
    ]


def files_in(sources: Iterable[Source], folder: str) -> list[str]:
    """Return the Python files that lie directly in a folder."""
    return [source.path for source in sources if source.folder == folder]


def wire_comparisons(sources: Iterable[Source]) -> list[str]:
    """Return the places outside the wires that compare a wire's name."""
    return [
        _place(source, node)
        for source in sources
        if not source.path.startswith(f"{WIRES}/")
        for node in source.nodes
        if isinstance(node, ast.Compare) and any(map(_names_wire, _compared(node)))
    ]


def _compared(node: ast.Compare) -> Iterator[ast.expr]:
    """Yield the compared values; the values of a tuple, list or set one by one."""
    for side in (node.left, *node.comparators):
        yield from side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else (side,)


def _names_wire(node: ast.expr) -> bool:
    """Return whether a value is the name of a wire: a string, `wire.name` or `x.wire.name`."""
    if isinstance(node, ast.Constant):
        return node.value in WIRE_NAMES
    if not isinstance(node, ast.Attribute) or node.attr != "name":
        return False
    return ast.unparse(node.value).rpartition(".")[2] == "wire"


def importing_getattrs(sources: Iterable[Source]) -> list[str]:
    """Return the imports in the `__getattr__` of a module, but for those of the front doors.

    `llm` may load its functions and `LLMResponse` so, but not any module by its name.
    """
    return [
        _place(source, node)
        for source in sources
        if source.path not in FRONT_DOORS
        for function in source.nodes
        if isinstance(function, ast.FunctionDef) and function.name == "__getattr__"
        if len(function.args.args) == 1  # not a method
        for node in ast.walk(function)
        if _is_import(node)
        if source.path != f"{LLM}/__init__.py"
        or f"{{{function.args.args[0].arg}}}" in ast.unparse(node)
    ]


def _is_import(node: ast.AST) -> bool:
    """Return whether a node is a call of `import_module`."""
    return isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module")


def llm_attributes(sources: list[Source]) -> list[str]:
    """Return the uses `llm.<module>` of the name that `from scout_adapters import llm` binds."""
    prefix = f"{LLM}/".replace("/", ".")
    modules = {source.module.removeprefix(prefix) for source in sources}
    return [
        _place(source, node)
        for source in sources
        if (names := _names_of_llm(source))
        for node in source.nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
        and node.attr in modules
    ]


def _names_of_llm(source: Source) -> set[str]:
    """Return the names under which a file imports the package `llm` as a value."""
    imports = [node for node in source.nodes if isinstance(node, ast.ImportFrom)]
    aliases = [alias for node in imports if node.module == PACKAGE for alias in node.names]
    return {alias.asname or alias.name for alias in aliases if alias.name == "llm"}


def _place(source: Source, node: ast.AST) -> str:
    """Render where a node stands, and the code of it."""
    return f"{source.path}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)}"


def main() -> int:
    """Print all findings; return 1 if a bound is broken."""
    findings = check(Path.cwd())
    for finding in findings:
        print(finding)
    return int(any(finding.broken for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
