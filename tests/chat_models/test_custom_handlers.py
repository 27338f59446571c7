"""Handlers of ours that a user has changed, and others beside them: core tells them all."""

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
    """Notes what core tells."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.heard: list[str] = []

    def on_llm_new_token(self, *told: Any, **known: Any) -> None:
        self.heard.append("token")

    def on_llm_end(self, *told: Any, **known: Any) -> None:
        self.heard.append("end")
        getattr(super(), "on_llm_end")(*told, **known)  # noqa: B009  # of a class yet to come

    def on_llm_error(self, *told: Any, **known: Any) -> None:
        self.heard.append("error")
        getattr(super(), "on_llm_error")(*told, **known)  # noqa: B009  # as above


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
async def test_whoever_listens_for_the_end_hears_it_beside_those_who_need_not(
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
        assert listener.heard.count("end") == 3
        assert listener.heard.count("token") > 3
    assert changed.heard == plain.heard
    assert costs.total == changed.total
    assert (costs.calls, costs.total_cost) == (3, pytest.approx(budget.spent_usd))


def test_whoever_listens_for_the_error_hears_it(make: Make, emulator: Emulator) -> None:
    model = make(max_retries=0)
    for provider in {entry.partition("/")[0] for entry in getattr(model, "candidates", ())} or {
        getattr(model, "provider", "")
    }:
        emulator.script(provider, [ServerError()] * 9)
    changed, plain = Changed(), Plain()
    with pytest.raises(Exception):  # noqa: B017  # which one is not the point
        model.invoke(STORY, {"callbacks": [changed, ScoutCostCallbackHandler(), plain]})
    assert changed.heard == plain.heard == ["error"]
