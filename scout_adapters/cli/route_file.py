"""`scout-adapters route`: check a route file, and show which keys a call would use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scout_adapters.cli.console import AsJson, fail, print_line, print_text
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
    """Check a route file, and show which keys a call would use now; nothing is sent."""
    from scout_adapters.route_files import route_schema  # noqa: PLC0415  # loads pydantic

    if schema:
        typer.echo(json.dumps(json.loads(route_schema()), indent=2))
        return
    if not path:
        fail("name a route file, or --schema", code=2)
    plans = route_plans(path)
    if as_json:
        print_json({"file": path, "routes": [_as_dict(*plan) for plan in plans]})
        return
    for name, router, plan in plans:
        print_line((f"{name or path}", "bold"), f": {', '.join(router.candidates)}")
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
