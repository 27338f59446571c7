"""The fixture `scout_run`: calls, attempts, tokens and cost of a test's models, and snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from scout_adapters.testing.plugin.emulator_fixture import EMULATOR

if TYPE_CHECKING:
    from scout_adapters.testing.emulator.emulator import Emulator
    from scout_adapters.testing.runs.recorded_run import RecordedRun
    from scout_adapters.testing.runs.request_snapshot import RequestSnapshot

UPDATE_HELP = "write the snapshots that run.matches_snapshot() compares requests with"


def add_options(_: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add `--scout-update`."""
    group.addoption("--scout-update", action="store_true", default=False, help=UPDATE_HELP)


@pytest.fixture
def scout_run(request: pytest.FixtureRequest) -> Iterator[RecordedRun]:
    """Record the calls of all chat models of a test, those in its threads and tasks too."""
    from scout_adapters.testing.runs.recorded_run import RecordedRun  # see the package
    from scout_adapters.testing.runs.run_recorder import recording  # as above

    run = RecordedRun()
    if EMULATOR in request.fixturenames:
        emulator: Emulator = request.getfixturevalue(EMULATOR)
        run.secrets += [key for keys in emulator.keys.values() for key in keys]
        run.snapshot = _snapshot(request, emulator)
    with recording(run):
        yield run


def _snapshot(request: pytest.FixtureRequest, emulator: Emulator) -> RequestSnapshot:
    from scout_adapters.testing.runs.request_snapshot import (  # as above
        RequestSnapshot,
        snapshot_path,
    )

    node: pytest.Item = request.node
    return RequestSnapshot(
        path=snapshot_path(node.path, node.nodeid.partition("::")[2].replace("::", ".")),
        emulator=emulator,
        test=node.nodeid,
        updates=request.config.getoption("--scout-update"),
    )
