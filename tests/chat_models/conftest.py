"""A model of each provider and of a route over an emulator, whose log the tests compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.testing import Emulator
from tests.chat_models.models import IDS, build
from tests.support.fake_http import ask, groq, providers, time, wire

__all__ = ["ask", "groq", "providers", "time", "wire"]

Make = Callable[..., ScoutChatModel]


@pytest.fixture
def served(emulator: Emulator) -> Iterator[Emulator]:
    """The same emulator, on a loopback socket."""
    with emulator.serve():
        yield emulator


@pytest.fixture(params=IDS)
def name(request: pytest.FixtureRequest) -> str:
    """One of the seven: a provider, or `router`."""
    return str(request.param)


@pytest.fixture
def make(name: str, emulator: Emulator) -> Make:
    """Make the model of that name with options; `served=True` connects over the loopback."""
    return lambda **options: build(name, emulator, **options)


@pytest.fixture
def model(make: Make) -> ScoutChatModel:
    """The model of that name, as it is without options, over the emulator in this process."""
    return make()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enable an audit log by an environment variable."""
    path = tmp_path / "audit.jsonl"
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(path))
    return path
