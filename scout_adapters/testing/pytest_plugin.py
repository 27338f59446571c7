"""The pytest plugin: `scout_cassette`, `scout_emulator`, `scout_run`, no live calls.

Installed with the package. `docs/testing.md` describes what it offers; `-p no:scout_adapters`
switches it off. Each part is a module of `plugin/` with a function `add_options` and hooks.

PYTEST_DONT_REWRITE: no assertion is in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scout_adapters.testing.plugin import (
    cassette_fixture,
    chaos_run,
    emulator_fixture,
    fault_marker,
    live_call_guard,
    run_fixture,
)

if TYPE_CHECKING:
    import pytest

PARTS = (cassette_fixture, emulator_fixture, fault_marker, run_fixture, chaos_run, live_call_guard)
"""The hooks of the last part run first at the start of a test, and last at its end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of every part."""
    group = parser.getgroup("scout_adapters", "scout-adapters: cassettes and emulated providers")
    for part in PARTS:
        part.add_options(parser, group)


def pytest_configure(config: pytest.Config) -> None:
    """Register the hooks and fixtures of every part."""
    for part in PARTS:
        if not config.pluginmanager.is_registered(part):
            config.pluginmanager.register(part, part.__name__)
