"""Output of the commands and data of the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
from typer.testing import CliRunner

from scout_adapters.cli import app


def run_cli(*arguments: str | Path) -> tuple[int, str]:
    """Run a command; return its code and what it printed."""
    result = CliRunner().invoke(app, [*map(str, arguments)])
    return result.exit_code, result.output


def line(output: str, begin: str) -> str:
    return next(line for line in output.splitlines() if line.strip().startswith(begin))


def data_in(page: str) -> Any:
    """Read the page's data as its scripts do."""
    script = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert script is not None
    return orjson.loads(script[1])
