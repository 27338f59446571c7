"""One stage for the tests of a module: its server, models and loop are slow to make."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.mixed_routes.partners import Stage, stages


@pytest.fixture(scope="module")
def shared() -> Iterator[Stage]:
    yield from stages()


@pytest.fixture
def stage(shared: Stage) -> Stage:
    shared.emulator.clear()
    return shared
