"""`scout-adapters migrate`: LiteLLM's configuration as a route file, and code with our models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scout_adapters._internal.redaction import mask_secrets
from scout_adapters.cli.console import AsJson, fail, print_error, print_line, print_text
from scout_adapters.cli.json_output import print_json

if TYPE_CHECKING:
    from scout_adapters.code_migration import CodeMigration
    from scout_adapters.migration import Migration


def migrate(
    config: Annotated[str | None, typer.Argument(help="LiteLLM's config.yaml.")] = None,
    *,
    code: Annotated[
        str | None,
        typer.Option(help="A folder or file of Python code: print the calls that would change."),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="With --code: change the files.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print a LiteLLM configuration as a route file; on stderr, what has no equal here.

    With --code, print the calls of chat models of LangChain's packages and LiteLLM, each with the
    one of this package. Exits with 1 if the configuration or a file of code cannot be used.
    """
    if (config is None) == (code is None) or (write and code is None):
        fail("name a configuration, or a folder by --code; --write goes with --code", 2)
    if code is not None:
        _migrate_code(code, write=write, as_json=as_json)
    elif config is not None:
        _migrate_config(config, as_json=as_json)


def _migrate_config(config: str, *, as_json: bool) -> None:
    migration = usable_migration(config)
    if as_json:
        unmapped = [
            {"setting": note.setting, "message": note.message, "place": note.place or None}
            for note in migration.notes
        ]
        print_json({"file": config, "route": migration.document, "unmapped": unmapped})
        return
    import yaml  # noqa: PLC0415  # for this command alone

    for note in migration.notes:
        print_error(str(note))
    plain = json.loads(json.dumps(migration.document))  # without shared parts, which become aliases
    print_text(yaml.safe_dump(plain, sort_keys=False, width=100), end="")


def _migrate_code(code: str, *, write: bool, as_json: bool) -> None:
    from scout_adapters.code_migration import (  # noqa: PLC0415  # LangChain takes a second
        migrate_code,
    )

    files = [_written(found) if write else found for found in migrate_code(code)]
    if as_json:
        print_json({"code": code, "written": write, "files": [_as_json(file) for file in files]})
    else:
        for file in files:
            for line in _lines(file):
                print_text(line)
            if file.problem:
                print_error(f"{file.path} {file.problem}")
        made = sum(change.is_made for file in files for change in file.changes)
        kept = sum(not change.is_made for file in files for change in file.changes)
        print_line(f"{made} calls {'changed' if write else 'would change'}, {kept} stay")
    if any(file.problem for file in files):
        raise typer.Exit(1)


def _written(found: CodeMigration) -> CodeMigration:
    """Write a file's changes; return it with the reason if it cannot be written."""
    from dataclasses import replace  # noqa: PLC0415  # for this command alone

    from scout_adapters.code_migration import write_code  # noqa: PLC0415  # as above

    if not found.has_edits:
        return found
    return replace(found, problem=write_code(found))


def _lines(file: CodeMigration) -> Iterator[str]:
    for change in file.changes:
        yield f"{file.path}:{change.line}"
        yield _marked("-", change.before)
        if change.is_made:
            yield _marked("+", change.after)
        for note in change.notes:
            yield f"  {'note' if change.is_made else 'stays'}: {note}"


def _marked(mark: str, text: str) -> str:
    return "\n".join(f"  {mark} {line}" for line in mask_secrets(text).splitlines())


def _as_json(file: CodeMigration) -> dict[str, Any]:
    changes = [
        {
            "line": change.line,
            "before": mask_secrets(change.before),
            "after": mask_secrets(change.after) if change.is_made else None,
            "notes": list(change.notes),
        }
        for change in file.changes
    ]
    return {"file": str(file.path), "problem": file.problem or None, "changes": changes}


def usable_migration(config: str) -> Migration:
    """Return a configuration without its keys, after the routers have been made with them.

    Raises: `ConfigurationError` if they cannot be made.
    """
    from scout_adapters.chat_models.route_loading import (  # noqa: PLC0415  # LangChain takes a second
        load_migration,
    )
    from scout_adapters.chat_models.router import ScoutRouterChatModel  # noqa: PLC0415  # as above
    from scout_adapters.migration import (  # noqa: PLC0415  # as above
        migrate_litellm,
        read_litellm,
        without_keys,
    )

    migration = migrate_litellm(read_litellm(config))
    first = next(iter(migration.document["routes"])).replace("*", "any")
    load_migration(ScoutRouterChatModel, migration.document, config, first, {})
    return without_keys(migration)
