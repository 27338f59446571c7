"""The adapter of a chat model of another package, such as `ChatOpenAI` or `ChatBedrockConverse`.

It calls the hooks that such a class implements (`_generate`, `_stream` and their twins), never
`invoke` or `stream`: those would start a second LangChain run, and its tokens would count twice.

Timeouts: asynchronous calls are cancelled. A client that accepts `timeout`, or a client of
botocore, gets the seconds left. Other synchronous clients end by their own timeout: the timeouts of
this library apply between the chunks of a stream, and a late whole answer is used.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from scout_adapters._internal.json_values import Json
from scout_adapters._internal.logs import logger_of
from scout_adapters.errors import ErrorKind, ProviderError, UnsupportedContent, provider_error
from scout_adapters.llm.adapters.adapter import AttemptRequest, PreparedRequest, WholeAnswerReader
from scout_adapters.llm.adapters.langchain_answers import (
    LangChainStreamReader,
    chunk_of,
    message_of,
)
from scout_adapters.llm.adapters.langchain_boto import with_read_timeout
from scout_adapters.llm.adapters.langchain_clients import ClientFacts, redactor_of
from scout_adapters.llm.adapters.langchain_loops import LoopClients
from scout_adapters.llm.adapters.langchain_request import ModelCall, build_call
from scout_adapters.llm.adapters.langchain_thinking import without_forbidden_thinking
from scout_adapters.llm.adapters.streamed_answer import PARSE_ERRORS
from scout_adapters.llm.conversation.langchain_messages import prepare_messages, wire_of
from scout_adapters.llm.failures.foreign_errors import error_from_foreign
from scout_adapters.llm.timeouts import AttemptContext
from scout_adapters.llm.transport.body import WholeAnswer, encode
from scout_adapters.llm.types import ChatRequest, ProviderSpec, StreamReader

logger = logger_of(__name__)

OWN_TIMEOUTS = ("request_timeout", "default_request_timeout", "timeout")
"""Fields of a chat model with the seconds that its user set."""

CALL = "call"
"""Key in `PreparedRequest.arguments` of the `ModelCall`."""


class LangChainAdapter:
    """Calls a chat model of another package; its client must send each request once."""

    def __init__(
        self,
        model: BaseChatModel,
        facts: ClientFacts,
        card: ProviderSpec,
        arguments: Json | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        """`arguments` are passed to every call; `notes` are listed in the `changes` of answers."""
        self.model = model
        self._facts = facts
        self._card = replace(card, wire=wire_of(card.maker))
        self._arguments = arguments or {}
        self._notes = notes
        self._loop_clients = LoopClients()

    @cached_property
    def _redact(self) -> Callable[[str], str]:
        return redactor_of(self.model)

    def prepare(self, request: ChatRequest) -> PreparedRequest:
        try:
            conversation = prepare_messages(request.messages, self._card)
        except PARSE_ERRORS as error:  # LangChain accepts any dict as a content block
            if isinstance(error, UnsupportedContent):
                raise
            why = f"it cannot be read: {type(error).__name__}: {error}"
            raise UnsupportedContent("the request", "what it holds", why) from error
        call = build_call(self.model, self._facts, request, self._arguments)
        if (model := without_forbidden_thinking(call.model, conversation.messages)) is not None:
            left_out = "thinking left out: the last answer called tools without thinking"
            call = replace(call, model=model, changes=(*call.changes, left_out))
        sent = replace(request, messages=conversation.messages, max_tokens=call.max_tokens)
        return PreparedRequest(
            request=sent,
            content=_counted_body(sent),
            changes=(*self._notes, *call.changes, *conversation.changes),
            media=conversation.media or (),
            wire=type(self.model).__name__,
            arguments={CALL: call},
        )

    def reader(self, prepared: PreparedRequest) -> StreamReader:  # noqa: ARG002  # an Adapter's signature
        return LangChainStreamReader(self._facts.maker, needs_ending=self._facts.finishes)

    def whole_reader(self, prepared: PreparedRequest) -> StreamReader:  # noqa: ARG002  # an Adapter's signature
        return WholeAnswerReader(lambda event: cast("AIMessage", event["message"]))

    def revise(self, prepared: PreparedRequest, error: ProviderError) -> None:  # noqa: ARG002  # an Adapter's signature
        """Return None: the chat model builds the request body, so it cannot be changed here."""
        return

    def send(self, attempt_request: AttemptRequest) -> AIMessage:
        context, call = attempt_request.context, _call(attempt_request)
        arguments = self._arguments_of(attempt_request, context.timeouts.total)
        model = self._timed(call.model, context.timeouts.total)
        with self._classified(context) as failures:
            return self._message(model._generate(**arguments))  # noqa: SLF001  # the hook that core calls
        raise failures[0]  # outside the handler: the error behind it may show the key

    async def asend(self, attempt_request: AttemptRequest) -> AIMessage:
        context, call = attempt_request.context, _call(attempt_request)
        arguments = self._arguments_of(attempt_request, context.timeouts.total)
        with self._classified(context) as failures:
            async with asyncio.timeout(context.timeouts.total):
                model = self._loop_clients.in_this_loop(
                    self._timed(call.model, context.timeouts.total)
                )
                result = await model._agenerate(**arguments)  # noqa: SLF001  # as above
            return self._message(result)
        raise failures[0]  # as above

    def stream(self, attempt_request: AttemptRequest) -> Generator[list[Json | None]]:
        context, call = attempt_request.context, _call(attempt_request)
        if not _streams(call, BaseChatModel._stream):  # noqa: SLF001  # as above
            yield [WholeAnswer(message=self.send(attempt_request))]
            return
        arguments = self._arguments_of(attempt_request, context.timeouts.first_token)
        with self._classified(context) as failures:
            chunks = self._timed(call.model, context.timeouts.first_token)._stream(**arguments)  # noqa: SLF001  # as above
            try:
                for generation in _within_total(chunks, context):
                    yield [cast("Json", chunk_of(generation))]
            finally:
                if isinstance(chunks, Generator):
                    chunks.close()
            yield [None]
        if failures:
            raise failures[0]  # as above

    async def astream(self, attempt_request: AttemptRequest) -> AsyncGenerator[list[Json | None]]:
        context, call = attempt_request.context, _call(attempt_request)
        if not _streams(call, BaseChatModel._stream, BaseChatModel._astream):  # noqa: SLF001  # as above
            yield [WholeAnswer(message=await self.asend(attempt_request))]
            return
        arguments = self._arguments_of(attempt_request, context.timeouts.first_token)
        with self._classified(context) as failures:
            model = self._timed(call.model, context.timeouts.first_token)
            model = self._loop_clients.in_this_loop(model)
            chunks = model._astream(**arguments)  # noqa: SLF001  # as above
            try:
                async for generation in _awithin_timeouts(chunks, context):
                    yield [cast("Json", chunk_of(generation))]
            finally:
                if isinstance(chunks, AsyncGenerator):
                    await chunks.aclose()
            yield [None]
        if failures:
            raise failures[0]  # as above

    def _message(self, result: ChatResult) -> AIMessage:
        return message_of(result, self._facts.maker, needs_ending=self._facts.finishes)

    def _arguments_of(self, attempt_request: AttemptRequest, limit: float | None) -> Json:
        """Return the keyword arguments for `_generate` or `_stream`; `limit` is in seconds."""
        request, call = attempt_request.prepared.request, _call(attempt_request)
        arguments: Json = {
            **call.arguments,
            "messages": list(request.messages),
            "stop": list(request.stop) or None,
        }
        if self._facts.timeout and (seconds := self._seconds(limit)) is not None:
            arguments["timeout"] = seconds
        return arguments

    def _timed(self, model: BaseChatModel, limit: float | None) -> BaseChatModel:
        """Return a copy with a read timeout of `limit` seconds for botocore, else `model`."""
        return with_read_timeout(model, self._seconds(limit)) if self._facts.boto else model

    def _seconds(self, limit: float | None) -> float | None:
        """Return the shortest of `limit` and the model's own timeouts in seconds, or None."""
        own = (getattr(self.model, name, None) for name in OWN_TIMEOUTS)
        limits = [one for one in (*own, limit) if isinstance(one, int | float)]
        return max(min(limits), self._facts.shortest_timeout) if limits else None

    @contextmanager
    def _classified(self, context: AttemptContext) -> Iterator[list[ProviderError]]:
        """Suppress an error of the block, and add it to the yielded list, classified."""
        failures: list[ProviderError] = []
        try:
            yield failures
        except Exception as error:  # noqa: BLE001  # any error of a client is a failed attempt
            failures.append(self._error(error, context))

    def _error(self, error: Exception, context: AttemptContext) -> ProviderError:
        failure = error_from_foreign(context.provider, error, redact=self._redact)
        if isinstance(error, TimeoutError) and not isinstance(error, ProviderError):
            name = type(self.model).__name__
            failure = provider_error(ErrorKind.TIMEOUT_RESPONSE, f"no answer of {name} in time")
            if type(self.model)._agenerate is BaseChatModel._agenerate:  # noqa: SLF001  # as above
                logger.warning("%s has no async client: its thread goes on until it ends", name)
        return failure


def _call(attempt_request: AttemptRequest) -> ModelCall:
    return cast("ModelCall", attempt_request.prepared.arguments[CALL])


def _streams(call: ModelCall, *defaults: Callable[..., Any]) -> bool:
    """Return whether a chat model streams: its class overrides a hook of core in `defaults`."""
    disabled = call.model.disable_streaming
    if disabled is True or (disabled == "tool_calling" and call.arguments.get("tools")):
        return False
    return any(getattr(type(call.model), hook.__name__) is not hook for hook in defaults)


def _within_total(
    chunks: Iterator[ChatGenerationChunk], context: AttemptContext
) -> Iterator[ChatGenerationChunk]:
    """Yield the chunks; raises `ProviderTimeout` after the time limit of the whole stream."""
    limit = context.timeouts.stream_total
    end = None if limit is None else context.clock.now() + limit
    for chunk in chunks:
        yield chunk
        if end is not None and context.clock.now() > end:
            raise provider_error(ErrorKind.TIMEOUT_RESPONSE, f"no whole answer within {limit:g} s")


async def _awithin_timeouts(
    chunks: AsyncIterator[ChatGenerationChunk], context: AttemptContext
) -> AsyncIterator[ChatGenerationChunk]:
    """Yield the chunks; raises `TimeoutError` if a chunk does not arrive in time."""
    timeouts, started = context.timeouts, context.clock.now()
    total = timeouts.stream_total
    while True:
        limit = timeouts.idle if context.progress.has_content else timeouts.first_token
        if total is not None:
            left = max(started + total - context.clock.now(), 0.0)
            limit = left if limit is None else min(limit, left)
        try:
            async with asyncio.timeout(limit):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        yield chunk


def _counted_body(request: ChatRequest) -> bytes:
    """Return messages, tools and response format as JSON, to estimate the request's tokens."""
    messages = [
        {"content": message.content, "tool_calls": getattr(message, "tool_calls", ())}
        for message in request.messages
    ]
    more = {"tools": list(request.tools), "response_format": request.response_format}
    return encode({"messages": messages, **more})
