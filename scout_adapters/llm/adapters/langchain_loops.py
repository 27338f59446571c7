"""Async clients of other packages' chat models in each event loop.

The packages of OpenAI, Anthropic and Groq make one client for all loops, and its connections belong
to the loop of its first call: in the next loop a call would fail
(https://github.com/langchain-ai/langchain/issues/35783).
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any
from weakref import WeakKeyDictionary, ref

from langchain_core.language_models import BaseChatModel

_loops: WeakKeyDictionary[Any, ref[asyncio.AbstractEventLoop]] = WeakKeyDictionary()
"""By HTTP client: the loop of its first use; langchain-openai shares a client between models."""


class LoopClients:
    """Creates a new client for a chat model in each event loop after the first."""

    def __init__(self) -> None:
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()

    def in_this_loop(self, model: BaseChatModel) -> BaseChatModel:
        """Return the chat model, or a copy whose client belongs to the running loop."""
        sdk = _async_sdk(model)
        if sdk is None:
            return model
        loop = asyncio.get_running_loop()
        owner = _loops.setdefault(sdk._client, ref(loop))  # noqa: SLF001  # the HTTP client
        if owner() is loop:
            return model
        if (client := self._clients.get(loop)) is None:
            client = self._clients[loop] = _with_new_connections(sdk)
        return _with_client(model, client)


def _async_sdk(model: BaseChatModel) -> Any:
    """Return the SDK's async client of a chat model; None without one, or if the user set it."""
    if getattr(model, "http_async_client", None) is not None:
        return None
    sdk: Any = getattr(model, "root_async_client", None)  # langchain-openai
    if sdk is None:
        sdk = getattr(getattr(model, "async_client", None), "_client", None)  # langchain-groq
    if sdk is None:
        sdk = getattr(model, "_async_client", None)  # langchain-anthropic
    return sdk if hasattr(_module(sdk), "DefaultAsyncHttpxClient") else None


def _module(sdk: Any) -> Any:
    """Return the imported package that an SDK's client belongs to."""
    return sys.modules.get(type(sdk).__module__.partition(".")[0])


def _with_new_connections(sdk: Any) -> Any:
    client = _module(sdk).DefaultAsyncHttpxClient(base_url=sdk.base_url, timeout=sdk.timeout)
    return sdk.copy(http_client=client)


def _with_client(model: BaseChatModel, sdk: Any) -> BaseChatModel:
    fields = type(model).model_fields
    if "root_async_client" in fields:
        update = {"root_async_client": sdk, "async_client": sdk.chat.completions}
        return model.model_copy(update=update)
    if "async_client" in fields:
        return model.model_copy(update={"async_client": sdk.chat.completions})
    other = model.model_copy()
    other.__dict__["_async_client"] = sdk  # a cached property
    return other
