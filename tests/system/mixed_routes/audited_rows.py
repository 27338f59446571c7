"""The audit log beside the emulator's log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from tests.system.mixed_routes.partners import KEYS, OURS, Stage


def rows_of(path: Path) -> list[dict[str, Any]]:
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    return [row for row in rows if row["event"] == "llm_attempt" and row["outcome"] != "skipped"]


def agree(stage: Stage, path: Path) -> list[dict[str, Any]]:
    """Assert that the audit log has each request of the emulator's log, and no other."""
    rows, log = rows_of(path), stage.emulator.log
    assert [(r["provider"], r["model"]) for r in rows] == [(e.provider, e.model) for e in log]
    for row, exchange in zip(rows, log, strict=True):
        if exchange.status == 200:
            assert (row["outcome"], row["input_t"]) == ("ok", exchange.input_tokens)
            assert row["output_t"] == exchange.output_tokens
        else:
            assert row["status"] == exchange.status
    text = path.read_text()
    assert not [key for key in (*KEYS.values(), OURS) if key[-12:] in text]
    return rows
