"""`scout-adapters route`: check a route file, and show which keys a call would use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scout_adapters.cli.console import AsJson, fail, print_error, print_line, print_text
from scout_adapters.cli.json_output import print_json

if TYPE_CHECKING:
    from scout_adapters.chat_models.router import ScoutRouterChatModel
    from scout_adapters.llm.router.explain import Explanation


def route(
    path: Annotated[str, typer.Argument(help="The route file.")] = "",
    *,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of route files.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a route file, and show which keys a call would use now; nothing is sent.

    Exits with 1 if the file has an error, a reference has no key, or no model of a route has one.
    """
    from scout_adapters.route_files import route_schema  # noqa: PLC0415  # loads pydantic

    if schema:
        typer.echo(json.dumps(json.loads(route_schema()), indent=2))
        return
    if not path:
        fail("name a route file, or --schema", code=2)
    _check(path, as_json=as_json)


def _check(path: str, *, as_json: bool) -> None:
    plans, unreadable = route_plans(path), [*unreadable_keys(path)]
    if as_json:
        routes = [_as_dict(*plan) for plan in plans]
        print_json({"file": path, "routes": routes, "unreadable": unreadable})
    else:
        for name, router, plan in plans:
            _print_plan(name or path, router, plan)
        for text in unreadable:
            print_error(text)
    if unreadable or any(plan.chosen is None for _, _, plan in plans):
        raise typer.Exit(1)


def _print_plan(name: str, router: ScoutRouterChatModel, plan: Explanation) -> None:
    print_line((name, "bold"), f": {', '.join(router.candidates)}")
    print_text(str(plan))


def _as_dict(name: str, router: ScoutRouterChatModel, plan: Explanation) -> dict[str, Any]:
    return {"route": name, "models": router.candidates, "attempts": plan.as_dicts()}


def route_plans(path: str) -> list[tuple[str, ScoutRouterChatModel, Explanation]]:
    """Return each route of a file by name, as a router, and what a short call would do now."""
    from scout_adapters.chat_models.router import (  # noqa: PLC0415  # LangChain takes a second
        ScoutRouterChatModel,
    )

    model = ScoutRouterChatModel.from_file(path)
    return [(name, router, router.explain("Hello")) for name, router in model.file_routes.items()]


def unreadable_keys(path: str) -> Iterator[str]:
    """Yield each `env:NAME` and `file:/path` of a route file that has no key, with its line."""
    from scout_adapters.chat_models.route_building import keys_in  # noqa: PLC0415  # LangChain
    from scout_adapters.route_files import parse_route, read_text  # noqa: PLC0415  # pydantic

    document, parsed = parse_route(read_text(Path(path)), path)
    for name, section in document.route_sections().items():
        base: tuple[str | int, ...] = ("routes", name) if name else ()
        for index, entry in enumerate(section.models):
            for field in () if isinstance(entry, str) else ("api_key", "api_keys"):
                line = parsed.line((*base, "models", index, field))
                for key in keys_in(getattr(entry, field)):
                    if reason := _reason(key.strip()):
                        yield f"{path}, line {line}: {key.strip()} {reason}"


def _reason(key: str) -> str:
    """Return why a reference has no key; empty for one that has, and for a key itself."""
    from scout_adapters.llm.health.key_texts import ENV, FILE  # noqa: PLC0415  # for this command
    from scout_adapters.llm.health.source_readers import (  # noqa: PLC0415  # as above
        FileReader,
        VariableReader,
    )
    from scout_adapters.llm.health.source_values import BadSourceValue  # noqa: PLC0415  # as above

    if not key.startswith((ENV, FILE)):
        return ""
    is_file = key.startswith(FILE)
    reader = FileReader(key[len(FILE) :]) if is_file else VariableReader(key[len(ENV) :])
    try:
        reader.read(again=True)
    except BadSourceValue as error:
        return str(error)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return ""
