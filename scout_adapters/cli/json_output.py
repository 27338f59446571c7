"""What `--json` prints: one JSON object in ASCII, the same for every command.

Amounts of money and prices are strings of exact decimals in US dollars, because a JSON number is
read as a float. Times are ISO 8601 with a time zone; what is unknown is null. Text of others cannot
contain terminal escapes: everything outside ASCII is escaped. `docs/command-line.md` lists the
fields of each command.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer


def print_json(data: Mapping[str, Any]) -> None:
    """Print one JSON object; decimals become strings without an exponent."""
    text = json.dumps(data, indent=2, default=_plain, allow_nan=False)
    typer.echo(text.replace("\x7f", "\\u007f"))


def usd(amount: float | Decimal | None) -> str | None:
    """Return an amount in US dollars as a decimal text; None if it is unknown."""
    return None if amount is None else f"{Decimal(str(amount)):f}"


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.astimezone().isoformat()
        case Path():
            return str(value)
        case _:
            raise TypeError(f"{type(value).__name__} is no JSON")
