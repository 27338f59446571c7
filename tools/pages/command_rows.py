"""The commands of `scout-adapters` and their options, made from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import typer

from scout_adapters.cli import app
from tools.pages.markdown_table import code, table

HEADER = ("argument or option", "what it is")


def command_list() -> str:
    """Return a heading, the description and a table for each command."""
    return "\n".join(_described("scout-adapters", typer.main.get_command(app)))


def _described(name: str, command: Any) -> Iterator[str]:
    for short, inner in sorted(getattr(command, "commands", {}).items()):
        full = f"{name} {short}"
        if not hasattr(inner, "commands") or inner.invoke_without_command:
            yield f"## {full.removeprefix('scout-adapters ')}\n\n{inner.help or ''}\n"
            yield table(HEADER, map(_row, inner.params))
        yield from _described(full, inner)


def _row(parameter: Any) -> tuple[str, str]:
    is_option = parameter.param_type_name == "option"
    names = ", ".join(parameter.opts) if is_option else f"{parameter.name}"
    return code(" ".join([names, *_values(parameter)])), getattr(parameter, "help", None) or ""


def _values(parameter: Any) -> list[str]:
    """Return the values that an option accepts, if they are few."""
    accepted = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
    is_choice = isinstance(accepted, type) and issubclass(accepted, Enum)
    return [" or ".join(str(choice.value) for choice in accepted)] if is_choice else []
