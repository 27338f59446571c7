"""Chat models of other packages, for handlers that count their calls too."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain_core.language_models import GenericFakeChatModel
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
