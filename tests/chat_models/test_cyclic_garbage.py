"""A call leaves nothing for the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig

from scout_adapters import ScoutAuditCallbackHandler, ScoutCostCallbackHandler
from scout_adapters.chat_models.base import ScoutChatModel
from tests.support.verbs import VERBS, run_model

Make = Callable[..., ScoutChatModel]


@pytest.fixture
def garbage() -> Iterator[Callable[[], list[str]]]:
    """Name the classes of what calls have left to the garbage collector: states, and messages."""

    def collected() -> list[str]:
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        gc.set_debug(0)
        objects, gc.garbage[:] = list(gc.garbage), []
        return [type(each).__name__ for each in objects if _is_of_call(each)]

    gc.collect()
    gc.disable()
    yield collected
    gc.enable()
    gc.collect()


PARTS_OF_CALLS = (
    "langchain_core.messages.",
    "scout_adapters.llm.adapters.",
    "scout_adapters.llm.engine.",
    "scout_adapters.llm.types.",
    "scout_adapters.llm.wires.",
)


def _is_of_call(value: Any) -> bool:
    return f"{type(value).__module__}.".startswith(PARTS_OF_CALLS)


@pytest.mark.parametrize("verb", VERBS)
def test_a_call_leaves_no_cycles(
    verb: str, make: Make, garbage: Callable[[], list[str]], tmp_path: Path
) -> None:
    audit = ScoutAuditCallbackHandler(tmp_path / "audit.db")
    model = make()
    config = RunnableConfig(callbacks=[ScoutCostCallbackHandler(), audit])
    run_model(model, verb, config=config)
    garbage()
    run_model(model, verb, config=config)
    assert garbage() == []
