"""The adapter of a user's own async function, for a provider that is added without a card."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Sequence
from contextvars import copy_context
from decimal import Decimal
from typing import Any, TypeVar

from langchain_core.messages import AIMessage, get_buffer_string
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json, is_count
from scout_adapters.errors import ProviderError, UnsupportedContent, malformed
from scout_adapters.llm.adapters.adapter import AttemptRequest, PreparedRequest, WholeAnswerReader
from scout_adapters.llm.adapters.results import LLMResponse, ProviderResult
from scout_adapters.llm.health.circuit_breaker import in_function_call
from scout_adapters.llm.types import ChatRequest, StreamReader

T = TypeVar("T")

HTTP_LIBRARIES = frozenset({"httpx", "httpx2", "requests", "aiohttp", "urllib3"})

ProviderCall = Callable[..., Awaitable[ProviderResult]]


class FunctionAdapter:
    """Calls a user's own async function, which takes and returns text only."""

    def __init__(self, name: str, call: ProviderCall) -> None:
        """`call` takes model, prompt, system, max_tokens, temperature and api_key."""
        self.name = name
        self.call = call

    def prepare(self, request: ChatRequest) -> PreparedRequest:
        for what, present in (
            ("tools", request.tools),
            ("a response_format", request.response_format),
            ("media", _media(request)),
        ):
            if present:
                raise UnsupportedContent(
                    self.name, what, "a provider made of a function takes text"
                )
        return PreparedRequest(request=request, arguments=_flatten(request))

    def reader(self, prepared: PreparedRequest) -> StreamReader:
        return self.whole_reader(prepared)

    def whole_reader(self, prepared: PreparedRequest) -> StreamReader:  # noqa: ARG002  # an Adapter's signature
        return WholeAnswerReader(lambda event: event["message"])

    def revise(self, prepared: PreparedRequest, error: ProviderError) -> None:  # noqa: ARG002  # an Adapter's signature
        """Return None: no change of the request is known to help after a function's error."""
        return

    def send(self, attempt_request: AttemptRequest) -> AIMessage:
        return _run_anywhere(self.asend(attempt_request))

    async def asend(self, attempt_request: AttemptRequest) -> AIMessage:
        prepared, context = attempt_request.prepared, attempt_request.context
        token = in_function_call.set(True)
        try:
            async with asyncio.timeout(context.timeouts.total):
                result = await self.call(**prepared.arguments, api_key=attempt_request.key)
        except Exception as error:  # noqa: BLE001  # any error of a user's function is a failed attempt
            from scout_adapters.llm.failures.foreign_errors import error_from_foreign  # noqa: PLC0415  # first failure

            failure = error_from_foreign(self.name, error, redact=context.redact)
            cause = None if _contains_key(error, context.redact) else error
        else:
            return _message(_as_result(result), self.name, prepared.request.stop)
        finally:
            in_function_call.reset(token)
        raise failure from cause  # inside the handler, the error would become its context

    def stream(self, attempt_request: AttemptRequest) -> Generator[list[Json | None]]:
        yield [{"message": self.send(attempt_request)}]

    async def astream(self, attempt_request: AttemptRequest) -> AsyncGenerator[list[Json | None]]:
        yield [{"message": await self.asend(attempt_request)}]


def _contains_key(error: BaseException | None, redact: Callable[[str], str]) -> bool:
    """Return whether an error or one of its causes may contain the key.

    True if its text contains it, if it has a `request` or `response`, or if its class is of an
    HTTP library.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        library = type(error).__module__.partition(".")[0]
        # By name: reading the attribute of an httpx error may raise.
        has_request = not {"request", "response"}.isdisjoint(dir(error))
        text = f"{error!r} {error}"
        if library in HTTP_LIBRARIES or has_request or redact(text) != text:
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


def _flatten(request: ChatRequest) -> dict[str, Any]:
    """Return a function's keyword arguments: the conversation as one prompt and one system text."""
    system = [m.text for m in request.messages if m.type == "system"]
    turns = [m for m in request.messages if m.type != "system"]
    single = len(turns) == 1 and turns[0].type == "human"
    arguments: dict[str, Any] = {
        "model": request.model,
        "prompt": turns[0].text if single else get_buffer_string(turns),
        "system": "\n\n".join(system) or None,
    }
    if request.max_tokens is not None:
        arguments["max_tokens"] = request.max_tokens
    if request.temperature is not None:
        arguments["temperature"] = request.temperature
    return arguments | dict(request.extra)


def _as_result(result: Any) -> ProviderResult:
    """Return a function's return value, a `ProviderResult`, `LLMResponse` or text, as a result.

    Raises: `MalformedResponse` for another type.
    """
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
    """Build the answer's message; cut at a stop sequence, which the function does not receive."""
    text = result.response_text
    for word in stop:
        text = text.partition(word)[0]
    metadata: dict[str, Any] = {"model_name": result.model, "model_provider": name}
    if result.cost_usd is not None:
        cost = result.cost_usd
        metadata["provider_cost_usd"] = float(cost) if isinstance(cost, Decimal) else cost
    usage = None
    inputs, outputs = result.input_tokens, result.output_tokens
    if is_count(inputs) and is_count(outputs):
        usage = UsageMetadata(
            input_tokens=int(inputs), output_tokens=int(outputs), total_tokens=int(inputs + outputs)
        )
    return AIMessage(content=text, response_metadata=metadata, usage_metadata=usage)


def _run_anywhere(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine from synchronous code, in a new thread if this one has a running loop."""
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
        except BaseException as error:  # noqa: BLE001  # raised in the caller's thread below
            errors.append(error)

    thread = threading.Thread(target=run, name="scout-function-call")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
