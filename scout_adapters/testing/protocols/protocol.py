"""What the emulator needs of an API protocol: endpoints, keys, rules, answers, stream errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from scout_adapters.testing.background_answers import BackgroundAnswers
from scout_adapters.testing.emulated_provider import EmulatedProvider, WireName
from scout_adapters.testing.http_messages import (
    NO_RUNS,
    BodyPart,
    CachedTokens,
    HttpReply,
    Json,
    Request,
    TokensSpent,
    ToolRuns,
    dumps,
)
from scout_adapters.testing.ids import Ids
from scout_adapters.testing.model.answer import Answer, answer_for
from scout_adapters.testing.protocols.violation import Violation
from scout_adapters.testing.provider_tools import tool_runs

if TYPE_CHECKING:
    from scout_adapters.testing.model.chat_request import ReceivedRequest
    from scout_adapters.testing.prompt_cache import PromptCache

EVENTS = "text/event-stream; charset=utf-8"

NO_CACHE = CachedTokens()


class EmulatedEndpoint(NamedTuple):
    """An endpoint that a path leads to, with what the path itself contains."""

    model: str = ""
    streams: bool = False
    answer_id: str = ""
    """The answer made in the background that the path names; empty for a new request."""

    cancels: bool = False
    """Whether the path stops the making of that answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedRequest:
    """One request to one provider."""

    provider: EmulatedProvider
    request: Request
    model: str
    stream: bool
    key: str = ""
    background: BackgroundAnswers = field(default_factory=BackgroundAnswers)
    ids: Ids
    wall: float
    """The server's wall clock, in seconds since 1970."""

    scripted: Answer | None = None
    """The answer of a script, instead of the model's."""

    def counted(self, request: ReceivedRequest) -> ReceivedRequest:
        """Return the request with the input tokens that a script sets."""
        usage = self.scripted.usage if self.scripted else None
        return replace(request, input_tokens=usage.input) if usage else request

    def answer_for(self, request: ReceivedRequest) -> Answer:
        """Return the script's or the model's answer to a request that was read from the body."""
        return self.scripted or answer_for(request, f"{self.provider.name}/{self.model}")

    def tool_runs(self, body: Json, prompt: str) -> ToolRuns:
        """Return what the provider's own tools do for a prompt."""
        return tool_runs(self.provider.name, self.model, body, prompt)


def data_event(request: EmulatedRequest, body: Json, status: int) -> bytes:  # noqa: ARG001  # the field's type
    """Return an error body as an unnamed event."""
    return b"data: " + dumps(body) + b"\n\n"


def no_endpoint(method: str, path: str) -> EmulatedEndpoint | None:  # noqa: ARG001  # the field's type
    """Return None: the protocol makes no answers in the background."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedProtocol:
    """One API protocol, as values and functions; a new protocol is one of these.

    Add it to `protocol_table.PROTOCOLS` and its name to `WireName`.
    """

    name: WireName
    endpoint: Callable[[str], EmulatedEndpoint | None]
    """Returns the endpoint of a path behind the provider's root, None if there is none."""

    key_header: str = ""
    """The header that contains the key; `Authorization: Bearer` is accepted too."""

    headers: Callable[[EmulatedProvider, Ids], dict[str, str]]
    """Returns the headers that are on every answer."""

    check: Callable[[EmulatedRequest, Json], Violation | None]
    """Returns the first reason to refuse a body, None if it is accepted."""

    answer: Callable[[EmulatedRequest, Json, PromptCache], HttpReply]
    """Returns the answer to a body that `check` accepts."""

    read: Callable[[EmulatedRequest, Json], ReceivedRequest] | None = None
    """Reads a body that `check` accepts; None for a protocol without answers in words."""

    background_endpoint: Callable[[str, str], EmulatedEndpoint | None] = no_endpoint
    """Returns the endpoint of a method and a path that name an answer made in the background."""

    fetch: Callable[[EmulatedRequest, EmulatedEndpoint], HttpReply | Violation] | None = None
    """Answers a request to such an endpoint."""

    error_event: Callable[[EmulatedRequest, Json, int], bytes] = data_event
    """Returns an error body with its status as an event of a stream."""


def tokens_spent(
    input_tokens: int,
    answer: Answer,
    cached: CachedTokens = NO_CACHE,
    tools: ToolRuns = NO_RUNS,
) -> TokensSpent:
    """Return the tokens and the runs of tools that an answer is charged for."""
    return TokensSpent(
        input=input_tokens,
        output=answer.output_tokens,
        reasoning=answer.reasoning_tokens,
        cached=cached,
        tools=tools,
    )


def billed_reply(headers: Mapping[str, str], body: bytes, spent: TokensSpent) -> HttpReply:
    """Make a billed answer that is sent at once."""
    return HttpReply(
        headers=headers, parts=(BodyPart(body, spent.output),), billed=True, spent=spent
    )


def billed_stream(
    headers: Mapping[str, str], parts: tuple[BodyPart, ...], spent: TokensSpent
) -> HttpReply:
    """Make a billed answer that is streamed."""
    return HttpReply(headers=headers, parts=parts, streamed=True, billed=True, spent=spent)
