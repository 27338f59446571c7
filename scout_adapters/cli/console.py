"""The console that every command prints to, how commands fail, and the options that they share.

Text of others (log fields, names of models, answers) is printed as it is: never as markup, emoji or
terminal escapes. Results go to stdout, errors to stderr. A command exits with 1 if it fails and
with 2 if an argument cannot be used.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from scout_adapters._internal.logs import printable
from scout_adapters.audit.process_log import audit_path
from scout_adapters.audit.reader import has_rows
from scout_adapters.audit.rotation import segments
from scout_adapters.errors import one_line
from scout_adapters.report.time_buckets import utc

UNBOUNDED = 10_000
"""Columns of a line where stdout is no terminal: rows stay whole for grep."""

LONGEST_ERROR = 2_000
"""Characters of an error's line."""

console = Console(markup=False, emoji=False, highlight=False)

Log = Annotated[
    Path | None, typer.Argument(help="The log; else SCOUT_AUDIT_PATH or the usual one.")
]
LogOption = Annotated[
    Path | None, typer.Option(help="The audit log to read; SCOUT_AUDIT_PATH or the usual one.")
]
Since = Annotated[
    str | None,
    typer.Option(help="From this day or time on: 2026-11-01, or 2026-11-01T08:00 (UTC)."),
]
Until = Annotated[
    str | None, typer.Option(help="Before this day or time; written as that of --since.")
]
Days = Annotated[int | None, typer.Option(min=1, help="These last days only.")]
Imports = Annotated[
    list[str] | None,
    typer.Option("--import", help="A module of yours that registers providers; repeatable."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead.")]


def set_width() -> None:
    """Set the width of a line: COLUMNS, the terminal's width, or unbounded."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        console.width = int(columns)
    elif sys.stdout.isatty():
        console.width = os.get_terminal_size(sys.stdout.fileno()).columns or 80
    else:
        console.width = UNBOUNDED


def print_line(*parts: str | tuple[str, str], to: Console = console) -> None:
    """Print one line that may be longer than the terminal is wide; a part may have a style."""
    line = Text()
    for part in parts:
        text, style = (part, "") if isinstance(part, str) else part
        line.append(printable(text), style)
    to.print(line, soft_wrap=True)


def print_text(text: str, *, end: str = "\n", to: Console = console) -> None:
    """Print text of any origin, such as a model's answer; it may have several lines."""
    lines = (printable(line) for line in text.split("\n"))
    to.print(Text("\n".join(lines)), end=end, soft_wrap=True)


def print_error(message: str) -> None:
    """Print a message on one line to stderr."""
    typer.secho(one_line(message, LONGEST_ERROR), fg=typer.colors.RED, err=True)


def fail(message: str, code: int = 1) -> NoReturn:
    """Print a message on one line to stderr and exit: 1 for a failure, 2 for a wrong argument."""
    print_error(message)
    raise typer.Exit(code)


def log_path(path: Path | None) -> Path:
    """Return the path of an audit log, which may be missing; exit with 2 if it names no folder."""
    try:
        return audit_path(path)
    except RuntimeError as error:  # `~name` of a user that does not exist
        fail(f"the audit log's path cannot be used: {error}", 2)


def name_log(path: Path | None, log: Path) -> None:
    """Print to stderr which log is read and why, if no argument `path` names it."""
    if path is None:
        typer.echo(one_line(f"reading {log}: {_why()}", LONGEST_ERROR), err=True)


def _why() -> str:
    named = os.environ.get("SCOUT_AUDIT_PATH")
    return "SCOUT_AUDIT_PATH names it" if named else "SCOUT_AUDIT_PATH is not set"


def log_at(path: Path | None) -> Path:
    """Return the path of an audit log; exit with 1 if there is none, with 2 if it is another file.

    A log is a file, with its segments, that has a row or is empty. Without an argument, stderr
    names the log that is read.
    """
    log = log_path(path)
    check_log(log)
    if not segments(log):
        is_default = path is None and not os.environ.get("SCOUT_AUDIT_PATH")
        fail(f"no log at {log}{f': {_why()}' if is_default else ''}")
    name_log(path, log)
    return log


def check_log(log: Path) -> None:
    """Exit with 2 if there is something else than an audit log at a path; it may be missing."""
    files = segments(log)
    if not files and log.exists():
        fail(f"{log} is no audit log: it is {'a folder' if log.is_dir() else 'no file'}", 2)
    try:
        is_log = any(map(has_rows, files)) or not any(file.stat().st_size for file in files)
    except OSError as error:
        fail(f"{log} cannot be read: {error.strerror}")
    if not is_log:
        fail(f"{log} is no audit log: no line of it is a row with an event", 2)


def check_output(file: Path, log: Path) -> None:
    """Exit with 2 if a file that is to be written is a file of the log."""
    if file.exists() and any(file.samefile(segment) for segment in segments(log)):
        fail(f"{file} is the log itself: name another file", 2)


def start_time(since: str | None, days: int | None) -> str:
    """Return the time that `--since` or `--days` names, as the log writes it; "" for all times."""
    if since and days:
        raise typer.BadParameter("--since and --days both set the start: give one of them")
    if days:
        return utc(days_ago(days).isoformat())
    return _time(since)


def end_time(until: str | None) -> str:
    """Return the time that `--until` names, as the log writes it; "" for no end."""
    return _time(until)


def _time(stated: str | None) -> str:
    time = utc(stated)
    if stated and not time:
        raise typer.BadParameter(f"{stated!r} is not a time: write 2026-11-01 or 2026-11-01T08:00")
    return time


def days_ago(days: int) -> datetime:
    """Return the time that many days ago, with a time zone; the first of all times at most."""
    try:
        return datetime.now(UTC) - timedelta(days=days)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def import_modules(modules: Sequence[str] | None) -> None:
    """Import modules as `python -m` does: also from the current folder."""
    if modules and "" not in sys.path:
        sys.path.insert(0, "")
    for module in modules or ():
        try:
            importlib.import_module(module)
        except Exception as error:  # noqa: BLE001  # the module's own code may raise anything
            fail(f"{module} cannot be imported: {type(error).__name__}: {error}")
