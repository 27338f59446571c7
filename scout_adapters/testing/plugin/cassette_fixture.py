"""The marker and the fixture `scout_cassette`: one file of recorded answers for each test."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scout_adapters.testing.plugin.emulator_fixture import EMULATOR
from scout_adapters.testing.plugin.record_mode import (
    MARKER,
    MODES,
    check_variable,
    mode_of,
    uses_cassette,
    wrong_record_mode,
)
from scout_adapters.testing.replay.cassette_paths import cassette_path, shared_paths, shown_path
from scout_adapters.testing.replay.named_failure import fail_by_name

if TYPE_CHECKING:
    from scout_adapters.testing.replay.cassette_session import CassetteSession

MARKER_HELP = (
    "scout_cassette(name=None, match=None, record=None): answer the requests of a test from"
    " cassettes/<module>/<test>.yaml; see --scout-record"
)
OPTION_HELP = (
    "none: play cassettes only (default). new: record what is missing, from the live APIs."
    " all: record everything again, from the live APIs. emulator: the same from the emulator."
    " live: send everything to the live APIs, and read and write no cassette."
)

wrong_key = pytest.StashKey[dict[str, str]]()
session_key = pytest.StashKey["CassetteSession"]()


def add_options(_: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add `--scout-record`."""
    group.addoption("--scout-record", choices=MODES, default=None, help=OPTION_HELP)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and refuse a misspelt `SCOUT_RECORD`."""
    config.addinivalue_line("markers", MARKER_HELP)
    check_variable()


def path_of(item: pytest.Item) -> Path:
    """Return the path of a test's cassette."""
    marker = item.get_closest_marker(MARKER)
    name = marker.kwargs.get("name", *marker.args[:1]) if marker else None
    module = item.path
    test = item.nodeid.partition("::")[2].replace("::", ".")
    return cassette_path(module, test, name)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Find tests that have the same cassette, or one elsewhere."""
    wrong, paths = {}, []
    for item in filter(uses_cassette, items):
        try:
            paths.append((item.nodeid, path_of(item)))
        except ValueError as error:
            wrong[item.nodeid] = str(error)
        if EMULATOR in getattr(item, "fixturenames", ()):
            wrong[item.nodeid] = f"{item.nodeid} has a cassette and the emulator: use one of them"
        if message := wrong_record_mode(item):
            wrong[item.nodeid] = message
    for path, tests in shared_paths(paths).items():
        shown = shown_path(path, config.rootpath)
        message = (
            f"SharedCassette: {shown} belongs to {' and '.join(tests)}: give one another name="
        )
        wrong.update(dict.fromkeys(tests, message))
    config.stash[wrong_key] = wrong


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin a cassette before the fixtures of its test, whose requests belong to it."""
    if uses_cassette(item):
        if message := item.config.stash.get(wrong_key, {}).get(item.nodeid):
            fail_by_name(message)
        item.stash[session_key] = _begin(item)


def _begin(item: pytest.Item) -> CassetteSession:
    try:
        # vcrpy is an extra, and the rest of the package takes time to import.
        from scout_adapters.testing.replay.cassette_session import begin
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "vcr":
            raise
        fail_by_name("scout_cassette needs vcrpy: pip install 'scout-adapters[testing]'")
    return begin(item, path_of(item), mode_of(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[Any]:
    """Fail a test whose requests and cassette differ, also if it did not notice."""
    if session := item.stash.get(session_key, None):
        with session.checked():
            return (yield)
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the recording of a test that has passed, and report that of another."""
    report = yield
    session = item.stash.get(session_key, None)
    if session is None or call.when != "call":
        return report
    if report.passed or hasattr(report, "wasxfail"):
        session.keep()
    elif text := session.unkept:
        report.sections.append((MARKER, text))
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[Any]:
    """End the cassette after the fixtures of its test."""
    try:
        return (yield)
    finally:
        if session := item.stash.get(session_key, None):
            del item.stash[session_key]
            session.end()
            if session.warning:
                _warn(item, session.warning)


def _warn(item: pytest.Item, message: str) -> None:
    """Show a warning in pytest's summary, which is no error of the test: it has passed."""
    from scout_adapters.testing.replay.cassette_errors import CassetteWarning

    with warnings.catch_warnings():
        warnings.simplefilter("always", CassetteWarning)
        line = (item.location[1] or 0) + 1
        warnings.warn_explicit(CassetteWarning(message), None, str(item.path), line)


@pytest.fixture
def scout_cassette(request: pytest.FixtureRequest) -> CassetteSession:
    """Play the test's cassette, as the marker of that name does; return its path and state."""
    if session_key not in request.node.stash:
        fail_by_name(
            "under scout_faults and scout_chaos, mark the test @pytest.mark.scout_cassette"
        )
    session: CassetteSession = request.node.stash[session_key]
    return session
