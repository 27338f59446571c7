"""Route files over a served emulator: what their tests write, and the keys that they name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scout_adapters.testing import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(keys={"groq": {"k-groq": None}, "openai": {"k-openai": None}})
    with emulator.serve():
        yield emulator


@pytest.fixture(autouse=True)
def keys_of_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_OF_GROQ", "k-groq")
    monkeypatch.setenv("KEY_OF_OPENAI", "k-openai")


def entry(emulator: Emulator, provider: str, model: str, **options: Any) -> dict[str, Any]:
    key = f"env:KEY_OF_{provider.upper()}"
    return {
        "model": f"{provider}/{model}",
        "api_key": key,
        "base_url": emulator.url(provider),
        **options,
    }


def write(path: Path, **sections: Any) -> Path:
    path.write_text(json.dumps(sections))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "route.yaml"
