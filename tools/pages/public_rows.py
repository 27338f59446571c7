"""The table of public packages and their names, made from the reference."""

from __future__ import annotations

import re
from pathlib import Path

from tools.pages.markdown_table import code, table

REFERENCE = Path(__file__).parents[2] / "docs/reference"
SHOWN = re.compile(r"^::: (\S+)\.(\w+)$", re.MULTILINE)


def public_table() -> str:
    """Return a row for each package from which users import names."""
    packages: dict[str, list[str]] = {}
    for page in sorted(REFERENCE.glob("*.md")):
        for package, name in SHOWN.findall(page.read_text()):
            packages.setdefault(package, []).append(name)
    rows = [
        (code(package), ", ".join(map(code, sorted(packages[package])))) for package in packages
    ]
    return table(("package", "names"), sorted(rows))
