"""What holds for every test: no network but the loopback, and nothing left in the process."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

HERE = Path(__file__).parent
PACKAGES = sorted(f"tests.{path.parent.name}" for path in HERE.glob("*/__init__.py"))
# A program of `tools` that runs pytest itself has imported some of them before.
pytest.register_assert_rewrite(*(name for name in PACKAGES if name not in sys.modules))

from scout_adapters.llm.transport import pool  # noqa: E402  # after the line that rewrites
from tests.support.clock import Wall  # noqa: E402  # after the line that rewrites
from tests.support.emulator import emulator  # noqa: E402  # after the line that rewrites
from tests.support.interruption import (  # noqa: E402  # after the line that rewrites
    forget_handled,
)
from tests.support.network_guard import (  # noqa: E402  # after the line that rewrites
    allow_network,
    block_network,
    renew_block,
)
from tests.support.paths import AUTHORITY  # noqa: E402  # after the line that rewrites
from tests.support.reset import LIVE, reset  # noqa: E402  # after the line that rewrites
from tests.support.warm_process import (  # noqa: E402  # after the line that rewrites
    BARE,
    WarmProcess,
)

__all__ = ["emulator", "reset"]

# How long an example takes depends on what else the machine does. The examples are the same in
# every run; `pytest --hypothesis-profile=default` draws others.
settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


AROUND = ("BUILD_NUMBER", "CI", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "PYTEST_ADDOPTS", "PY_COLORS")
AROUND += ("TTY_COMPATIBLE", "TTY_INTERACTIVE")
"""Variables of the run around, with which pytest and rich print other lines."""

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
TRACERS = ("LANGCHAIN_", "LANGFUSE_", "LANGSMITH_", "OTEL_")
"""Beginnings of variables that lead calls of tests elsewhere, or change what they record."""

_around = pytest.MonkeyPatch()


def pytest_sessionstart() -> None:
    for name in AROUND:
        _around.delenv(name, raising=False)
    gc.set_threshold(50_000, 20, 50)  # collections took a twentieth of the time of all tests
    block_network()
    if not LIVE:
        tracing = [name for name in os.environ if name.startswith(TRACERS)]
        for name in (*PROXIES, *map(str.lower, PROXIES), *tracing):
            _around.delenv(name, raising=False)
        # Each client of httpx reads all authorities that there are, which takes 30 ms: here one.
        os.environ["SSL_CERT_FILE"] = str(AUTHORITY)


def pytest_runtest_setup() -> None:
    renew_block()
    forget_handled()


def pytest_sessionfinish() -> None:
    _around.undo()
    allow_network()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many blocks of code of the documentation were executed."""
    reports = terminalreporter.getreports("passed")
    blocks = [
        count for report in reports for name, count in report.user_properties if name == "blocks"
    ]
    if blocks:
        terminalreporter.write_line(f"{sum(blocks)} blocks of code in {len(blocks)} pages executed")


class _Frozen:
    """Number of modules when the garbage collector last excluded what is alive."""

    modules = 0


def _freeze() -> None:
    gc.collect()
    gc.freeze()
    _Frozen.modules = len(sys.modules)


def pytest_collection_finish() -> None:
    """Exclude what collection made from garbage collection: it lives as long as the process."""
    _freeze()


@pytest.fixture(scope="module", autouse=True)
def _freeze_imports() -> Iterator[None]:
    """Do the same with packages that tests import later: LiteLLM doubled the time of all others."""
    yield
    if len(sys.modules) > _Frozen.modules + 50:
        _freeze()


OPENED = (
    ("scout_adapters.store.redis_store", "_stores"),
    ("scout_adapters.budget.unsent_calls", "_queues"),
)
"""Modules, and what each has opened."""


@pytest.fixture(scope="module", autouse=True)
def _close_stores() -> Iterator[None]:
    """End the threads of stores that a module has opened: they would go on looking for a server."""
    yield
    for module, name in OPENED:
        for opened in tuple(getattr(sys.modules.get(module), name, ())):
            opened.close()


@pytest.fixture(params=["httpx", "aiohttp"])
def carried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with the extra `aiohttp` and, as if it were not installed, without it."""
    if request.param == "httpx":
        monkeypatch.setattr(pool, "has_aiohttp", lambda: False)
    return str(request.param)


@pytest.fixture(scope="session")
def bare() -> Iterator[WarmProcess]:
    """Start a process that has imported other packages, and nothing of ours."""
    with WarmProcess(*BARE) as process:
        yield process


@pytest.fixture
def wall() -> Wall:
    """Return a wall clock that the test sets."""
    return Wall()
