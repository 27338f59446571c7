"""A stage without memory, on which nobody overhears but the sweep."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("canaryplay")
from canaryplay import forget  # noqa: E402  # after the line above
from canarysweep import Heard  # noqa: E402  # what is rewritten comes first

from scout_adapters import audit as audits  # noqa: E402  # what is rewritten comes first
from scout_adapters.llm import pricing  # noqa: E402  # what is rewritten comes first
from scout_adapters.llm.providers import registry  # noqa: E402  # what is rewritten comes first


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget the health, circuits and clients of other tests, and this machine's keys."""
    for name in os.environ:
        if name.endswith(("_API_KEY", "_API_KEYS", "_API_URL")) or name.startswith("SCOUT_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setattr(registry, "_special", {})
    yield
    forget()
    pricing.PRICING.clear()
    for log in audits._logs.values():
        log.close()
    audits._logs.clear()


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the environment ask for an audit log."""
    path = tmp_path / "audit.jsonl"
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(path))
    return path


@pytest.fixture
def heard() -> Iterator[Heard]:
    """Hear every logger, at every level."""
    handler, root = Heard(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)
