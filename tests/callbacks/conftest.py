"""Models over an emulator, whose log is the witness of what was asked and billed."""

from __future__ import annotations

import pytest

from scout_adapters.testing import Emulator


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()
