"""`scout-adapters emulator`: play all providers on this machine."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from scout_adapters.cli.console import AsJson, fail, print_line
from scout_adapters.cli.json_output import print_json

MAX_PORT = 65_535


def emulator(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 for any that is free.")] = 8399,
    *,
    as_json: AsJson = False,
) -> None:
    """Play all providers on this machine until interrupted, each below its own path."""
    from scout_adapters.testing import run  # noqa: PLC0415  # only this command needs it

    if not 0 <= port <= MAX_PORT:
        fail(f"port {port} does not exist: choose one from 0 to {MAX_PORT}")
    if not host.strip():  # a socket would listen at all addresses of the machine
        fail(f"the emulator cannot listen at {host} port {port}: name an address, as 127.0.0.1")
    try:
        run(host, port, on_start=_print_as_json if as_json else _print_address)
    except (OSError, ValueError) as error:  # ValueError: the host is no name
        fail(f"the emulator cannot listen at {host} port {port}: {_reason(error)}")


def _reason(error: OSError | ValueError) -> str:
    if not isinstance(error, OSError):
        return str(error)
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)  # asyncio's own text repeats the address
    return error.strerror or str(error)  # a name that was not found


def _print_address(base: str) -> None:
    print_line(f"The emulator listens at {base}; for example")
    print_line(f"  GROQ_API_URL={base}/groq/openai/v1 GROQ_API_KEY=any-key python your_code.py")


def _print_as_json(base: str) -> None:
    print_json({"url": base})
