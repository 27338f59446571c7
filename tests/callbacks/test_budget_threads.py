"""Limits for each thread of a graph, over all of its runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph

from scout_adapters import ScoutBudgetCallbackHandler
from scout_adapters.errors import BudgetExceeded, ConfigurationError
from scout_adapters.testing import Emulator
from tests.callbacks.budgets import groq, refused_in_the_end

pytestmark = pytest.mark.usefixtures("prices")


@pytest.mark.parametrize("in_file", [False, True])
def test_a_limit_for_each_thread_is_for_all_runs_of_a_graph(
    in_file: bool, emulator: Emulator, tmp_path: Path
) -> None:
    model = groq(emulator)
    nodes = StateGraph(MessagesState).add_node(
        "model", lambda state: {"messages": [model.invoke(state["messages"][-1:])]}
    )
    graph = nodes.add_edge(START, "model").compile(checkpointer=InMemorySaver())
    budget = ScoutBudgetCallbackHandler(
        1.5, per="thread", path=tmp_path / "b.db" if in_file else None
    )

    def run(thread: str) -> None:
        config: Any = {"configurable": {"thread_id": thread}, "callbacks": [budget]}
        graph.invoke({"messages": [("user", "hi")]}, config)

    refused_in_the_end(partial(run, "t1"))
    first = len(emulator.log)
    refused_in_the_end(partial(run, "t2"))
    assert len(emulator.log) == 2 * first > 2
    assert [balance.account.window for balance in budget.balances] == ["t1", "t2"]


def test_a_model_alone_names_its_thread_in_metadata(emulator: Emulator) -> None:
    budget = ScoutBudgetCallbackHandler(0.1, per="thread")
    config: Any = {"callbacks": [budget], "metadata": {"thread_id": "t1"}}
    with pytest.raises(BudgetExceeded):
        groq(emulator).invoke("hi", config)


def test_a_call_without_a_thread_is_refused(emulator: Emulator) -> None:
    budget = ScoutBudgetCallbackHandler(5, per="thread")
    with pytest.raises(ConfigurationError, match="thread_id"):
        groq(emulator).invoke("hi", {"callbacks": [budget]})
    assert emulator.log == []
