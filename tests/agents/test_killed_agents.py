"""Agents whose process is killed and started again: the bill stays within their limits."""

from __future__ import annotations

import json
import signal
from decimal import Decimal
from pathlib import Path

from scout_adapters.budget import SqliteBudgets
from scout_adapters.testing import Emulator
from tests.agents import killed_agent
from tests.agents.killed_agent import LIMIT, THREADS, TOTAL, USD_PER_1000
from tests.support.warm_process import WarmProcess


def billed(emulator: Emulator, key: str | None = None) -> Decimal:
    """Return the dollars that the emulator bills for a key, or for all."""
    exchanges = [exchange for exchange in emulator.requests("groq", key) if exchange.billed]
    tokens = sum(exchange.input_tokens + exchange.output_tokens for exchange in exchanges)
    return tokens * Decimal(str(USD_PER_1000)) / 1000


def test_an_agent_that_is_killed_and_resumed_never_exceeds_its_budget(
    emulator: Emulator, tmp_path: Path
) -> None:
    ends: list[tuple[int | None, str]] = []
    with emulator.serve(), WarmProcess(killed_agent.__name__) as warm:
        for where in ("checkpoint", "settlement", "never"):
            with warm.start(killed_agent, emulator.url("groq"), tmp_path, where) as agent:
                printed = agent.communicate()
                ends.append((agent.returncode, agent.errors))
    assert [end for end, _ in ends] == [-signal.SIGKILL] * 2 + [0], ends[-1]
    budgets = SqliteBudgets(tmp_path / "b.db")
    balances = budgets.balances("agent thread")
    held = {b.account.window: Decimal(b.spent + b.held) / 10**9 for b in balances}
    for thread in THREADS:
        assert 0 < billed(emulator, f"gsk_{thread}") <= held[thread] <= Decimal(LIMIT)
    assert 0 < billed(emulator) <= Decimal(TOTAL)
    texts = json.loads(printed)
    assert all("for this thread does not allow" in texts[thread][-1] for thread in THREADS)
    assert texts["t1"].count(texts["t1"][0]) > 1  # the thread went on with what it had
    budgets.close()
