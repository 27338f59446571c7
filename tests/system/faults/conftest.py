"""A stage for every fault, and nothing left over from the one before."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.network_guard import allow_network, block_network
from tests.support.redis_server import redis, shared_server
from tests.system.faults.catalogue import FAULTS, Fault
from tests.system.faults.play import Play
from tests.system.faults.witness import Overheard

__all__ = ["redis", "shared_server"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(number): plays that fault of the table")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test of a fault in each verb that the table lists for it."""
    marker = metafunc.definition.get_closest_marker("fault")
    if marker and "verb" in metafunc.fixturenames and not marker.kwargs.get("verbs"):
        metafunc.parametrize("verb", FAULTS[marker.args[0]].verbs)


@pytest.fixture(autouse=True)
def _network() -> Iterator[None]:
    """Allow connections to addresses at which nothing answers."""
    allow_network()
    yield
    block_network()


@pytest.fixture(autouse=True)
def noted(request: pytest.FixtureRequest, record_property: Callable[[str, Any], None]) -> None:
    """Record for the table which fault was played, and in which verb."""
    callspec = getattr(request.node, "callspec", None)
    params = callspec.params if callspec else {}
    marker = request.node.get_closest_marker("fault")
    fault: Fault | None = params.get("fault") or (marker and FAULTS[marker.args[0]])
    if fault:
        record_property("fault", [fault.number, params.get("verb", "")])


@pytest.fixture(autouse=True)
def _log(reset: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have every call audited, in a file of the test's own."""
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(tmp_path / "audit.jsonl"))


@pytest.fixture
def overheard(tmp_path: Path) -> Iterator[Overheard]:
    """Keep all that is logged and audited, to look for keys in it."""
    overheard_all = Overheard(tmp_path / "audit.jsonl")
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(overheard_all)
    root.setLevel(logging.DEBUG)
    yield overheard_all
    root.removeHandler(overheard_all)
    root.setLevel(level)


@pytest.fixture
def play(overheard: Overheard) -> Callable[..., Play]:
    """Set up an emulator, a clock that stands still, and a model."""

    def make(verb: str, **setting: Any) -> Play:
        return Play(verb, overheard, **setting)

    return make
