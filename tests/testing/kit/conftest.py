"""A user's project whose tests run in this process."""

from __future__ import annotations

import asyncio
from textwrap import dedent

import pytest

from scout_adapters import ScoutGroqChatModel
from scout_adapters.testing import Emulator
from scout_adapters.testing.chaos import mutated_cassette, recorded_answers
from scout_adapters.testing.isolation import emulator_session
from scout_adapters.testing.replay import cassette_session
from scout_adapters.testing.runs import recorded_run, request_snapshot, run_recorder

PLUGINS = (
    "-pno:scout_adapters",
    "-pscout_adapters.testing.pytest_plugin",
    "-ppytest_asyncio.plugin",
)

CHAIN = """
    import pytest
    from scout_adapters import *
    from scout_adapters.testing import *
"""


class KitProject:
    """A folder with a test module, and pytest runs in it."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester

    def run(self, code: str, *options: str) -> pytest.RunResult:
        """Write the module and run it."""
        (self.pytester.path / "test_chain.py").write_text(dedent(CHAIN) + dedent(code))
        return self.again(*options)

    def again(self, *options: str) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess(*PLUGINS, *options)


@pytest.fixture(scope="session")
def _loaded() -> None:
    """Import what models import on first use: pytester forgets what is first imported in a run."""
    assert all((cassette_session, emulator_session, recorded_run, request_snapshot))
    assert all((run_recorder, mutated_cassette, recorded_answers))
    model = ScoutGroqChatModel(api_key="k", transport=Emulator().transport())
    model.invoke("Hello")
    list(model.stream("Hello"))
    asyncio.run(model.ainvoke("Hello"))


@pytest.fixture
def kit(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, _loaded: None) -> KitProject:
    """Return an empty project; its runs load no other plugin than ours and pytest-asyncio."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini(
        """
        [pytest]
        asyncio_mode = auto
        asyncio_default_fixture_loop_scope = function
        addopts = --strict-markers
        filterwarnings = error
        """
    )
    return KitProject(pytester)
