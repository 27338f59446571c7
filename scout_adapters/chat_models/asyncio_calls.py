"""Calls for whole answers: the conversation's id reaches their run, and async ones need asyncio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from scout_adapters.chat_models.conversation_names import with_conversation_id
from scout_adapters.errors.event_loop import running_loop

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import RunnableConfig
else:
    BaseChatModel = object  # a mixin: a pydantic class of its own takes 2.5 ms to import


class AsyncioCalls(BaseChatModel):
    """Passes the conversation's id on; trio and curio get an error that says what is needed."""

    @override
    def invoke(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        return super().invoke(input, with_conversation_id(config), stop=stop, **kwargs)

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
        return await super().ainvoke(input, with_conversation_id(config), stop=stop, **kwargs)
