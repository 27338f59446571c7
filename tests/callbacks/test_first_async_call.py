"""The first async call of a process reads its files off the event loop."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.waiting import HANG

pytest.importorskip("blockbuster")

PROGRAM = """
import asyncio
from blockbuster import blockbuster_ctx
from scout_adapters import ScoutError, ScoutGroqChatModel, ScoutRouterChatModel
from scout_adapters.testing import Emulator
from tests.support.weather import get_weather

emulator = Emulator()
entries = ["groq/openai/gpt-oss-20b", "anthropic/claude-haiku-4-5", "google/gemini-3.5-flash",
           "openai/gpt-6-luna"]

def route(name):
    entry = {"model": name, "api_key": "k", "transport": emulator.transport()}
    return ScoutRouterChatModel(models=[entry, {**entry, "api_key": "l"}], max_tokens=100)

async def main():
    for url in (emulator.url("groq"), "https://127.0.0.1:9/v1"):
        model = ScoutGroqChatModel(model="m", api_key="k", base_url=url, max_retries=0)
        try:
            assert (await model.ainvoke("hi")).text
        except ScoutError:
            assert url.startswith("https")
    for name in entries:
        model = route(name)
        assert (await model.bind_tools([get_weather]).ainvoke("hi")).response_metadata
        assert [chunk async for chunk in model.astream("hi")]

models = [route(name) for name in entries]
own = ["scout_adapters.testing"]
with emulator.serve(), blockbuster_ctx("scout_adapters", excluded_modules=own):
    asyncio.run(main())
print("no blocking call")
"""


def test_the_first_async_calls_of_a_process_block_no_event_loop() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=HANG
    )
    assert ran.stdout == "no blocking call\n", ran.stderr[-3000:]
