"""What every face shares: one LangChain run around one call of the engine."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LangSmithParams, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.utils import count_tokens_approximately
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import BaseModel, model_validator
from typing_extensions import override

from scout_adapters.chat_models import run_observer
from scout_adapters.chat_models.options import ChatOptions, with_extras
from scout_adapters.chat_models.request import (
    Tool,
    build_request,
    neutral_tool,
    neutral_tool_choice,
)
from scout_adapters.chat_models.result import as_v1_blocks, chat_result, generation_chunk
from scout_adapters.errors import ConfigurationError

if TYPE_CHECKING:
    from scout_adapters._internal.json_values import Json
    from scout_adapters.llm.engine.retry import Attempts
    from scout_adapters.llm.router.explain import Explanation
    from scout_adapters.llm.router.route import Route
    from scout_adapters.llm.types import ChatRequest

Method = Literal["json_schema", "function_calling", "json_mode"]


@cache
def _version() -> str:
    # Looked up in the installed package's files, which is most of what a construction would cost.
    return version("scout-adapters")


class ScoutChatModel(ChatOptions):
    """A chat model that rotates keys, fails over, and knows what every call cost.

    Options that it does not know go into the request's body, so that whatever a provider takes
    (`seed=`, `top_k=`, …) can be written here.
    """

    @abstractmethod
    def _route(self, model: str | None = None) -> Route:
        """Return who may answer; `model` where a call names another one."""

    @abstractmethod
    def _default_model(self) -> str:
        """Name the model that is asked first."""

    @abstractmethod
    def _takes_schemas(self) -> bool:
        """Tell whether every candidate takes a JSON schema for its answer."""

    @property
    @abstractmethod
    def _ls_provider(self) -> str:
        """Name the provider for LangSmith."""

    def __init__(self, **options: Any) -> None:
        """Take the fields below, and further ones for the request's body."""
        # Before pydantic, whose errors quote their input: keys among it.
        super().__init__(**with_extras(type(self), options, self._key_names()))

    @classmethod
    def _key_names(cls) -> tuple[str, ...]:
        """Name what partner packages call the key."""
        return ()

    @model_validator(mode="after")
    def _set_scout_adapters_version(self) -> ScoutChatModel:
        self._add_version("scout-adapters", _version())
        return self

    @property
    @override
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self._default_model(), "provider": self._ls_provider, **self._settings()}

    @override
    def _get_invocation_params(self, stop: list[str] | None = None, **kwargs: Any) -> Json:
        # Core shows the call's stop in the place of the model's own, in traces and cache keys; and
        # takes 10 µs to look for what a subclass may have made of a method that is deprecated.
        shown = {**self._identifying_params, "_type": self._llm_type}
        return {**shown, "stop": self.stop if stop is None else stop, **kwargs}

    @override
    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = LangSmithParams(
            ls_provider=self._ls_provider,
            ls_model_name=kwargs.get("model") or self._default_model(),
            ls_model_type="chat",
        )
        if (temperature := kwargs.get("temperature", self.temperature)) is not None:
            params["ls_temperature"] = temperature
        if (max_tokens := kwargs.get("max_tokens", self.max_tokens)) is not None:
            params["ls_max_tokens"] = max_tokens
        if wanted := self.stop if stop is None else stop:
            params["ls_stop"] = [wanted] if isinstance(wanted, str) else wanted
        return params

    @override
    def get_num_tokens(self, text: str) -> int:
        """Estimate the tokens of a text, offline: four characters each."""
        if self.custom_get_token_ids is not None:
            return len(self.custom_get_token_ids(text))
        return -(-len(text) // 4)

    @override
    def get_token_ids(self, text: str) -> list[int]:
        """Return what `custom_get_token_ids=` makes of a text; nobody's tokenizer is downloaded."""
        if self.custom_get_token_ids is None:
            raise ConfigurationError("tokens are only estimated here: pass custom_get_token_ids=")
        return self.custom_get_token_ids(text)

    @override
    def get_num_tokens_from_messages(
        self, messages: list[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        """Estimate the tokens of a conversation, offline."""
        return count_tokens_approximately(messages, tools=list(tools) if tools else None)

    def _request_settings(self) -> Json:
        """Return the options that a request begins with."""
        return self._settings()

    def _attempts(
        self,
        messages: Sequence[BaseMessage],
        stop: Sequence[str] | None,
        run: run_observer.RunManager | None,
        options: Json,
        *,
        stream: bool,
    ) -> Attempts:
        patience = self._patience(options)
        route, request = self._asked(messages, stop, options, stream=stream)
        return route.attempts(request, patience, run_observer.observer(run))

    def _asked(
        self,
        messages: Sequence[BaseMessage],
        stop: Sequence[str] | None,
        options: Json,
        *,
        stream: bool,
    ) -> tuple[Route, ChatRequest]:
        """Return who may answer a call, and its request."""
        route = self._route(options.pop("model", None))
        model = route.candidates[0].model
        request = build_request(
            messages, model, self._request_settings(), options, stop=stop, stream=stream
        )
        return route, request

    def explain(
        self,
        input: LanguageModelInput,  # noqa: A002  # as in `invoke`
        *,
        stop: list[str] | None = None,
        **options: Any,
    ) -> Explanation:
        """Tell whom a call made now would ask, and why not the others; asks nobody.

        Options are those of `invoke`; for a model with tools bound to it, `**bound.kwargs`. Raises
        what the call would raise before it asked anybody: `ConfigurationError`.
        """
        from scout_adapters.llm.router.explain import explain

        messages = self._convert_input(input).to_messages()
        self._patience(options)
        route, request = self._asked(messages, stop, options, stream=self.streaming)
        tokens = self.get_num_tokens_from_messages(messages, request.tools)
        return explain(route, request, tokens)

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        from scout_adapters.llm.engine.calls import complete

        attempts = self._attempts(messages, stop, run_manager, kwargs, stream=False)
        return chat_result(complete(attempts))

    @override
    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        from scout_adapters.llm.engine.calls import acomplete

        attempts = self._attempts(messages, stop, run_manager, kwargs, stream=False)
        return chat_result(await acomplete(attempts))

    @override
    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        from scout_adapters.llm.engine.calls import stream

        run = run_manager or run_observer.take_run()
        attempts = self._attempts(messages, stop, run, kwargs, stream=True)
        blocks = self._in_blocks(run_manager)
        for chunk in stream(attempts):
            in_blocks = blocks and not attempts.indexes_chunks
            generation = generation_chunk(as_v1_blocks(chunk) if in_blocks else chunk)
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=generation)
            yield generation

    @override
    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        from scout_adapters.llm.engine.calls import astream

        run = run_manager or run_observer.take_run()
        attempts = self._attempts(messages, stop, run, kwargs, stream=True)
        blocks = self._in_blocks(run_manager)
        stream = astream(attempts)
        run_observer.hand_over_stream(stream)
        async for chunk in stream:
            in_blocks = blocks and not attempts.indexes_chunks
            generation = generation_chunk(as_v1_blocks(chunk) if in_blocks else chunk)
            if run_manager:
                await run_manager.on_llm_new_token(chunk.text, chunk=generation)
            yield generation

    def _in_blocks(self, run: run_observer.RunManager | None) -> bool:
        """Tell whether core wants content blocks: asked for, or for version 3 of its events.

        Only for those does it hand a run manager to `_stream`.
        """
        return self.output_version == "v1" or run is not None

    @override
    def _should_stream(
        self,
        *,
        async_api: bool,
        run_manager: run_observer.RunManager | None = None,
        **kwargs: Any,
    ) -> bool:
        handlers = run_manager.handlers if run_manager else ()
        taps = any(map(run_observer.reads_streams, map(type, handlers)))
        if not (taps or self.streaming or kwargs.get("stream")):
            return False  # core would find out with a look at a protocol for each handler: 7 µs
        streams = super()._should_stream(async_api=async_api, run_manager=run_manager, **kwargs)
        if streams and run_manager is not None:
            run_observer.announce(run_manager)
        return streams

    @override
    def stream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        run = run_observer.RunScope(self, config, is_async=False)
        chunks = super().stream(input, run.config, stop=stop, **kwargs)
        with run:
            first = next(chunks, None)
        if first is not None:
            yield first
            yield from chunks

    @override
    async def astream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        from scout_adapters.llm.engine.calls import AsyncClosing

        run = run_observer.RunScope(self, config, is_async=True)
        stream = super().astream(input, run.config, stop=stop, **kwargs)
        chunks = cast("AsyncGenerator[AIMessageChunk]", stream)
        async with AsyncClosing(chunks):
            with run:
                first = await anext(chunks, None)
            if first is None:
                return
            try:
                yield first
                async for chunk in chunks:
                    yield chunk
            except GeneratorExit:
                await run.aclose()
                raise

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
        """Offer tools; `tool_choice` is "auto", "none", "any", a tool's name, or a native form."""
        bound: Json = {"tools": [neutral_tool(tool, strict=strict) for tool in tools], **kwargs}
        if (chosen := neutral_tool_choice(tool_choice)) is not None:
            bound["tool_choice"] = chosen
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
        """Answer in the form of `schema`: a pydantic class, TypedDict or JSON schema.

        `method` is "json_schema", "function_calling" or "json_mode"; left out, the first if every
        candidate takes schemas. With `include_raw`: `{"raw", "parsed", "parsing_error"}`.
        """
        from scout_adapters.chat_models.structured_output import (
            structured_output,  # with core's parsers
        )

        return structured_output(
            self,
            schema,
            method=method or ("json_schema" if self._takes_schemas() else "function_calling"),
            include_raw=include_raw,
            strict=strict,
            options=kwargs,
        )


for _verb in (ScoutChatModel._generate, ScoutChatModel._agenerate):  # noqa: SLF001  # of this module
    # Core looks at their parameters in every call; kept, they need not be worked out each time.
    vars(_verb)["__signature__"] = signature(_verb)
