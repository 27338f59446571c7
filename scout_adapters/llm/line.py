"""What carries an attempt to a provider and back: HTTP for a card, or a user's function."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Mapping,
    Sequence,
)
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from langchain_core.messages import AIMessage, AIMessageChunk, get_buffer_string
from langchain_core.messages.ai import UsageMetadata

from scout_adapters.errors import RefusedInBand, ScoutError, UnsupportedContent, malformed
from scout_adapters.llm.bodies import STUMBLES, encode, guarded
from scout_adapters.llm.booking import in_function_call
from scout_adapters.llm.conversation import converse
from scout_adapters.llm.exchange import Answer, Exchange, Timeouts, Watch
from scout_adapters.llm.failures.foreign import foreign
from scout_adapters.llm.transport import Transport
from scout_adapters.llm.types import (
    ChatRequest,
    Json,
    LLMResponse,
    ProviderResult,
    ProviderSpec,
    StreamReader,
)

T = TypeVar("T")

HTTP_LIBRARIES = frozenset({"httpx", "httpx2", "requests", "aiohttp", "urllib3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A request made ready for one candidate, whichever key will carry it."""

    request: ChatRequest
    url: str = ""
    content: bytes = field(default=b"", repr=False)
    body: Json = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    changes: Sequence[str] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A prepared request with the key that carries it."""

    prepared: Prepared
    key: str | None = field(repr=False)
    key_id: str | None
    timeouts: Timeouts
    now: Callable[[], float] = time.monotonic
    watch: Watch = field(default_factory=Watch)
    redact: Callable[[str], str] = field(default=str, repr=False)


class Line(Protocol):
    """The four verbs; a reader turns what streams in into chunks."""

    def prepare(self, request: ChatRequest) -> Prepared:
        """Make a request ready; raises `UnsupportedContent` where it cannot be said here."""

    def reader(self, prepared: Prepared) -> StreamReader:
        """Begin to read the streamed answer."""

    def whole_reader(self) -> StreamReader:
        """Begin to read an answer that came whole where a stream was asked for."""

    def send(self, parcel: Parcel) -> AIMessage:
        """Ask, and return the whole answer."""

    async def asend(self, parcel: Parcel) -> AIMessage:
        """Twin of `send`."""

    def stream(self, parcel: Parcel) -> Generator[list[Json | None]]:
        """Ask, and yield the events of each network chunk."""

    def astream(self, parcel: Parcel) -> AsyncGenerator[list[Json | None]]:
        """Twin of `stream`."""


class HttpLine:
    """Speaks a card's wire over HTTP."""

    def __init__(
        self,
        spec: ProviderSpec,
        url: Callable[[str, bool], str],
        transport: Callable[[], Transport],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take `url`, which makes the address of a model, and headers for every request."""
        self.spec = spec
        self._url = url
        self._transport = transport
        self._headers = {**spec.headers, **(headers or {})}

    def prepare(self, request: ChatRequest) -> Prepared:
        try:
            return self._prepared(request)
        except ScoutError:
            raise
        except STUMBLES as error:  # LangChain lets any dict through as a block of content
            why = f"it cannot be read: {type(error).__name__}: {error}"
            raise UnsupportedContent("the request", "what it holds", why) from error

    def _prepared(self, request: ChatRequest) -> Prepared:
        talk = converse(request.messages, self.spec)
        body = self.spec.wire.build_body(request, talk.turns, self.spec)
        return Prepared(
            request=request,
            url=self._url(request.model, request.stream),
            content=encode(body),
            body=body,
            headers=self.spec.wire.extra_headers(request),
            changes=talk.changes,
        )

    def reader(self, prepared: Prepared) -> StreamReader:
        return self.spec.wire.reader(self.spec, prepared.body)

    def whole_reader(self) -> StreamReader:
        return WholeReader(lambda event: self.spec.wire.parse_response(event, self.spec))

    def send(self, parcel: Parcel) -> AIMessage:
        return self._parsed(self._transport().send(self._exchange(parcel)))

    async def asend(self, parcel: Parcel) -> AIMessage:
        return self._parsed(await self._transport().asend(self._exchange(parcel)))

    def stream(self, parcel: Parcel) -> Generator[list[Json | None]]:
        return self._transport().stream(self._exchange(parcel))

    def astream(self, parcel: Parcel) -> AsyncGenerator[list[Json | None]]:
        return self._transport().astream(self._exchange(parcel))

    def _exchange(self, parcel: Parcel) -> Exchange:
        auth = self.spec.wire.auth_headers(parcel.key) if parcel.key else {}
        return Exchange(
            provider=self.spec.name,
            model=parcel.prepared.request.model,
            url=parcel.prepared.url,
            headers={**self._headers, **parcel.prepared.headers, **auth},
            content=parcel.prepared.content,
            timeouts=parcel.timeouts,
            now=parcel.now,
            watch=parcel.watch,
            key_id=parcel.key_id,
            redact=parcel.redact,
        )

    def _parsed(self, answer: Answer) -> AIMessage:
        try:
            return guarded(self.spec.wire.parse_response, answer.body, self.spec)
        except RefusedInBand as refused:
            refused.headers = answer.headers
            raise


ProviderCall = Callable[..., Awaitable[ProviderResult]]


class FunctionLine:
    """Calls a user's own async function, which speaks text only: the guide's way."""

    def __init__(self, name: str, call: ProviderCall) -> None:
        """`call` takes model, prompt, system, max_tokens, temperature and api_key."""
        self.name = name
        self.call = call

    def prepare(self, request: ChatRequest) -> Prepared:
        for what, given in (
            ("tools", request.tools),
            ("a response_format", request.response_format),
            ("media", _media(request)),
        ):
            if given:
                raise UnsupportedContent(
                    self.name, what, "a provider made of a function takes text"
                )
        return Prepared(request=request, arguments=_flat(request))

    def reader(self, prepared: Prepared) -> StreamReader:  # noqa: ARG002  # a Line's signature
        return self.whole_reader()

    def whole_reader(self) -> StreamReader:
        return WholeReader(lambda event: event["message"])

    def send(self, parcel: Parcel) -> AIMessage:
        return _run_anywhere(self.asend(parcel))

    async def asend(self, parcel: Parcel) -> AIMessage:
        token = in_function_call.set(True)
        try:
            async with asyncio.timeout(parcel.timeouts.total):
                result = await self.call(**parcel.prepared.arguments, api_key=parcel.key)
        except Exception as error:  # noqa: BLE001  # whatever a user's function raises is its failure
            named = foreign(self.name, error, redact=parcel.redact)
            cause = None if _tells_key(error, parcel.redact) else error
        else:
            return _message(_as_result(result), self.name, parcel.prepared.request.stop)
        finally:
            in_function_call.reset(token)
        raise named from cause  # outside the handler, where it would hold on to what it handles

    def stream(self, parcel: Parcel) -> Generator[list[Json | None]]:
        yield [{"message": self.send(parcel)}]

    async def astream(self, parcel: Parcel) -> AsyncGenerator[list[Json | None]]:
        yield [{"message": await self.asend(parcel)}]


def _tells_key(error: BaseException | None, redact: Callable[[str], str]) -> bool:
    """Tell whether an error, or one behind it, says the key, or holds the request that does."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        library = type(error).__module__.partition(".")[0]
        holds = not {"request", "response"}.isdisjoint(dir(error))  # asked for, httpx's may raise
        said = f"{error!r} {error}"
        if library in HTTP_LIBRARIES or holds or redact(said) != said:
            return True
        error = error.__cause__ or error.__context__
    return False


def _media(request: ChatRequest) -> bool:
    return any(
        isinstance(block, dict) and block.get("type") not in {None, "text", "reasoning", "thinking"}
        for message in request.messages
        if message.type in {"human", "system"}
        for block in message.content
    )


def _flat(request: ChatRequest) -> dict[str, Any]:
    """Flatten a conversation to one prompt and one system text, as such functions take it."""
    system = [m.text for m in request.messages if m.type == "system"]
    said = [m for m in request.messages if m.type != "system"]
    single = len(said) == 1 and said[0].type == "human"
    arguments: dict[str, Any] = {
        "model": request.model,
        "prompt": said[0].text if single else get_buffer_string(said),
        "system": "\n\n".join(system) or None,
    }
    if request.max_tokens is not None:
        arguments["max_tokens"] = request.max_tokens
    if request.temperature is not None:
        arguments["temperature"] = request.temperature
    return arguments | dict(request.extra)


def _as_result(result: Any) -> ProviderResult:
    """Take what the guide's functions may return: a `ProviderResult`, `LLMResponse`, or text."""
    match result:
        case ProviderResult():
            return result
        case LLMResponse():
            tokens = (result.input_tokens, result.output_tokens)
            return ProviderResult(result.content, result.cost_usd, *tokens, model=result.model)
        case str():
            return ProviderResult(result)
    raise malformed(f"the function returned a {type(result).__name__}, not a ProviderResult")


def _message(result: ProviderResult, name: str, stop: Sequence[str]) -> AIMessage:
    """Make the answer's message; cut at a stop sequence, of which the function knows nothing."""
    text = result.response_text
    for word in stop:
        text = text.partition(word)[0]
    metadata: dict[str, Any] = {"model_name": result.model, "model_provider": name}
    if result.cost_usd is not None:
        metadata["provider_cost_usd"] = result.cost_usd
    usage = None
    if result.input_tokens is not None and result.output_tokens is not None:
        usage = UsageMetadata(
            input_tokens=result.input_tokens,
            output_tokens=result.output_tokens,
            total_tokens=result.input_tokens + result.output_tokens,
        )
    return AIMessage(content=text, response_metadata=metadata, usage_metadata=usage)


class WholeReader:
    """Reads a stream that is one whole message."""

    def __init__(self, parse: Callable[[Json], AIMessage]) -> None:
        self.finished = False
        self.usage: UsageMetadata | None = None
        self._parse = parse
        self._metadata: dict[str, Any] = {}

    def feed(self, event: Json | None) -> AIMessageChunk | None:
        if event is None:
            return None
        message = self._parse(event)
        self.finished, self.usage = True, message.usage_metadata
        metadata = message.response_metadata
        self._metadata = {name: metadata[name] for name in metadata if name not in NAMED}
        return AIMessageChunk(
            content=message.content,
            additional_kwargs=message.additional_kwargs,
            tool_calls=message.tool_calls,
            invalid_tool_calls=message.invalid_tool_calls,
            response_metadata={name: metadata[name] for name in NAMED if name in metadata},
            id=message.id,
        )

    def close(self) -> AIMessageChunk:
        return AIMessageChunk(
            content="",
            usage_metadata=self.usage,
            response_metadata=self._metadata,
            chunk_position="last",
        )


NAMED = ("model_name", "model_provider")


def _run_anywhere(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine from synchronous code, also where this thread's loop is running already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    results: list[T] = []
    errors: list[BaseException] = []
    context = copy_context()

    def run() -> None:
        try:
            results.append(context.run(asyncio.run, work))
        except BaseException as error:  # noqa: BLE001  # handed to the caller's thread below
            errors.append(error)

    thread = threading.Thread(target=run, name="scout-function-call")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
