"""Every test has a cassette of its own; cassettes/README.md describes how to record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import langchain_tests.integration_tests.chat_models as suite
import pytest
from vcr.cassette import Cassette

from scout_adapters.testing import Emulator
from scout_adapters.testing.cassettes import StillEmulator, cassette, check_played
from tests.system.langchain_suite.cassette_paths import MODE, path_of
from tests.system.langchain_suite.standard import download

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def vcr(request: pytest.FixtureRequest) -> Iterator[Cassette | None]:
    """Put the test on its cassette, in the place of pytest-recording's fixture of that name."""
    if "loopback" in request.fixturenames:
        yield None
        return
    many = request.node.get_closest_marker("benchmark") is not None
    with cassette(path_of(request.node), check=False, repeats=many, source=MODE) as playing:
        yield playing


@pytest.fixture
def loopback() -> Iterator[Emulator]:
    """Serve the emulator on real sockets, for what cassettes cannot show."""
    emulator = Emulator()
    with emulator.serve():
        yield emulator


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """Fail a test that passed without asking for all of its cassette."""
    result = yield
    if MODE == "replay" and isinstance(playing := pyfuncitem.funcargs.get("vcr"), Cassette):
        check_played(playing)
    return result


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if MODE != "replay" and item.path.parent == HERE:  # a conftest is given the whole run
            # The suite records its benchmark by asking once, outside of the benchmark.
            item.add_marker(pytest.mark.filterwarnings("ignore:Benchmark fixture was not used"))


@pytest.fixture
def answering() -> dict[str, Any]:
    """Set up the emulator that is recorded; a module may say more."""
    return {}


@pytest.fixture
def network(answering: dict[str, Any]) -> dict[str, Any]:
    """Return the source of answers: a cassette with a placeholder key, or the live API."""
    match MODE:
        case "replay":
            return {"api_key": "nobodys"}
        case "emulator":
            return {"api_key": "nobodys", "transport": StillEmulator(**answering).transport()}
        case "live":
            return {}


@pytest.fixture(autouse=True)
def _no_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "httpx", type("Stub", (), {"get": staticmethod(download)}))
    monkeypatch.setenv("LANGCHAIN_TESTS_USER_AGENT", "scout-adapters")
