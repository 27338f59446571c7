"""Chat models of other packages, for handlers that count their calls too."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from langchain_core.exceptions import ModelAPIError
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr


class NeverEnding(GenericFakeChatModel):
    """A model whose answer never comes."""

    _reached: asyncio.Event = PrivateAttr(default_factory=asyncio.Event)

    async def reached(self) -> None:
        """Wait until the model was called."""
        await self._reached.wait()

    async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
        self._reached.set()
        await asyncio.Event().wait()


class BrokenStream(GenericFakeChatModel):
    """A model whose stream breaks after its first words, without a count of tokens."""

    def _get_ls_params(self, *args: Any, **kwargs: Any) -> Any:
        return {"ls_provider": "openai", "ls_model_name": "small", "ls_max_tokens": 100}

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk("one two three four"))
        raise ModelAPIError("server error")
