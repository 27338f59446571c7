"""The fixtures `scout_emulator` and `scout_clock`: emulated providers, and time without waiting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from scout_adapters.testing.emulator.emulator import Emulator
    from scout_adapters.testing.virtual_time import VirtualTime

EMULATOR = "scout_emulator"
EMULATOR_HELP = (
    "scout_emulator(keys=None, down=(), served=False, real_time=False): the emulator answers for"
    " all providers; keys={'groq': 2} sets two keys, down=['groq'] makes a provider fail"
)

emulator_key = pytest.StashKey["Emulator"]()


def add_options(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add no option."""


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", EMULATOR_HELP)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give tests with the marker the fixture of the same name, before their own fixtures."""
    names = getattr(item, "fixturenames", None)
    if names is not None and EMULATOR not in names and item.get_closest_marker(EMULATOR):
        names.insert(0, EMULATOR)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[Any]:
    """Fail a test with requests that no rule of its script answers, or with unused rules."""
    try:
        result = yield
    except BaseException as error:
        if emulator := item.stash.get(emulator_key, None):
            _add_note(error, emulator)
        raise
    if emulator := item.stash.get(emulator_key, None):
        emulator.check()
    return result


def _add_note(error: BaseException, emulator: Emulator) -> None:
    """Add the requests without a rule, which may be the reason of a failure."""
    try:
        emulator.check()
    except AssertionError as reason:
        error.add_note(str(reason))


@pytest.fixture
def scout_clock() -> VirtualTime:
    """Return the clock of `scout_emulator`: `waits` are the seconds that calls would have slept."""
    from scout_adapters.testing.virtual_time import VirtualTime  # see the package

    return VirtualTime()


@pytest.fixture
def scout_emulator(request: pytest.FixtureRequest, scout_clock: VirtualTime) -> Iterator[Emulator]:
    """Let the emulator answer for all providers; yield it, for `on`, `script`, `keys` and `log`."""
    from scout_adapters.testing.emulator_session import (  # as above
        EmulatorSettings,
        emulator_session,
    )

    marker = request.node.get_closest_marker(EMULATOR)
    settings = EmulatorSettings(**(marker.kwargs if marker else {}))
    with emulator_session(settings, scout_clock) as emulator:
        request.node.stash[emulator_key] = emulator
        yield emulator
        del request.node.stash[emulator_key]
