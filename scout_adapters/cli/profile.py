"""`scout-adapters profile`: what a model can do."""

from __future__ import annotations

from typing import Annotated

import typer

from scout_adapters.cli.console import AsJson, fail
from scout_adapters.cli.json_output import print_json
from scout_adapters.cli.tables import TableData, print_table


def profile(
    model: Annotated[str, typer.Argument(help="provider/model, or several with commas.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show what a model can do; of several, what one may rely on whichever of them answers."""
    from scout_adapters.chat_models.router import (  # noqa: PLC0415  # LangChain takes a second
        ScoutRouterChatModel,
    )

    features = ScoutRouterChatModel(models=model.split(",")).profile
    if features is None:
        fail(f"nothing is known of {model}")
    if as_json:
        print_json({"model": model, "profile": dict(sorted(features.items()))})
    else:
        rows = [(name, str(value)) for name, value in sorted(features.items())]
        print_table(TableData(("key", "value"), rows))
