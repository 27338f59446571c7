"""The first import, the first model and the first call of a process, each in a process of its own.

They are forked from one that has imported other packages and nothing of ours, but where it counts
which packages are imported.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

import scout_adapters
from tests.support.paths import ROOT
from tests.support.warm_process import WarmProcess

HEAVY = (
    "scout_adapters.llm.engine.calls",
    "scout_adapters.llm.transport.http_transport",
    "scout_adapters.llm.wires",
    "scout_adapters.audit",
    "httpcore",
    "tenacity",
    "genai_prices",
    "vcr",
)


def test_an_import_does_not_wait_for_what_only_a_call_needs() -> None:
    names = "ScoutRouterChatModel, ScoutGroqChatModel, ScoutError"
    code = f"import sys; from scout_adapters import {names}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert set(done.stdout.split()).isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "name", {home: name for name, home in scout_adapters.HOMES.items()}.values()
)
def test_any_module_can_be_the_first(name: str, bare: WarmProcess) -> None:
    bare.output(f"from scout_adapters import {name}")


def test_threads_may_make_the_first_models_at_once(bare: WarmProcess) -> None:
    assert bare.output("""
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from scout_adapters import ScoutGroqChatModel, ScoutRouterChatModel

together = Barrier(16)

def make(number):
    together.wait()
    if number % 2:
        return ScoutGroqChatModel(api_key="k", model="m", temperature=number).temperature
    return ScoutRouterChatModel(models=["groq/m"], temperature=number).temperature

with ThreadPoolExecutor(16) as pool:
    print(*pool.map(make, range(16)))
""").split() == [f"{number:.1f}" for number in range(16)]


PLAYED = """
import respx
from scout_adapters import ScoutGroqChatModel

model = ScoutGroqChatModel(api_key="k", model="m", base_url="http://nowhere.invalid", max_retries=0)
said = {"role": "assistant", "content": "Played."}
choice = {"index": 0, "message": said, "finish_reason": "stop"}
with respx.mock:
    respx.post(url__startswith="http://nowhere.invalid").respond(json={"choices": [choice]})
    print(model.invoke("Hello").text)
"""


def test_a_stand_in_that_was_there_before_the_first_call_is_played(bare: WarmProcess) -> None:
    assert bare.output(PLAYED).strip() == "Played."


RARE = (
    "scout_adapters.chat_models.langchain_entries",
    "scout_adapters.chat_models.loaded_routes",
    "scout_adapters.chat_models.schemas",
    "scout_adapters.llm.conversation.blocks",
    "scout_adapters.llm.failures.retry_after",
    "scout_adapters.llm.health.key_source",
    "scout_adapters.llm.types.embedding",
    "scout_adapters.llm.wires.anthropic_messages",
    "scout_adapters.llm.wires.gemini",
    "scout_adapters.llm.wires.openai_chat.stream",
)
"""Modules for calls with answers, images, tools or key sources, and for streams and refusals."""


def test_a_first_call_of_a_text_does_not_load_what_only_other_calls_need(bare: WarmProcess) -> None:
    loaded = bare.output(PLAYED + "import sys\nprint(*sys.modules)").split()
    assert "scout_adapters.llm.wires.openai_chat" in loaded
    assert set(loaded).isdisjoint(RARE)


PRICED = """
import sys
import respx
from scout_adapters import ScoutError, ScoutGroqChatModel
from scout_adapters.llm.pricing import PRICING

PRICING.update({prices})
model = ScoutGroqChatModel(api_key="k", model="m", base_url="http://nowhere.invalid", max_retries=0)
before = "genai_prices.data" in sys.modules

def answer(request):
    print(before, "genai_prices.data" in sys.modules)
    return respx.MockResponse(500)

with respx.mock:
    respx.post(url__startswith="http://nowhere.invalid").mock(side_effect=answer)
    try:
        model.invoke("Hello")
    except ScoutError:
        pass
"""


@pytest.mark.parametrize("prices", [{}, {"groq": {"m": {"input": 1.0, "output": 1.0}}}])
def test_published_prices_load_before_the_first_request_unless_there_are_own_ones(
    prices: dict[str, object], bare: WarmProcess
) -> None:
    printed = bare.output(PRICED.replace("{prices}", repr(prices)))
    assert printed.split() == ["False", str(not prices)]
