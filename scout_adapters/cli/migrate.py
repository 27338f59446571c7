"""`scout-adapters migrate`: a LiteLLM configuration as a route file, and what has no equal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from scout_adapters.cli.console import AsJson, print_error, print_text
from scout_adapters.cli.json_output import print_json

if TYPE_CHECKING:
    from scout_adapters.migration import Migration


def migrate(
    config: Annotated[str, typer.Argument(help="LiteLLM's config.yaml.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Print a LiteLLM configuration as a route file; on stderr, what has no equal here.

    Exits with 1 if the configuration cannot be used.
    """
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
