"""Which tests have a cassette, and in which mode it is."""

from __future__ import annotations

import os

import pytest

MARKER = "scout_cassette"

OF_RECORDING = {
    "none": "none",
    "once": "new",
    "new_episodes": "new",
    "all": "all",
    "rewrite": "all",
}
"""Our modes by those of pytest-recording's `--record-mode`."""

OF_VARIABLE = {"": "none", "replay": "none", "emulator": "emulator", "live": "all"}
"""Our modes by the values of `SCOUT_RECORD`, which `cassette()` uses."""


def uses_cassette(item: pytest.Item) -> bool:
    """Return whether a test has a cassette that vcrpy plays: with a fault, the emulator does."""
    if "scout_fault" in getattr(getattr(item, "callspec", None), "params", ()):
        return False
    names = getattr(item, "fixturenames", ())
    return MARKER in names or item.get_closest_marker(MARKER) is not None


def mode_of(item: pytest.Item) -> str:
    """Return the mode of a test: of the command line, the marker, or the environment."""
    config = item.config
    marker = item.get_closest_marker("scout_cassette")
    if mode := config.getoption("--scout-record", None):
        return str(mode)
    if mode := config.getoption("--record-mode", None):
        return OF_RECORDING[str(mode)]
    if mode := os.environ.get("SCOUT_RECORD"):
        return OF_VARIABLE[mode]
    return str((marker and marker.kwargs.get("record")) or "none")
