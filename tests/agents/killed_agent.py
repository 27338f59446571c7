"""A program: an agent with two sub-agents on three threads, which may kill its process.

Its arguments are the address of the emulator, a folder, and where to be killed: `checkpoint`,
`settlement` or `never`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.tools import tool

from scout_adapters import ScoutGroqChatModel
from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.llm.pricing.price_list import PRICING
from tests.support.disk_saver import DiskSaver

LIMIT, TOTAL = "0.05", "0.12"
"""US dollars for each thread, and for all of them."""

THREADS = ("t1", "t2", "t3")
QUESTION: Any = {"messages": [("user", "What is the weather in Paris? Use the tools.")]}
USD_PER_1000 = 0.01
"""US dollars for a thousand tokens."""


def kill() -> None:
    """End this process as the system does it when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


class KilledBeforeCheckpoint(AgentMiddleware[Any, Any, Any]):
    """Kills the process when the model has answered and nothing is saved."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.calls = calls

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        response = handler(request)
        self.calls -= 1
        if self.calls == 0:
            kill()
        return response


class KilledBeforeSettlement(BaseCallbackHandler):
    """Kills the process when an answer has come and its cost is not booked."""

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def on_scout_attempt_end(self, run: Any, record: Any) -> None:
        self.calls -= 1
        if self.calls == 0:
            kill()


def agent_on(url: str, folder: Path, key: str, *, kills: bool) -> Any:
    """Return the agent of a thread; each thread has a key, by which it is billed."""
    model = ScoutGroqChatModel(model="small", api_key=key, base_url=url, max_tokens=100)
    sub_agents = {name: create_agent(model, [], name=name) for name in ("near", "far")}

    @tool
    def get_weather(city: str) -> str:
        """Return the weather of a city, by two sub-agents."""
        question: Any = {"messages": [("user", f"hello {city}")]}
        states = [agent.invoke(question) for agent in sub_agents.values()]
        return " ".join(state["messages"][-1].text for state in states)

    budgets = [
        ScoutBudgetMiddleware(LIMIT, per="thread", path=folder / "b.db"),
        ScoutBudgetMiddleware(TOTAL, per="total", path=folder / "b.db"),
    ]
    return create_agent(
        model,
        [get_weather],
        middleware=[KilledBeforeCheckpoint(3 if kills else 0), *budgets],
        checkpointer=DiskSaver(folder / f"{key}.checkpoints"),
    )


def run(agent: Any, config: Any) -> list[str]:
    """Go on where the thread was, ask until a budget ends it; return the texts of its messages."""
    state = agent.invoke(None, config, durability="sync") if agent.get_state(config).next else None
    while state is None or "scout_budget" not in state["messages"][-1].response_metadata:
        state = agent.invoke(QUESTION, config, durability="sync")
    return [message.text for message in state["messages"]]


def main() -> None:
    """Run the agent on each thread, and print what stands in them in the end."""
    url, folder, where = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    PRICING["groq"] = {"small": {"input": USD_PER_1000, "output": USD_PER_1000}}
    texts = {}
    for thread in THREADS:
        killer = KilledBeforeSettlement(6 if where == "settlement" and thread == "t2" else 0)
        config = {"configurable": {"thread_id": thread}, "callbacks": [killer]}
        agent = agent_on(url, folder, f"gsk_{thread}", kills=where == "checkpoint")
        texts[thread] = run(agent, config)
    print(json.dumps(texts))  # noqa: T201  # read by the test


if __name__ == "__main__":
    main()
