"""Tools, schemas and agents over mixed routes: each request is counted, once, in every book."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tracers import LangChainTracer
from pydantic import BaseModel

from scout_adapters import ScoutAuditCallbackHandler, ScoutCostCallbackHandler
from scout_adapters.testing import Overloaded
from tests.support.sent_runs import SentRuns
from tests.support.verbs import VERBS
from tests.support.weather import get_weather
from tests.system.mixed_routes.audited_rows import agree
from tests.system.mixed_routes.partners import PARTNERS, Stage

pytestmark = pytest.mark.filterwarnings(
    "ignore:Inheritance class:DeprecationWarning"
)  # google-genai's

QUESTION = "What is the weather in Paris?"


class Weather(BaseModel):
    """The weather of a place."""

    place: str
    sky: str


class Books:
    """The handlers of some calls, and what they must add up to."""

    def __init__(self, stage: Stage, path: Path) -> None:
        self.stage, self.path = stage, path
        self.costs, self.sent = ScoutCostCallbackHandler(), SentRuns()
        self.handlers = [ScoutAuditCallbackHandler(path), self.costs]
        self.handlers.append(LangChainTracer(client=self.sent))  # type: ignore[arg-type]  # a stand-in

    def call(self, runnable: Any, verb: str, messages: Any = QUESTION) -> Any:
        return self.stage.call(runnable, verb, messages, config={"callbacks": self.handlers})

    def close(self, usage: dict[str, Any], calls: int) -> None:
        """Assert that all books have the same requests, tokens and costs."""
        rows = agree(self.stage, self.path)
        answered = [row for row in rows if row["outcome"] == "ok"]
        assert len(answered) == calls
        counted = usage.values()
        for name, column in (("input_tokens", "input_t"), ("output_tokens", "output_t")):
            assert sum(one[name] for one in counted) == sum(row[column] for row in answered)
        assert self.costs.total_cost == pytest.approx(sum(row["cost"] for row in answered))
        runs = [run for run in self.sent.created if run["run_type"] == "llm"]
        assert len(runs) == calls


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("provider", PARTNERS)
def test_tools_and_schemas_count_once_in_every_book(
    stage: Stage, provider: str, verb: str, tmp_path: Path
) -> None:
    books = Books(stage, tmp_path / "audit.jsonl")
    router = stage.router(stage.ours(), stage.partner(provider))
    bound = router.bind_tools([get_weather], tool_choice="any")
    with get_usage_metadata_callback() as usage:
        stage.emulator.script("groq", [Overloaded()])
        answer = books.call(bound, verb)
        (call,) = answer.tool_calls
        told = [HumanMessage(QUESTION), answer, ToolMessage("Sunny", tool_call_id=call["id"])]
        assert "Sunny" in books.call(router.bind_tools([get_weather]), verb, told).text
        stage.emulator.script("groq", [Overloaded()])
        assert isinstance(books.call(router.with_structured_output(Weather), verb), Weather)
    providers = [exchange.provider for exchange in stage.emulator.log]
    assert providers == ["groq", provider, "groq", "groq", provider]
    books.close(usage.usage_metadata, calls=3)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("provider", PARTNERS)
def test_an_agents_calls_count_once_in_every_book(
    stage: Stage, provider: str, verb: str, tmp_path: Path
) -> None:
    books = Books(stage, tmp_path / "audit.jsonl")
    router = stage.router(stage.partner(provider), stage.ours())
    agent = create_agent(model=router, tools=[get_weather])
    stage.emulator.script(provider, [None, Overloaded()])
    with get_usage_metadata_callback() as usage:
        books.call(agent, verb, {"messages": [("user", QUESTION)]})
    assert [exchange.provider for exchange in stage.emulator.log] == [provider, provider, "groq"]
    books.close(usage.usage_metadata, calls=2)
