"""What every chat model shares: one LangChain run around one call of the engine."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from datetime import date
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    CallbackManager,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig, ensure_config
from pydantic import BaseModel
from typing_extensions import override

from scout_adapters.chat_models.asyncio_calls import AsyncioCalls
from scout_adapters.chat_models.conversation_id import conversation_id
from scout_adapters.chat_models.options import ChatOptions
from scout_adapters.chat_models.request import (
    build_request,
    normalize_tool_choice,
)
from scout_adapters.chat_models.result import (
    ChunkConverter,
    V0Answer,
    as_v1_blocks,
    as_v1_message,
    chat_result,
    generation_chunk,
)
from scout_adapters.chat_models.run_scope import (
    RunManager,
    register_stream,
    take_announced_run,
)
from scout_adapters.chat_models.scoped_streams import ScopedStreams
from scout_adapters.chat_models.token_counts import TokenCounting
from scout_adapters.chat_models.tracing import TracedChatModel

if TYPE_CHECKING:
    from scout_adapters._internal.json_values import Json
    from scout_adapters.chat_models.schemas import Tool
    from scout_adapters.llm.engine.retry import Attempts
    from scout_adapters.llm.router.explain import Explanation
    from scout_adapters.llm.router.route import Route
    from scout_adapters.llm.types import ChatRequest
else:
    Tool = Any  # a hint that core evaluates

Method = Literal["json_schema", "function_calling", "json_mode"]


class ScoutChatModel(AsyncioCalls, ScopedStreams, TokenCounting, TracedChatModel, ChatOptions):
    """A LangChain chat model with key rotation, failover and the cost of every call.

    Base class of all chat models of this package. Body fields that the provider documents are
    options too: `seed=1`, `top_k=40`. `model_kwargs={...}` adds any other field.

    A call raises a subclass of `ScoutError` (see `scout_adapters.errors`) when every attempt has
    failed, and `StreamInterrupted` when a stream fails after its first content.
    """

    @abstractmethod
    def _route(self, model: str | None = None) -> Route:
        """Return the route of a call; `model` is the one that the call names, if any."""

    @abstractmethod
    def _takes_schemas(self, *, is_open: bool = False) -> bool:
        """Return whether every candidate accepts a JSON schema for its answer.

        `is_open`: one that is recursive, or has an object with arbitrary keys.
        """

    def _model_of(self, options: Json) -> ScoutChatModel:  # noqa: ARG002  # routers of files read it
        """Return the model that makes a call: this one, or another that its options name."""
        return self

    def _request_settings(self) -> Json:
        """Return the model's own options for its requests; those of a call win over them."""
        return self._settings()

    def _attempts(
        self,
        messages: Sequence[BaseMessage],
        stop: Sequence[str] | None,
        manager: RunManager | None,
        options: Json,
        *,
        stream: bool,
    ) -> Attempts:
        """Return the attempts of a call, reported to the handlers of its run."""
        from scout_adapters.chat_models.run_observer import build_observer

        policy = self._retry_policy(options)
        route, request = self._route_and_request(messages, stop, options, stream=stream)
        conversation = conversation_id(manager)
        return route.attempts(request, policy, build_observer(manager), conversation, manager)

    async def _aattempts(
        self,
        messages: Sequence[BaseMessage],
        stop: Sequence[str] | None,
        manager: RunManager | None,
        options: Json,
        *,
        stream: bool,
    ) -> Attempts:
        """Twin of `_attempts`: profiles and prices are read off the event loop."""
        from scout_adapters.chat_models.run_observer import build_observer
        from scout_adapters.llm.router.lookup_files import read_lookup_files

        policy = self._retry_policy(options)
        route, request = self._route_and_request(messages, stop, options, stream=stream)
        await read_lookup_files(route.candidates)
        conversation = conversation_id(manager)
        return route.attempts(request, policy, build_observer(manager), conversation, manager)

    def _route_and_request(
        self,
        messages: Sequence[BaseMessage],
        stop: Sequence[str] | None,
        options: Json,
        *,
        stream: bool,
    ) -> tuple[Route, ChatRequest]:
        route = self._route(options.pop("model", None))
        model = route.candidates[0].model
        request = build_request(
            *(messages, model, self._request_settings(), options, route.documented_fields),
            stop=stop,
            stream=stream,
        )
        return route, request

    def explain(
        self,
        input: LanguageModelInput,  # noqa: A002  # as in `invoke`
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        on: date | str | None = None,
        **options: Any,
    ) -> Explanation:
        """Return which candidates and keys a call made now would use, and why not the others.

        With `on`, a day such as `"2026-12-12"`, models that have ended by then are left out.

        Sends nothing. `config` and options are those of `invoke`; for a model with bound tools,
        pass `**bound.kwargs`.

        Raises: `ConfigurationError` where `invoke` would raise it before its first request.
        """
        from scout_adapters.llm.profiles.retirements import day_of
        from scout_adapters.llm.router.explain import explain

        messages = self._convert_input(input).to_messages()
        self = self._model_of(options)  # noqa: PLW0642  # as in a call
        policy = self._retry_policy(options)
        route, request = self._route_and_request(messages, stop, options, stream=self.streaming)
        tokens = self.get_num_tokens_from_messages(messages, request.tools)
        thread_id = conversation_id(None, config)
        run = self._run_facts(config)
        conversation = route.conversation(request, policy, thread_id)
        ordered = route.ordered(request, conversation, thread_id, run)
        return explain(route.of_run(run), request, tokens, conversation, day_of(on), ordered)

    def _run_facts(self, config: RunnableConfig | None) -> CallbackManager:
        """Return the tags and metadata that a call with this config has."""
        config = ensure_config(config)
        tags, metadata = config.get("tags"), config.get("metadata")
        return CallbackManager.configure(
            inheritable_tags=tags,
            local_tags=self.tags,
            inheritable_metadata=metadata,
            local_metadata=self.metadata,
        )

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        from scout_adapters.llm.engine.calls import complete

        self = self._model_of(kwargs)  # noqa: PLW0642  # of a file: another route
        attempts = self._attempts(messages, stop, run_manager, kwargs, stream=False)
        return self._result(complete(attempts), attempts)

    @override
    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        from scout_adapters.llm.engine.calls import acomplete

        self = self._model_of(kwargs)  # noqa: PLW0642  # of a file: another route
        attempts = await self._aattempts(messages, stop, run_manager, kwargs, stream=False)
        return self._result(await acomplete(attempts), attempts)

    def _result(self, message: AIMessage, attempts: Attempts) -> ChatResult:
        if self.output_version == "v1":
            message = as_v1_message(message, attempts.wire)
        elif self.output_version == "v0":
            message = V0Answer().convert(message, attempts.wire)
        return chat_result(message, self.scout_metadata)

    @override
    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        from scout_adapters.llm.engine.calls import stream

        manager = run_manager or take_announced_run()
        self = self._model_of(kwargs)  # noqa: PLW0642  # of a file: another route
        attempts = self._attempts(messages, stop, manager, kwargs, stream=True)
        convert = self._chunk_converter(run_manager)
        chunks = stream(attempts)
        try:
            for chunk in chunks:
                shown = convert(chunk, attempts.wire) if convert else chunk
                generation = generation_chunk(shown, self.scout_metadata)
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=generation)
                yield generation
        except BaseException:  # raised again: its traceback would keep the call open
            chunks.close()
            raise

    @override
    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        from scout_adapters.llm.engine.calls import astream, keep_from_loop

        manager = run_manager or take_announced_run()
        self = self._model_of(kwargs)  # noqa: PLW0642  # of a file: another route
        attempts = await self._aattempts(messages, stop, manager, kwargs, stream=True)
        convert = self._chunk_converter(run_manager)
        register_stream(stream := keep_from_loop(astream(attempts)))
        try:
            async for chunk in stream:
                shown = convert(chunk, attempts.wire) if convert else chunk
                generation = generation_chunk(shown, self.scout_metadata)
                if run_manager:
                    await run_manager.on_llm_new_token(chunk.text, chunk=generation)
                yield generation
        except BaseException:  # raised again: else the event loop would close the call later
            with suppress(RuntimeError):  # it is closing the call at this moment
                await stream.aclose()
            raise

    def _chunk_converter(self, run_manager: RunManager | None) -> ChunkConverter | None:
        """Return what converts the chunks of a stream to the output version; None if nothing.

        Core needs content blocks for output version 1 and for its events version 3; only for these
        events does it pass a run manager to `_stream`.
        """
        if self.output_version == "v1" or run_manager is not None:
            return as_v1_blocks
        return V0Answer().convert if self.output_version == "v0" else None

    @override
    def bind_tools(
        self,
        tools: Sequence[Tool],
        *,
        tool_choice: str | bool | dict[str, Any] | None = None,
        strict: bool | None = None,
        parallel_tool_calls: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools for every call.

        `tool_choice` is "auto" (the default), "none", "any", a tool's name, or a provider's own
        dict. `strict` requires the provider to follow the tools' schemas exactly.
        """
        from scout_adapters.chat_models.schemas import normalize_tool

        bound: Json = {"tools": [normalize_tool(tool, strict=strict) for tool in tools], **kwargs}
        if (choice := normalize_tool_choice(tool_choice)) is not None:
            bound["tool_choice"] = choice
        if parallel_tool_calls is not None:
            bound["parallel_tool_calls"] = parallel_tool_calls
        return self.bind(**bound)

    @override
    def with_structured_output(
        self,
        schema: dict[str, Any] | type[BaseModel] | type,
        *,
        method: Method | None = None,
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """Return a runnable that answers in the form of `schema`.

        `schema` is a pydantic class, a TypedDict or a JSON schema. `method` is "json_schema",
        "function_calling" or "json_mode"; the default is "json_schema" if every candidate accepts
        schemas, else "function_calling". With `include_raw=True` the answer is a dict of `raw`,
        `parsed` and `parsing_error`.

        Raises: `ConfigurationError` for another `method`, or a type that is no class, such as
        `list[int]`. The runnable raises `OutputParserException` for an answer that does not fit
        the schema.
        """
        # Loads core's output parsers.
        from scout_adapters.chat_models.structured_output import structured_output

        return structured_output(
            self,
            schema,
            method=method,
            takes_schemas=self._takes_schemas,
            include_raw=include_raw,
            strict=strict,
            options=kwargs,
        )


for _method in (ScoutChatModel._generate, ScoutChatModel._agenerate):  # noqa: SLF001  # of this module
    # Core inspects their parameters in every call, which is faster with a stored signature.
    vars(_method)["__signature__"] = signature(_method)
