"""The emulator as a fixture: all providers in this process, and a log of their requests."""

from __future__ import annotations

import pytest

from scout_adapters.testing import Emulator


@pytest.fixture
def emulator() -> Emulator:
    """Return an emulator without faults; a module may define one of its own."""
    return Emulator()
