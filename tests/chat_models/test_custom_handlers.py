"""Subclasses of our handlers, and other handlers beside them, receive LangChain's callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler

from scout_adapters import ScoutBudgetCallbackHandler, ScoutCostCallbackHandler
from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.testing import Emulator, ServerError
from tests.chat_models.unfinished import STORY

Make = Callable[..., ScoutChatModel]


class Counts:
    """Records LangChain's callbacks."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.events: list[str] = []

    def on_llm_new_token(self, *args: Any, **kwargs: Any) -> None:
        self.events.append("token")

    def on_llm_end(self, *args: Any, **kwargs: Any) -> None:
        self.events.append("end")
        getattr(super(), "on_llm_end")(*args, **kwargs)  # noqa: B009  # of the class that is mixed in later

    def on_llm_error(self, *args: Any, **kwargs: Any) -> None:
        self.events.append("error")
        getattr(super(), "on_llm_error")(*args, **kwargs)  # noqa: B009  # as above


class Changed(Counts, ScoutCostCallbackHandler):
    pass


class Plain(Counts, BaseCallbackHandler):
    pass


def whole_and_streamed(model: Any, handlers: list[Any]) -> None:
    config = {"callbacks": handlers}
    model.invoke(STORY, config)
    model.invoke(STORY, config, stream=True)
    list(model.stream(STORY, config))


async def awhole_and_streamed(model: Any, handlers: list[Any]) -> None:
    config = {"callbacks": handlers}
    await model.ainvoke(STORY, config)
    await model.ainvoke(STORY, config, stream=True)
    async for _ in model.astream(STORY, config):
        pass


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_handler_of_the_end_receives_it_beside_handlers_that_skip_it(
    make: Make, is_async: bool
) -> None:
    costs, budget = ScoutCostCallbackHandler(), ScoutBudgetCallbackHandler(100)
    changed, plain = Changed(), Plain()
    handlers = [costs, changed, plain, budget]
    if is_async:
        await awhole_and_streamed(make(), handlers)
    else:
        whole_and_streamed(make(), handlers)
    for listener in (changed, plain):
        assert listener.events.count("end") == 3
        assert listener.events.count("token") > 3
    assert changed.events == plain.events
    assert costs.total == changed.total
    assert (costs.calls, costs.total_cost) == (3, pytest.approx(budget.spent_usd))


def test_a_handler_of_the_error_receives_it(make: Make, emulator: Emulator) -> None:
    model = make(max_retries=0)
    for provider in {entry.partition("/")[0] for entry in getattr(model, "candidates", ())} or {
        getattr(model, "provider", "")
    }:
        emulator.script(provider, [ServerError()] * 9)
    changed, plain = Changed(), Plain()
    with pytest.raises(Exception):  # noqa: B017  # which one is not the point
        model.invoke(STORY, {"callbacks": [changed, ScoutCostCallbackHandler(), plain]})
    assert changed.events == plain.events == ["error"]
