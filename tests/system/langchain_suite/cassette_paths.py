"""The path of each test's cassette, and the source of answers in this run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scout_adapters.testing.cassettes import mode
from tests.support.paths import ROOT

CASSETTES = ROOT / "cassettes"
MODE = mode()


def path_of(item: pytest.Item) -> Path:
    """Return where a test's cassette lies: cassettes/<provider>/<test>.yaml."""
    module = item.path.stem.removeprefix("test_")
    name = re.sub(r"[^A-Za-z0-9_]+", "-", item.name).strip("-")
    return CASSETTES / module / f"{name}.yaml"
