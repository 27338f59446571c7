"""The interface between the engine and a provider: prepare a request, send it, stream it."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    Callable,
    Generator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from typing_extensions import TypeVar

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ProviderError
from scout_adapters.llm.adapters.request_fixes import NO_FIXES, RequestFixes
from scout_adapters.llm.health.key_source import KeySource
from scout_adapters.llm.health.source_values import Secret
from scout_adapters.llm.pricing.token_estimates import request_bytes, tokens_in_bytes
from scout_adapters.llm.timeouts import AttemptContext
from scout_adapters.llm.types import (
    ChatRequest,
    Credential,
    ModelRequest,
    ProviderSpec,
    StreamReader,
)

RequestT = TypeVar("RequestT", bound=ModelRequest, default=ChatRequest)
"""The kind of request that an adapter sends: a `ChatRequest` or an `EmbeddingRequest`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRequest(Generic[RequestT]):
    """A request as one candidate's API takes it; the same for every key."""

    request: RequestT
    url: str = ""
    content: bytes = field(default=b"", repr=False)
    body: Json = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    changes: Sequence[str] = ()
    """What was dropped or changed in the conversation for this provider, one sentence each."""

    media: Sequence[Json] = field(default=(), repr=False)
    """The conversation's content blocks that are not text."""

    models: Sequence[str] = ()
    """The models that the body names, any of which may answer; empty if it names none."""

    spec: ProviderSpec | None = field(default=None, repr=False)
    """The card with the wire of this request; None for a function."""

    url_at: Callable[[str], str] | None = field(default=None, repr=False)
    """Returns the URL at another address, where keys have addresses of their own."""

    wire: str | None = None
    """The name of the wire, where the provider has several; None elsewhere."""

    deferred: bool = False
    """Whether the answer is made in the background and must be polled for."""

    call: ChatRequest | None = field(default=None, repr=False)
    """The request before `fixes`; None for a function."""

    fixes: RequestFixes = NO_FIXES
    """What refusals of this model required so far."""

    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Arguments of a user's own function; empty for HTTP."""

    input_bytes: int = 0
    """Bytes of the input, where the body contains much besides; 0 to count the body."""

    has_output: bool = True
    """Whether the answer consists of tokens; embeddings do not."""

    @property
    def model(self) -> str:
        """The model that the body names; the route's unless the user overrode it."""
        return self.models[0] if self.models else self.request.model

    def billed_model(self, answered_by: str | None) -> str:
        """Return the model whose prices apply: the one that answered, if the body names several."""
        return answered_by if answered_by and answered_by in self.models else self.model

    @property
    def tokens(self) -> int:
        """Estimate the request's tokens: about four bytes of JSON each; pictures count for more."""
        size = self.input_bytes or len(self.content) or request_bytes(self.request)
        return tokens_in_bytes(size)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRequest(Generic[RequestT]):
    """A prepared request, the key that it is sent with, and the context of the attempt."""

    prepared: PreparedRequest[RequestT]
    key: str | None = field(repr=False)
    context: AttemptContext
    credential: Credential | None = field(default=None, repr=False)
    """What a key source returned, if that is no plain text; for the `Auth` of the endpoint."""

    address: str = ""
    """The address that the key is for, instead of the endpoint's; empty for that."""

    source: KeySource | None = field(default=None, repr=False)
    secret: Secret | None = field(default=None, repr=False)
    """Where the key comes from, and what was read there; None for a key that is a text."""

    @property
    def url(self) -> str:
        """The URL that the request is sent to."""
        prepared = self.prepared
        if self.address and prepared.url_at is not None:
            return prepared.url_at(self.address) or prepared.url
        return prepared.url


class Adapter(Protocol):
    """Sends requests of one endpoint. Errors are `ProviderError`s, except those of `stream`.

    Requests are of the adapter's own kind, and answers a `ModelAnswer`: a message, or embeddings.
    `stream` and `astream` may raise `ProviderRefusal` as it came: `StreamedAnswer` classifies it.
    """

    def prepare(self, request: Any) -> PreparedRequest[Any]:
        """Build the request; raises `UnsupportedContent` for what the API cannot carry."""

    def reader(self, prepared: PreparedRequest) -> StreamReader:
        """Return a new reader for the events of a streamed answer."""

    def whole_reader(self, prepared: PreparedRequest) -> StreamReader:
        """Return a new reader for a whole answer to a request for a stream."""

    def revise(
        self, prepared: PreparedRequest[Any], error: ProviderError
    ) -> PreparedRequest[Any] | None:
        """Return the request as a refusal requires it; None if no change is known to help."""

    def send(self, attempt_request: AttemptRequest[Any]) -> Any:
        """Send, and return the whole answer."""

    async def asend(self, attempt_request: AttemptRequest[Any]) -> Any:
        """Twin of `send`."""

    def stream(self, attempt_request: AttemptRequest) -> Generator[list[Json | None]]:
        """Send, and yield the events of each network chunk."""

    def astream(self, attempt_request: AttemptRequest) -> AsyncGenerator[list[Json | None]]:
        """Twin of `stream`."""


class WholeAnswerReader:
    """Reads a stream that consists of one whole message."""

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
        self._metadata = {name: metadata[name] for name in metadata if name not in MODEL_NAMES}
        return AIMessageChunk(
            content=message.content,
            additional_kwargs=message.additional_kwargs,
            tool_calls=message.tool_calls,
            invalid_tool_calls=message.invalid_tool_calls,
            response_metadata={name: metadata[name] for name in MODEL_NAMES if name in metadata},
            id=message.id,
        )

    def close(self) -> AIMessageChunk:
        return AIMessageChunk(
            content="",
            usage_metadata=self.usage,
            response_metadata=self._metadata,
            chunk_position="last",
        )


MODEL_NAMES = ("model_name", "model_provider")
