"""No live calls: in tests with a marker or fixture of ours, or in all tests by an option."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from scout_adapters.testing.plugin.record_mode import mode_of, uses_cassette
from scout_adapters.testing.replay.named_failure import fail_by_name

BLOCK_HELP = "fail tests that send a request to a real provider; also the ini option of that name"
PREFIX = "scout_"
LATE = "scout_late_requests"
"""The name under which a worker of pytest-xdist hands late requests on."""

threads_key = pytest.StashKey[set[threading.Thread]]()
block_key = pytest.StashKey[ExitStack]()
blocked_key = pytest.StashKey[list[Any]]()
late_key = pytest.StashKey[list[str]]()


def add_options(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add `--scout-block-live` and the ini option `scout_block_live`."""
    group.addoption("--scout-block-live", action="store_true", default=False, help=BLOCK_HELP)
    parser.addini("scout_block_live", BLOCK_HELP, type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and a list of requests that came too late."""
    config.addinivalue_line("markers", "scout_live: a test that may call real providers")
    config.stash[late_key] = []


def is_guarded(item: pytest.Item) -> bool:
    """Return whether a test may send no request to a real provider."""
    config = item.config
    if item.get_closest_marker("scout_live") or records_live(item):
        return False
    blocks = config.getoption("--scout-block-live") or config.getini("scout_block_live")
    return bool(blocks or config.getoption("--block-network", default=False)) or uses_plugin(item)


def uses_plugin(item: pytest.Item) -> bool:
    """Return whether a test has a marker or fixture of this plugin."""
    names = [*getattr(item, "fixturenames", ()), *(mark.name for mark in item.iter_markers())]
    return any(name.startswith(PREFIX) for name in names)


def records_live(item: pytest.Item) -> bool:
    """Return whether the cassette of a test is being recorded from the live APIs."""
    return uses_cassette(item) and mode_of(item) in {"new", "all", "live"}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin to refuse requests before the fixtures of a test."""
    if not is_guarded(item):
        return
    from scout_adapters.testing.isolation.live_calls import (
        block_live_calls,  # it takes time to import
    )

    item.stash[threads_key] = set(threading.enumerate())
    item.stash[block_key] = stack = ExitStack()
    item.stash[blocked_key] = stack.enter_context(block_live_calls())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[Any]:
    """Fail a test that has sent a request to a real provider, also if it caught the error."""
    try:
        return (yield)
    finally:
        if blocked := item.stash.get(blocked_key, []):
            fail_by_name(f"LiveCallBlocked: {blocked[0]}")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[Any]:
    """Refuse requests of the test's threads from now on; name those that were refused."""
    try:
        return (yield)
    finally:
        if block := item.stash.get(block_key, None):
            from scout_adapters.testing.isolation.live_calls import GUARD

            GUARD.outlived(item.nodeid, item.stash[threads_key])
            del item.stash[block_key], item.stash[blocked_key], item.stash[threads_key]
            block.close()
        _collect_late(item.config)


def _collect_late(config: pytest.Config) -> None:
    """Move the messages of late requests to the run, which fails by them."""
    module = sys.modules.get("scout_adapters.testing.isolation.live_calls")
    if module is not None and module.GUARD.late:
        config.stash[late_key] += map(str, module.GUARD.late)
        module.GUARD.late.clear()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if a request came too late; a worker of pytest-xdist hands them on."""
    _collect_late(session.config)
    late = session.config.stash[late_key]
    if late and hasattr(session.config, "workeroutput"):
        session.config.workeroutput[LATE] = late
    elif late:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the late requests of a worker of pytest-xdist."""
    output = getattr(node, "workeroutput", None) or {}
    node.config.stash[late_key] += output.get(LATE, [])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the requests that came too late."""
    for message in config.stash[late_key]:
        terminalreporter.write_line(f"LateRequest: {message}", red=True)
