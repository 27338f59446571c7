"""`scout-adapters cassettes`: list, show, check, redact and record the cassettes of tests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scout_adapters._internal.json_values import Json
from scout_adapters._internal.wording import counted
from scout_adapters.cli.console import AsJson, fail, print_error, print_line
from scout_adapters.cli.json_output import print_json
from scout_adapters.cli.tables import TableData, print_table

if TYPE_CHECKING:
    from scout_adapters.testing.replay.cassette_files import CassetteFile

PLUGIN = "scout_adapters.testing.pytest_plugin"
Places = Annotated[
    list[Path] | None,
    typer.Argument(help="Files, or folders to search for `cassettes`; the current one."),
]
app = typer.Typer(
    help="The cassettes of tests: recorded answers of providers. docs/testing.md describes them.",
    no_args_is_help=True,
)


def _cassettes(places: Sequence[Path] | None) -> list[Path]:
    """Return the files; exit with 1 if the extra is missing or a path does not exist."""
    if not find_spec("vcr"):
        fail("vcrpy is not installed: pip install 'scout-adapters[testing]'")
    from scout_adapters.testing.replay.cassette_checks import find_cassettes  # noqa: PLC0415  # an extra

    for place in places or ():
        if not place.exists():
            fail(f"{place} does not exist", 2)
    return find_cassettes(places or [Path()])


@app.command(name="list")
def list_cassettes(places: Places = None, *, as_json: AsJson = False) -> None:
    """List cassettes: who answered, when, and which models; exit with 1 if one is unreadable."""
    files, unreadable = _read(_cassettes(places))
    rows = [_row(file) for file in files]
    if as_json:
        print_json({"cassettes": rows, "unreadable": unreadable})
    else:
        headings = ("cassette", "answered by", "recorded", "requests", "models", "test")
        cells = [[_cell(value) for value in row.values()] for row in rows]
        if cells:
            print_table(TableData(headings, cells, numbers=("requests",)))
        elif not unreadable:
            print_line("no cassettes: see docs/testing.md")
        for message in unreadable:
            print_error(message)
    if unreadable:
        raise typer.Exit(1)


def _read(paths: Sequence[Path]) -> tuple[list[CassetteFile], list[str]]:
    from scout_adapters.testing.replay.cassette_errors import CassetteUnreadable  # noqa: PLC0415  # an extra
    from scout_adapters.testing.replay.cassette_files import read_cassette  # noqa: PLC0415  # as above

    files, unreadable = [], []
    for path in paths:
        try:
            files.append(read_cassette(path))
        except CassetteUnreadable as error:
            unreadable.append(str(error))
    return files, unreadable


def _row(file: CassetteFile) -> dict[str, Any]:
    stamp = file.stamp
    return {
        "cassette": file.path,
        "answered_by": stamp.answered_by,
        "recorded_at": stamp.recorded_at,
        "requests": len(file.exchanges),
        "models": list(stamp.models),
        "test": stamp.test,
    }


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="A cassette.")], *, as_json: AsJson = False
) -> None:
    """Show the requests and answers of a cassette, in short."""
    files, unreadable = _read(_cassettes([path]))
    if unreadable:
        fail(unreadable[0])
    exchanges = [_exchange(number, *each) for number, each in enumerate(files[0].exchanges, 1)]
    if as_json:
        versions = dict(files[0].stamp.versions)
        print_json({**_row(files[0]), "versions": versions, "exchanges": exchanges})
        return
    for name, value in _row(files[0]).items():
        print_line(f"{name}: {_cell(value)}")
    for each in exchanges:
        print_line(f"{each['number']}  {each['method']} {each['address']}  {each['status']}")
        print_line(f"   request: {each['request']}")
        print_line(f"   answer:  {each['answer']}")


def _exchange(number: int, request: Any, response: Any) -> dict[str, Json]:
    return {
        "number": number,
        "method": request.method,
        "address": request.uri,
        "status": response["status"]["code"],
        "request": _excerpt(request.body),
        "answer": _excerpt(response["body"]["string"]),
    }


def _excerpt(body: bytes | None, most: int = 400) -> str:
    text = (body or b"").decode("utf-8", "replace")
    return text if len(text) <= most else f"{text[:most]}..."


@app.command()
def check(
    places: Places = None,
    max_days: Annotated[
        int | None, typer.Option("--max-age", min=1, help="Days; older live answers are reported.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Report cassettes with a key, of a gone test, unreadable or too old; exit with 1 for any."""
    paths = _cassettes(places)
    from scout_adapters.testing.replay.cassette_checks import check_cassette  # noqa: PLC0415  # an extra

    problems = [each for path in paths for each in check_cassette(path, max_days)]
    if as_json:
        found = [
            {"cassette": str(each.path), "kind": each.kind, "what": each.what} for each in problems
        ]
        print_json({"cassettes": len(paths), "problems": found})
    else:
        for each in problems:
            print_line(f"{each.path}: {each.what}")
        cassettes, wrong = counted(len(paths), "cassette"), counted(len(problems), "problem")
        print_line(f"{cassettes}, {wrong}")
    if problems:
        raise typer.Exit(1)


@app.command()
def redact(places: Places = None, *, as_json: AsJson = False) -> None:
    """Remove what looks like a key; exit with 1 if one cannot be removed. Revoke such keys, too."""
    paths = _cassettes(places)
    from scout_adapters.testing.replay.cassette_checks import redact_cassette  # noqa: PLC0415  # an extra
    from scout_adapters.testing.replay.cassette_errors import CassetteError  # noqa: PLC0415  # as above

    changed, failed = list[str](), list[str]()
    for path in paths:
        try:
            changed += [str(path)] if redact_cassette(path) else []
        except CassetteError as error:
            failed.append(str(error))
    if as_json:
        print_json({"changed": changed, "failed": failed})
    else:
        for name in changed:
            print_line(f"changed {name}")
        for message in failed:
            print_error(message)
        print_line(f"{len(changed)} of {counted(len(paths), 'cassette')} changed")
    if failed:
        raise typer.Exit(1)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def record(
    context: typer.Context,
    mode: Annotated[str, typer.Option(help="all, new or emulator.")] = "all",
) -> None:
    """Record the cassettes of tests again: runs pytest with the other arguments.

    As `scout-adapters cassettes record tests/test_agent.py -k weather`. Exits with pytest's code.
    """
    if mode not in {"all", "new", "emulator"}:
        fail(f"--mode {mode} is none of all, new, emulator", 2)
    if not find_spec("pytest"):
        fail("pytest is not installed: pip install pytest 'scout-adapters[testing]'")
    import pytest  # noqa: PLC0415  # only this command needs it

    plugin = [] if _is_loaded() else ["-p", PLUGIN]
    raise typer.Exit(int(pytest.main([*plugin, f"--scout-record={mode}", *context.args])))


def _is_loaded() -> bool:
    """Return whether pytest loads the plugin by itself."""
    registered = any(each.value == PLUGIN for each in entry_points(group="pytest11"))
    return registered and not os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
