"""The marker `scout_faults`: a test under each of some faults."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from scout_adapters.testing.plugin.emulator_fixture import EMULATOR, emulator_key

if TYPE_CHECKING:
    from scout_adapters.testing.chaos.chaos_fault import ChaosFault

FAULTS = "scout_faults"
FAULT = "scout_fault"
FAULTS_HELP = (
    "scout_faults(which='all', at=1): run a test under each fault, by numbers, parts of names or"
    " faults of scout_adapters.testing; the request number `at` is hit first"
)

TOO_FEW = "the test sends too few requests"

first_requests: dict[Hashable, tuple[str, bool]] = {}
"""By test: the provider of the request that faults begin with, and whether it is streamed."""


def add_options(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add no option."""


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", FAULTS_HELP)


def has_fault(item: pytest.Item) -> bool:
    """Return whether a test runs under a fault."""
    return FAULT in getattr(getattr(item, "callspec", None), "params", ())


def is_recording(config: pytest.Config) -> bool:
    """Return whether cassettes are written: tests then run without faults."""
    return config.getoption("--scout-record", None) not in {None, "none"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a test that has the marker `scout_faults`: it runs once under each fault.

    Does nothing for other tests, or while cassettes are recorded.
    """
    marker = metafunc.definition.get_closest_marker(FAULTS)
    if marker is None or is_recording(metafunc.config):
        return
    from scout_adapters.testing.chaos.fault_list import select_faults

    which = marker.args[0] if marker.args else marker.kwargs.get("which", "all")
    faults = select_faults(which)
    if FAULT not in metafunc.fixturenames:
        metafunc.fixturenames.append(FAULT)
    metafunc.parametrize(FAULT, faults, ids=[fault.id for fault in faults], indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Give tests under a fault the emulator, before their own fixtures."""
    if has_fault(item):
        names: list[str] = getattr(item, "fixturenames", [])
        if EMULATOR not in names:
            names.insert(0, EMULATOR)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[Any]:
    """Skip a test whose requests the fault cannot hit, as far as an earlier run shows before it."""
    emulator = item.stash.get(emulator_key, None)
    injection = emulator.injection if emulator is not None else None
    if injection is None:
        return (yield)
    test, fault = _test_without_fault(item), injection.fault
    if reason := fault.obstacle_to(first_requests.get(test)):
        pytest.skip(f"fault {fault.id}: {reason}")
    try:
        result = yield
    finally:
        if injection.first:
            first_requests[test] = injection.first
    if reason := injection.obstacle or ("" if injection.played else TOO_FEW):
        pytest.skip(f"fault {fault.id}: {reason}")
    return result


def _test_without_fault(item: pytest.Item) -> Hashable:
    """Return what names a test with its parameters and its side, whatever its fault.

    Values of parameters live as long as the tests, and are the same objects in each of them.
    """
    parameters: dict[str, Any] = item.callspec.params  # type: ignore[attr-defined]  # of parametrised tests
    others = ((name, id(value)) for name, value in parameters.items() if name != FAULT)
    return item.nodeid.partition("[")[0], *others


@pytest.fixture
def scout_fault(request: pytest.FixtureRequest) -> ChaosFault | None:
    """Return the fault that this run of a test is under; None without one."""
    return getattr(request, "param", None)
