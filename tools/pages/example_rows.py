"""The table of examples, made from the first lines of their docstrings."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from tools.pages.markdown_table import table

FOLDER = Path(__file__).parents[2] / "examples"
ADDRESS = "https://github.com/scout-adapters/scout_adapters/blob/main/examples"


def example_table() -> str:
    """Return a row for each example."""
    return table(("example", "what it shows"), _rows())


def _rows() -> Iterator[tuple[str, str]]:
    for path in sorted(FOLDER.iterdir()):
        if path.suffix == ".py":
            text = ast.get_docstring(ast.parse(path.read_text())) or ""
            yield f"[{path.stem}]({ADDRESS}/{path.name})", text.partition("\n\n")[0]
        elif path.suffix == ".ipynb":
            first = "".join(json.loads(path.read_text())["cells"][0]["source"])
            yield f"[{path.stem}]({ADDRESS}/{path.name})", first.partition("\n\n")[2]
