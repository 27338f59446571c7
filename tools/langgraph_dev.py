"""Run `langgraph dev` with an audit log and budgets in files, and look for blocking calls.

`make langgraph-dev` installs the server in an environment of its own. It needs no licence and no
network: the emulator answers. An agent must end by its budget. A control graph that blocks must be
reported.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from scout_adapters.testing import Emulator

START_SECONDS = 60
GRAPHS = """
import os, time
from langchain.agents import create_agent
from langchain_core.tools import tool
from langgraph.graph import END, START, MessagesState, StateGraph
from scout_adapters import ScoutAuditCallbackHandler, ScoutBudgetCallbackHandler, ScoutGroqChatModel
from scout_adapters.agents import ScoutBudgetMiddleware

def handlers():
    yield ScoutAuditCallbackHandler("audit.jsonl")
    yield ScoutBudgetCallbackHandler(50, per="day", path="budgets.db")

model = ScoutGroqChatModel(api_key="k" * 20, base_url=os.environ["EMULATOR_URL"])
config = {"callbacks": list(handlers())}

async def call(state):
    return {"messages": [await model.ainvoke(state["messages"], config)]}

async def block(state):
    time.sleep(0.01)

def graph_of(node):
    graph = StateGraph(MessagesState).add_node("node", node)
    return graph.add_edge(START, "node").add_edge("node", END).compile()

@tool
async def get_weather(city: str) -> str:
    "Return the weather of a city."
    state = await create_agent(model, []).ainvoke({"messages": [("user", f"hi {city}")]})
    return state["messages"][-1].text

limits = [
    ScoutBudgetMiddleware(0.0014, per="thread", path="budgets.db", answer_tokens=200, tell="note"),
    ScoutBudgetMiddleware(5, per="day", path="budgets.db", answer_tokens=200),
]
good, blocking = graph_of(call), graph_of(block)
agent = create_agent(model, [get_weather], middleware=limits)
"""
GRAPHS_IN_FILE = ("good", "blocking", "agent")
CONFIG = {"dependencies": ["."], "graphs": {n: f"./graphs.py:{n}" for n in GRAPHS_IN_FILE}}
MAX_RUNS = 20
"""Runs on one thread, until one of which the budget must have ended the agent."""


def main() -> int:
    """Run both graphs; return 1 if ours is reported or the control is not."""
    emulator = Emulator()
    with tempfile.TemporaryDirectory() as name, emulator.serve():
        folder = Path(name)
        (folder / "graphs.py").write_text(GRAPHS)
        (folder / "langgraph.json").write_text(json.dumps(CONFIG))
        environment = {"EMULATOR_URL": emulator.url("groq"), "LANGSMITH_TRACING": "false"}
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        command = [Path(sys.executable).with_name("langgraph"), "dev", "--no-browser"]
        with (folder / "server.log").open("w") as log:
            server = subprocess.Popen(  # noqa: S603  # our own command
                [*command, "--no-reload", "--port", port],
                cwd=folder,
                env={**os.environ, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            return _report(f"http://127.0.0.1:{port}", folder)
        finally:
            server.terminate()
            server.wait(10)


def _report(url: str, folder: Path) -> int:
    _wait_for(url)
    good = _run(url, "good")
    rows = len((folder / "audit.jsonl").read_text().splitlines())
    agent = _run_agent(url)
    control = _run(url, "blocking")
    sys.stdout.write(f"ours: {good[-90:]}\nrows of the log: {rows}\nagent: {agent[-1]}\n")
    sys.stdout.write(f"control: {control[:90]}\n")
    ours = good + "".join(agent)
    ended = "for this thread does not allow the next call" in agent[-1]
    return int("BlockingError" in ours or rows != 2 or not ended or "BlockingError" not in control)  # noqa: PLR2004  # intent, outcome


def _run_agent(url: str) -> list[str]:
    """Ask the agent on one thread until its budget ends it; return its last messages."""
    thread = httpx.post(f"{url}/threads", json={}, timeout=60).json()["thread_id"]
    answers: list[str] = []
    while len(answers) < MAX_RUNS and "used up" not in "".join(answers[-1:]):
        state = httpx.post(
            f"{url}/threads/{thread}/runs/wait",
            json=_question("agent", "What is the weather in Paris? Use get_weather."),
            timeout=60,
        )
        answers.append(str(state.json().get("messages", [{"content": state.text}])[-1]["content"]))
    return answers


def _wait_for(url: str) -> None:
    for _ in range(START_SECONDS):
        try:
            httpx.get(f"{url}/ok", timeout=2)
        except httpx.TransportError:
            time.sleep(1)
        else:
            return
    raise SystemExit("the server did not start")


def _run(url: str, graph: str) -> str:
    return httpx.post(f"{url}/runs/wait", json=_question(graph, "hi"), timeout=60).text


def _question(graph: str, text: str) -> dict[str, object]:
    return {"assistant_id": graph, "input": {"messages": [{"role": "user", "content": text}]}}


if __name__ == "__main__":
    sys.exit(main())
