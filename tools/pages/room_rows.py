"""The table of folders, made from the first lines of their docstrings."""

from __future__ import annotations

import ast
from pathlib import Path

from tools.pages.markdown_table import code, table

PACKAGE = Path(__file__).parents[2] / "scout_adapters"


def room_table() -> str:
    """Return a row for each folder of the package and of its `llm`."""
    folders = [path.parent for path in sorted(PACKAGE.glob("*/__init__.py"))]
    folders += [path.parent for path in sorted(PACKAGE.glob("llm/*/__init__.py"))]
    rows = ((code(f"{folder.relative_to(PACKAGE)}/"), _purpose(folder)) for folder in folders)
    return table(("folder of `scout_adapters/`", "what is in it"), rows)


def _purpose(folder: Path) -> str:
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    return text.partition("\n\n")[0]
