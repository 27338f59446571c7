"""A stage for every fault, and nothing left over from the one before."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
pytest.register_assert_rewrite("faultplay", *(path.stem for path in HERE.glob("faultcases_*.py")))
from faultplay import Play  # noqa: E402  # rewritten first
from faulttable import FAULTS, Fault  # noqa: E402  # what is rewritten comes first
from faultwitness import Overheard  # noqa: E402  # what is rewritten comes first

from scout_adapters import audit, chat_provider  # noqa: E402  # what is rewritten comes first
from scout_adapters.llm import circuit_breaker, keys, pricing  # noqa: E402  # as above
from scout_adapters.llm.providers import registry  # noqa: E402  # what is rewritten comes first


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "fault(number): plays that fault of the table")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have a test of a fault run in the verbs in which the table says that it can happen."""
    marker = metafunc.definition.get_closest_marker("fault")
    if marker and "verb" in metafunc.fixturenames and not marker.kwargs.get("verbs"):
        metafunc.parametrize("verb", FAULTS[marker.args[0]].verbs)


@pytest.fixture(autouse=True)
def noted(request: pytest.FixtureRequest, record_property: Callable[[str, Any], None]) -> None:
    """Tell the table which fault was played, and in which verb."""
    callspec = getattr(request.node, "callspec", None)
    known = callspec.params if callspec else {}
    marker = request.node.get_closest_marker("fault")
    fault: Fault | None = known.get("fault") or (marker and FAULTS[marker.args[0]])
    if fault:
        record_property("fault", [fault.number, known.get("verb", "")])


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Forget health, circuits, clients and prices; log to a file of the test's own."""
    for name in os.environ:
        if name.endswith(("_API_KEY", "_API_KEYS", "_API_URL")) or name.startswith("SCOUT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(tmp_path / "audit.jsonl"))
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setattr(registry, "_special", {})
    yield
    keys._states.clear()
    circuit_breaker._breakers.clear()
    pricing.PRICING.clear()
    chat_provider._transports.clear()
    for log in audit._logs.values():
        log.close()
    audit._logs.clear()


@pytest.fixture
def overheard(tmp_path: Path) -> Iterator[Overheard]:
    """Keep all that is logged and audited, to look for keys in it."""
    heard = Overheard(tmp_path / "audit.jsonl")
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    yield heard
    root.removeHandler(heard)
    root.setLevel(level)


@pytest.fixture
def play(overheard: Overheard) -> Callable[..., Play]:
    """Set a stage: an emulator, a clock that stands still, and a model that asks it."""

    def make(verb: str, **setting: Any) -> Play:
        return Play(verb, overheard, **setting)

    return make
