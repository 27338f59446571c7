"""A model of each provider, and of a route, over an emulator whose log is the witness."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contracted import IDS, build

from scout_adapters.audit import _logs
from scout_adapters.chat_base import ScoutChatModel
from scout_adapters.chat_provider import _transports
from scout_adapters.llm import circuit_breaker, keys, pricing
from scout_adapters.llm.providers import registry
from scout_adapters.testing import Emulator

HERE = Path(__file__).parent

Make = Callable[..., ScoutChatModel]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:  # pytest shows every conftest the whole run
            item.add_marker(pytest.mark.block_network(allowed_hosts=["127.0.0.1"]))


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget the health, circuits and clients of other tests, and this machine's keys."""
    for name in os.environ:
        if name.endswith(("_API_KEY", "_API_KEYS", "_API_URL")) or name.startswith("SCOUT_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setattr(registry, "_special", {})
    yield
    keys._states.clear()
    circuit_breaker._breakers.clear()
    pricing.PRICING.clear()
    _transports.clear()
    _logs.clear()


@pytest.fixture
def emulator() -> Emulator:
    """All providers, in this process; its log is the witness."""
    return Emulator()


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
    """Make the model of that name with options; `served=True` asks over the loopback."""
    return lambda **options: build(name, emulator, **options)


@pytest.fixture
def model(make: Make) -> ScoutChatModel:
    """The model of that name, as it is without options, over the emulator in this process."""
    return make()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the environment ask for an audit log."""
    path = tmp_path / "audit.jsonl"
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(path))
    return path
