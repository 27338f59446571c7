"""Code bases run before and after their migration, against the emulator."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from scout_adapters.code_migration import rewrite
from scout_adapters.testing import Emulator

FOLDER = Path(__file__).parent / "code"


def variables(emulator: Emulator) -> dict[str, str]:
    """Return the variables that the code reads."""
    providers = ("openai", "groq", "google", "anthropic")
    return {f"URL_OF_{name.upper()}": emulator.url(name) for name in providers}


def before_and_after(name: str, emulator: Emulator) -> list[Any]:
    """Return answers and requests of a code base as it is, then as it is rewritten."""
    code = (FOLDER / f"{name}.py").read_bytes()
    outcomes = []
    for data in (code, rewrite(code).data):
        emulator.clear()
        module = ModuleType(name)
        exec(compile(data, name, "exec"), module.__dict__)  # a file of this folder
        outcomes.append((module.answers(), requests_of(emulator)))
    return outcomes


def requests_of(emulator: Emulator) -> list[tuple[Any, ...]]:
    return [
        (
            *(exchange.provider, exchange.model, exchange.key, exchange.headers.get("x-team")),
            *(exchange.body.get("temperature"), exchange.body.get("messages")),
        )
        for exchange in emulator.log
    ]
