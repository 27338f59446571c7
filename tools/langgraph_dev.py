"""Run `langgraph dev` with an audit log and a budget in files, and look for blocking calls.

`make langgraph-dev` installs the server in an environment of its own. It needs no licence and no
network: the emulator answers. A control graph that blocks must be reported.
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
from langgraph.graph import END, START, MessagesState, StateGraph
from scout_adapters import ScoutAuditCallbackHandler, ScoutBudgetCallbackHandler, ScoutGroqChatModel

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

good, blocking = graph_of(call), graph_of(block)
"""
CONFIG = {"dependencies": ["."], "graphs": {n: f"./graphs.py:{n}" for n in ("good", "blocking")}}


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
    good, control = (_run(url, graph) for graph in ("good", "blocking"))
    rows = len((folder / "audit.jsonl").read_text().splitlines())
    sys.stdout.write(f"ours: {good[-90:]}\nrows of the log: {rows}\ncontrol: {control[:90]}\n")
    return int("BlockingError" in good or rows != 2 or "BlockingError" not in control)  # noqa: PLR2004  # intent, outcome


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
    question = {"assistant_id": graph, "input": {"messages": [{"role": "user", "content": "hi"}]}}
    return httpx.post(f"{url}/runs/wait", json=question, timeout=60).text


if __name__ == "__main__":
    sys.exit(main())
