"""The first import, the first model and the first call of a process, each in a new process."""

from __future__ import annotations

import subprocess
import sys

import pytest

import scout_adapters
from tests.support.paths import ROOT

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


def in_a_new_process(code: str) -> str:
    """Run code in a process that has imported nothing, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["ScoutRouterChatModel", "ScoutGroqChatModel", "ScoutError"])
def test_an_import_does_not_wait_for_what_only_a_call_needs(name: str) -> None:
    code = f"import sys; from scout_adapters import {name}; print(*sys.modules)"
    loaded = set(in_a_new_process(code).split())
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "name", {home: name for name, home in scout_adapters.HOMES.items()}.values()
)
def test_any_module_can_be_the_first(name: str) -> None:
    in_a_new_process(f"from scout_adapters import {name}")


def test_threads_may_make_the_first_models_at_once() -> None:
    assert in_a_new_process("""
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


def test_a_stand_in_that_was_there_before_the_first_call_is_played() -> None:
    assert in_a_new_process(PLAYED).strip() == "Played."


PRICED = """
import sys
import respx
from scout_adapters import ScoutGroqChatModel
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
    except Exception:
        pass
"""


@pytest.mark.parametrize("prices", [{}, {"groq": {"m": {"input": 1.0, "output": 1.0}}}])
def test_published_prices_load_before_the_first_request_unless_there_are_own_ones(
    prices: dict[str, object],
) -> None:
    printed = in_a_new_process(PRICED.replace("{prices}", repr(prices)))
    assert printed.split() == ["False", str(not prices)]
