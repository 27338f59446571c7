"""Commands run as from a shell without a terminal, and without keys."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name == "COLUMNS" or "API_KEY" in name or "API_URL" in name:
            monkeypatch.delenv(name)
