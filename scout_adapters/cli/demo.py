"""`scout-adapters demo`: real LangChain code past dead keys and a dead provider."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scout_adapters.cli.console import check_log, console


def demo(
    *,
    live: Annotated[bool, typer.Option(help="Call the real providers, with your keys.")] = False,
    audit: Annotated[Path, typer.Option(help="Where the audit log goes.")] = Path(
        "scout-demo-audit.jsonl"
    ),
) -> None:
    """Run a chain, a tool call, a structured output and a batch past dead keys and providers."""
    check_log(audit)
    from scout_adapters.cli import demo_script  # noqa: PLC0415  # LangChain's prompts take a second

    demo_script.run(console, live=live, audit_path=audit)
