"""`scout-adapters profile`: what a model can do."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from scout_adapters.cli.console import console, fail
from scout_adapters.errors import ScoutError


def profile(
    model: Annotated[str, typer.Argument(help="provider/model, or several with commas.")],
) -> None:
    """Show what a model can do; of several, what one may rely on whichever of them answers."""
    from scout_adapters.chat_models.router import (  # noqa: PLC0415  # LangChain takes a second
        ScoutRouterChatModel,
    )

    try:
        features = ScoutRouterChatModel(models=model.split(",")).profile
    except ScoutError as error:
        fail(str(error))
    if features is None:
        console.print(f"nothing is known of {escape(model)}")
        raise typer.Exit(1)
    table = Table("key", "value")
    for name, value in sorted(features.items()):
        table.add_row(name, str(value))
    console.print(table)
