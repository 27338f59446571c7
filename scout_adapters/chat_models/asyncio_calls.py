"""Async calls need asyncio: trio and curio get an error that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from scout_adapters.errors.event_loop import running_loop

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import RunnableConfig
else:
    BaseChatModel = object  # a mixin: a pydantic class of its own takes 2.5 ms to import


class AsyncioCalls(BaseChatModel):
    """Checks the event loop before core uses asyncio's functions."""

    @override
    async def ainvoke(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        running_loop()  # raises under trio
        return await super().ainvoke(input, config, stop=stop, **kwargs)
