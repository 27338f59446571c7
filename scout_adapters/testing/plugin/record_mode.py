"""Which tests have a cassette, and in which mode it is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from scout_adapters.testing.replay.cassette_paths import RecordingMode

MARKER = "scout_cassette"

OF_RECORDING: dict[str, RecordingMode] = {
    "none": "none",
    "once": "new",
    "new_episodes": "new",
    "all": "all",
    "rewrite": "all",
}
"""Our modes by those of pytest-recording's `--record-mode`."""

MODES: tuple[RecordingMode, ...] = ("none", "new", "all", "live", "emulator")
"""Values of `--scout-record`, and of `record=` of the marker."""

VARIABLE = "SCOUT_RECORD"
OF_VARIABLE: dict[str, RecordingMode] = {
    "none": "none",
    "replay": "none",
    "emulator": "emulator",
    "all": "all",
    "live": "all",
}
"""Our modes by the values of `SCOUT_RECORD`, which are those that `cassette()` has, too."""


def uses_cassette(item: pytest.Item) -> bool:
    """Return whether a test has a cassette that vcrpy plays: with a fault, the emulator does."""
    if "scout_fault" in getattr(getattr(item, "callspec", None), "params", ()):
        return False
    names = getattr(item, "fixturenames", ())
    return MARKER in names or item.get_closest_marker(MARKER) is not None


def mode_of(item: pytest.Item) -> RecordingMode:
    """Return the mode of a test: of the command line, else of the environment, else the marker's.

    The command line is `--scout-record`, else pytest-recording's `--record-mode`.
    """
    config = item.config
    if mode := config.getoption("--scout-record", None):
        return cast("RecordingMode", mode)
    if recording := config.getoption("--record-mode", None):
        return OF_RECORDING[str(recording)]
    if value := os.environ.get(VARIABLE):
        return OF_VARIABLE[value]
    return _marker_mode(item) or "none"


def _marker_mode(item: pytest.Item) -> RecordingMode | None:
    marker = item.get_closest_marker(MARKER)
    return marker.kwargs.get("record") if marker else None


def check_variable() -> None:
    """Check that `SCOUT_RECORD` is a mode.

    Raises:
        pytest.UsageError: it has another value; the message lists the modes.
    """
    value = os.environ.get(VARIABLE)
    if value and value not in OF_VARIABLE:
        raise pytest.UsageError(
            f"{VARIABLE}={value}: use one of {', '.join(OF_VARIABLE)}; the option --scout-record"
            f" has {', '.join(MODES)}"
        )


def wrong_record_mode(item: pytest.Item) -> str:
    """Return what is wrong with `record=` of a test's marker; "" if nothing is."""
    mode = _marker_mode(item)
    if mode is None or mode in MODES:
        return ""
    return f"record={mode!r} of scout_cassette: use one of {', '.join(MODES)}"
