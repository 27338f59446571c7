"""Whole-answer calls: pass the conversation's id on, check for asyncio, report raised errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from langchain_core.utils.uuid import uuid7
from typing_extensions import override

from scout_adapters.chat_models.conversation_names import with_conversation_id
from scout_adapters.errors.event_loop import running_loop
from scout_adapters.llm.engine.raised_calls import report_raised_call

if TYPE_CHECKING:
    from langchain_core.callbacks import Callbacks
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_core.outputs import LLMResult
    from langchain_core.runnables import RunnableConfig
else:
    BaseChatModel = object  # a mixin: a pydantic class of its own takes 2.5 ms to import


class AsyncioCalls(BaseChatModel):
    """Passes the conversation's id on; trio and curio get an error that names what is needed."""

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
    def generate(
        self,
        messages: list[list[BaseMessage]],
        stop: list[str] | None = None,
        callbacks: Callbacks = None,
        *,
        run_id: UUID | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        run_id = run_id or uuid7()  # as core does
        try:
            return super().generate(messages, stop, callbacks, run_id=run_id, **kwargs)
        except BaseException as error:  # raised again
            report_raised_call(run_id, error)
            raise

    @override
    async def agenerate(
        self,
        messages: list[list[BaseMessage]],
        stop: list[str] | None = None,
        callbacks: Callbacks = None,
        *,
        run_id: UUID | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        run_id = run_id or uuid7()  # as core does
        try:
            return await super().agenerate(messages, stop, callbacks, run_id=run_id, **kwargs)
        except BaseException as error:  # raised again
            report_raised_call(run_id, error)
            raise

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
