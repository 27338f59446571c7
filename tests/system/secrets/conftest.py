"""Fixtures that collect what a call leaves in logs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.secrets.sweep import LogRecorder


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have every call audited, by the environment."""
    path = tmp_path / "audit.jsonl"
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(path))
    return path


@pytest.fixture
def log_recorder() -> Iterator[LogRecorder]:
    """Collect the records of every logger, at every level."""
    handler, root = LogRecorder(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)
