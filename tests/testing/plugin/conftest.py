"""A user's project, whose tests are run in this process without sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from textwrap import dedent

import pytest

from scout_adapters import ScoutGroqChatModel
from scout_adapters.testing.cassettes import cassette
from scout_adapters.testing.replay import cassette_session

PLUGINS = (
    "-p",
    "no:scout_adapters",
    "-p",
    "scout_adapters.testing.pytest_plugin",
    "-p",
    "pytest_asyncio.plugin",
)
"""The plugin by its module, whether or not the package is installed."""

CHAIN = """
    import pytest
    from scout_adapters import ScoutAnthropicChatModel, ScoutGroqChatModel

    pytestmark = pytest.mark.scout_cassette
"""


class Project:
    """A folder with tests, and pytest runs in it."""

    def __init__(self, pytester: pytest.Pytester, patch: pytest.MonkeyPatch) -> None:
        self.setenv = patch.setenv
        self.pytester = pytester
        self.folder = pytester.path

    def write(self, code: str, name: str = "test_chain", *, chain: bool = True) -> Path:
        """Write a test module; by default with models and the marker on every test."""
        path = self.folder / f"{name}.py"
        path.write_text((dedent(CHAIN) if chain else "") + dedent(code))
        return path

    def run(self, *options: str) -> pytest.RunResult:
        return self.pytester.runpytest_inprocess(*PLUGINS, *options)

    def record(self, *options: str) -> pytest.RunResult:
        return self.run("--scout-record=emulator", *options)

    def cassette(self, test: str, module: str = "test_chain") -> Path:
        return self.folder / "cassettes" / module / f"{test}.yaml"

    def replace(self, test: str, old: str, new: str) -> None:
        """Edit a cassette."""
        path = self.cassette(test)
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


@pytest.fixture(scope="session")
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Import what models import on first use: pytester forgets what is first imported in a run."""
    assert cassette_session
    path = tmp_path_factory.mktemp("loaded") / "any.yaml"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCOUT_RECORD", "emulator")
        with cassette(path):
            model = ScoutGroqChatModel(api_key="k")
            model.invoke("Hello")
            list(model.stream("Hello"))
            asyncio.run(model.ainvoke("Hello"))


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, _loaded: None) -> Project:
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
    return Project(pytester, monkeypatch)
