"""Agents whose budget is in a file block no event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.testing import Emulator
from tests.agents.agents import QUESTION, agent_of, has_ended, on, small, weather_by
from tests.support.clock import Wall

blockbuster = pytest.importorskip("blockbuster")


@pytest.fixture
def detector() -> Iterator[None]:
    """Report blocking calls on a loop's thread, as `langgraph dev` does."""
    with blockbuster.blockbuster_ctx("scout_adapters", excluded_modules=["scout_adapters.testing"]):
        yield


@pytest.mark.parametrize("tell", ["note", "tool"])
async def test_the_detector_of_langgraph_dev_reports_nothing_of_an_agent(
    tell: Any, emulator: Emulator, tmp_path: Path, wall: Wall, detector: None
) -> None:
    budget = ScoutBudgetMiddleware(
        4,
        per="day",
        wall=wall,
        path=tmp_path / "new" / "b.db",
        tell=tell,
        summary_model=small(emulator),
        summary_usd=1.6,
    )
    agent = agent_of(emulator, budget, tools=[weather_by(agent_of(emulator))])
    states = [await agent.ainvoke(QUESTION, on("t"))]
    question: Any = {"messages": [("user", "How much is money_left? Use the tool money_left.")]}
    while not has_ended(states[-1]):
        states.append(await agent.ainvoke(question, on("t")))
    spent = await asyncio.to_thread(lambda: budget.spent_usd)
    assert 0 < spent < 4
