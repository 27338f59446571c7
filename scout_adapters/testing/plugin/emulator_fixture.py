"""The fixtures `scout_emulator` and `scout_clock`: emulated providers, and time without waiting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scout_adapters.testing.plugin.record_mode import MARKER as CASSETTE
from scout_adapters.testing.replay.cassette_paths import cassette_path, shown_path
from scout_adapters.testing.replay.named_failure import fail_by_name

if TYPE_CHECKING:
    from scout_adapters.testing.chaos.chaos_fault import ChaosFault
    from scout_adapters.testing.chaos.fault_injection import FaultInjection
    from scout_adapters.testing.emulator.emulator import Emulator
    from scout_adapters.testing.isolation.virtual_time import VirtualTime

EMULATOR = "scout_emulator"
EMULATOR_HELP = (
    "scout_emulator(keys=None, down=(), served=False, real_time=False): the emulator answers for"
    " all providers; keys={'groq': 2} sets two keys, down=['groq'] makes a provider fail"
)

emulator_key = pytest.StashKey["Emulator"]()
clock_key = pytest.StashKey["VirtualTime"]()


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
    except BaseException as error:  # raised again, with the script's part of the message
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


def injection_of(item: pytest.Item, fault: ChaosFault, clock: VirtualTime) -> FaultInjection:
    """Return a fault, ready for the first request of a test or a later one."""
    from scout_adapters.testing.chaos.fault_injection import FaultInjection

    markers = (item.get_closest_marker(name) for name in ("scout_faults", "scout_chaos"))
    at = next((marker.kwargs["at"] for marker in markers if marker and "at" in marker.kwargs), 1)
    return FaultInjection(fault, clock.now, at)


def recorded_path(item: Any) -> Path:
    """Return the cassette of a test as it is without its fault and its side."""
    marker = item.get_closest_marker(CASSETTE)
    name = marker.kwargs.get("name", *marker.args[:1])
    test = item.nodeid.partition("::")[2].replace("::", ".").partition("[")[0]
    others = "-".join(
        str(value)
        for parameter, value in item.callspec.params.items()
        if not parameter.startswith("scout_")
    )
    path = cassette_path(item.path, f"{test}[{others}]" if others else test, name)
    if not path.is_file():
        shown = shown_path(path, item.config.rootpath)
        fail_by_name(f"{shown} is missing: record it by pytest --scout-record=all")
    return path


@pytest.fixture
def scout_clock() -> VirtualTime:
    """Return the clock of `scout_emulator`: `waits` are the seconds that calls would have slept."""
    from scout_adapters.testing.isolation.virtual_time import VirtualTime  # see the package

    return VirtualTime()


@pytest.fixture
def scout_emulator(
    request: pytest.FixtureRequest, scout_clock: VirtualTime, scout_fault: ChaosFault | None
) -> Iterator[Emulator]:
    """Let the emulator answer for all providers; yield it, for `on`, `script`, `keys` and `log`."""
    from scout_adapters.testing.isolation.emulator_session import (  # as above
        EmulatorSettings,
        emulator_session,
    )

    marker = request.node.get_closest_marker(EMULATOR)
    options = dict(marker.kwargs) if marker else {}
    is_varied = "scout_fault" in getattr(getattr(request.node, "callspec", None), "params", ())
    if is_varied and request.node.get_closest_marker(CASSETTE):
        options["recorded"] = recorded_path(request.node)
    settings = EmulatorSettings(**options)
    with emulator_session(settings, scout_clock, everywhere=is_varied) as emulator:
        if scout_fault is not None:
            emulator.injection = injection_of(request.node, scout_fault, scout_clock)
        request.node.stash[emulator_key], request.node.stash[clock_key] = emulator, scout_clock
        yield emulator
        del request.node.stash[emulator_key]
