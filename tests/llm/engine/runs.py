"""The ways to make a call."""

from __future__ import annotations

import warnings
from typing import Any

ROUTE = ("groq/llama-3.3-70b-versatile", "openai/gpt-4o-mini")


async def call(path: str, model: Any, config: Any) -> None:
    match path:
        case "invoke":
            model.invoke("hi", config)
        case "ainvoke":
            await model.ainvoke("hi", config)
        case "stream":
            list(model.stream("hi", config))
        case "astream":
            [chunk async for chunk in model.astream("hi", config)]
        case "invoke(stream=True)":
            model.invoke("hi", config, stream=True)
        case "ainvoke(stream=True)":
            await model.ainvoke("hi", config, stream=True)
        case "batch":
            model.batch(["hi"], config)
        case "astream_events v2":
            [event async for event in model.astream_events("hi", config, version="v2")]
        case "stream_events v3":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _ = model.stream_events("hi", config, version="v3").output
