"""A peer: langchain-openai."""

from __future__ import annotations

from typing import Any

from canned.answers import MODEL
from langchain_openai import ChatOpenAI

from subjects import KEY, Setup, Subject, of_model


def make(setup: Setup) -> Subject:
    """Set it up as it comes, over the Responses API, or over aiohttp by the SDK's client."""
    more: dict[str, Any] = {}
    if setup.name == "ChatOpenAI-aiohttp":
        from openai import DefaultAioHttpClient  # noqa: PLC0415  # needs the SDK's extra

        more["http_async_client"] = DefaultAioHttpClient()
    if setup.name == "ChatOpenAI-responses":
        more["use_responses_api"] = True
    root = f"{setup.root}/v1"
    return of_model(setup, lambda: ChatOpenAI(model=MODEL, api_key=KEY, base_url=root, **more))
