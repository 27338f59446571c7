"""A program that uses one model in every way: `python -m tests.chat_models.program NAME=URL …`.

Test runs it in a development mode, where everything that is left open is complained of.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from typing import Any

from scout_adapters import ScoutRouterChatModel, init_scout_model
from tests.chat_models.models import MODELS, ROUTE
from tests.support.weather import get_weather

STORY = "Write a long story."

NOTICES = "scout_adapters.llm.router.retirement_notices"
"""The logger of models that end soon, which depends on the day."""


def models(urls: dict[str, str]) -> list[Any]:
    options = {name: {"base_url": url, "api_key": f"k-{name}"} for name, url in urls.items()}
    singles = [init_scout_model(f"{name}/{MODELS[name]}", **options[name]) for name in urls]
    entries = [{"model": f"{name}/{MODELS[name]}", **options[name]} for name in ROUTE]
    return [*singles, ScoutRouterChatModel(models=entries)]


def use(model: Any) -> None:
    model.invoke("Hello")
    list(model.bind_tools([get_weather]).stream("Aloud: the weather in Paris?"))
    model.batch(["a", "b", "c"])
    for _ in model.stream(STORY):
        break


async def ause(model: Any) -> None:
    asyncio.get_running_loop().slow_callback_duration = 60  # a busy machine is no fault of ours
    await model.ainvoke("Hello")
    [chunk async for chunk in model.bind_tools([get_weather]).astream("Weather in Paris?")]
    await model.abatch(["a", "b", "c"])
    task = asyncio.create_task(model.ainvoke(STORY))
    await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async for _ in model.astream(STORY):
        break


async def leave(model: Any) -> None:
    """End the loop right after a stream was left."""
    asyncio.get_running_loop().slow_callback_duration = 60
    async for _ in model.astream(STORY):
        break


def main(urls: dict[str, str]) -> None:
    logging.getLogger(NOTICES).setLevel(logging.ERROR)
    for model in models(urls):
        use(model)
        asyncio.run(ause(model))
        asyncio.run(leave(model))
        use(model)
        gc.collect()
    print("done")  # noqa: T201  # what the test waits for


if __name__ == "__main__":
    main(dict(argument.split("=", 1) for argument in sys.argv[1:]))
