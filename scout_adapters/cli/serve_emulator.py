"""`scout-adapters emulator`: play all providers on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from scout_adapters.cli.console import console


def emulator(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port.")] = 8399,
) -> None:
    """Play all providers on this machine until interrupted, each below its own path."""
    from scout_adapters.testing import run  # noqa: PLC0415  # only this command needs it

    run(host, port, on_start=_print_address)


def _print_address(base: str) -> None:
    console.print(f"The emulator listens at {base}; for example")
    console.print(f"  GROQ_API_URL={base}/groq/openai/v1 GROQ_API_KEY=any-key python your_code.py")
