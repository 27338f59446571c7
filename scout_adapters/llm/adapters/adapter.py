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
from typing import TYPE_CHECKING, Any, Generic, Protocol

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from typing_extensions import TypeVar

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ProviderError
from scout_adapters.llm.adapters.request_fixes import NO_FIXES, RequestFixes
from scout_adapters.llm.pricing.token_estimates import request_characters, tokens_of_size
from scout_adapters.llm.timeouts import AttemptContext
from scout_adapters.llm.types import (
    ChatRequest,
    Credential,
    ModelRequest,
    ProviderSpec,
    StreamReader,
)

if TYPE_CHECKING:
    from scout_adapters.llm.health.key_source import KeySource
    from scout_adapters.llm.health.source_values import Secret

RequestT = TypeVar("RequestT", bound=ModelRequest, default=ChatRequest)
"""The kind of request that an adapter sends: a `ChatRequest` or an `EmbeddingRequest`."""


@dataclass(slots=True, kw_only=True)  # not frozen: creation would take four times as long
class PreparedRequest(Generic[RequestT]):
    """A request in the form of one candidate's API; the same for all of the candidate's keys."""

    request: RequestT
    url: str = ""
    content: bytes = field(default=b"", repr=False)
    body: Json = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    changes: Sequence[str] = ()
    """One sentence for each part of the conversation that was changed or left out."""

    media: Sequence[Json] = field(default=(), repr=False)
    """The conversation's content blocks that are not text."""

    models: Sequence[str] = ()
    """The models in the body, any of which may answer; empty if the body has no model."""

    spec: ProviderSpec | None = field(default=None, repr=False)
    """The provider's card, with the wire of this request; None for a user's function."""

    url_at: Callable[[str], str] | None = field(default=None, repr=False)
    """Returns the URL at another base URL, for keys that have their own; None if none have."""

    wire: str | None = None
    """The name of the wire, if the provider has several; else None."""

    deferred: bool = False
    """Whether the answer is made in the background and must be polled for."""

    call: ChatRequest | None = field(default=None, repr=False)
    """The request before `fixes` were applied; None for a user's function."""

    fixes: RequestFixes = NO_FIXES
    """Changes to the request that earlier refusals of this model required."""

    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Arguments of a user's own function; empty for HTTP."""

    input_bytes: int = 0
    """Bytes of the input for token estimates; 0 to use the size of the whole body."""

    has_output: bool = True
    """Whether the answer consists of tokens; embeddings do not."""

    @property
    def model(self) -> str:
        """The first model in the body, or else the candidate's model."""
        return self.models[0] if self.models else self.request.model

    def billed_model(self, answered_by: str | None) -> str:
        """Return the model to price: `answered_by` if the body names it, else the first model."""
        return answered_by if answered_by and answered_by in self.models else self.model

    @property
    def tokens(self) -> int:
        """Estimated tokens of the request, from the size of its input, its body or its messages."""
        size = self.input_bytes or len(self.content) or request_characters(self.request)
        return tokens_of_size(size)


@dataclass(slots=True, kw_only=True)  # not frozen: creation would take four times as long
class AttemptRequest(Generic[RequestT]):
    """A prepared request, the key that it is sent with, and the context of the attempt."""

    prepared: PreparedRequest[RequestT]
    key: str | None = field(repr=False)
    context: AttemptContext
    credential: Credential | None = field(default=None, repr=False)
    """The credential of a key source that is not a plain text; for the `Auth` of the endpoint."""

    address: str = ""
    """Base URL of the key, if it has its own; empty to use the endpoint's."""

    source: KeySource | None = field(default=None, repr=False)
    secret: Secret | None = field(default=None, repr=False)
    """The secret that was read from `source`; both are None for a key that is a text."""

    @property
    def url(self) -> str:
        """The URL that the request is sent to."""
        prepared = self.prepared
        if self.address and prepared.url_at is not None:
            return prepared.url_at(self.address) or prepared.url
        return prepared.url


class Adapter(Protocol):
    """Sends requests of one endpoint. Errors are `ProviderError`s, except those of `stream`.

    A chat adapter takes `ChatRequest`s and returns messages; another one takes
    `EmbeddingRequest`s and returns embeddings. `stream` and `astream` may raise an unclassified
    `ProviderRefusal`, which `StreamedAnswer` turns into a `ProviderError`.
    """

    def prepare(self, request: Any) -> PreparedRequest[Any]:
        """Return the built request; raises `UnsupportedContent` for content the API refuses."""

    def reader(self, prepared: PreparedRequest) -> StreamReader:
        """Return a new reader for the events of a streamed answer."""

    def whole_reader(self, prepared: PreparedRequest) -> StreamReader:
        """Return a new reader for a server that answers a streaming request with one whole body."""

    def revise(
        self, prepared: PreparedRequest[Any], error: ProviderError
    ) -> PreparedRequest[Any] | None:
        """Return the request as a refusal requires it; None if no change is known to help."""

    def send(self, attempt_request: AttemptRequest[Any]) -> Any:
        """Send a request and return the whole answer."""

    async def asend(self, attempt_request: AttemptRequest[Any]) -> Any:
        """Twin of `send`."""

    def stream(self, attempt_request: AttemptRequest) -> Generator[list[Json | None]]:
        """Send a request and yield the events of each network chunk; None marks the end."""

    def astream(self, attempt_request: AttemptRequest) -> AsyncGenerator[list[Json | None]]:
        """Twin of `stream`."""


class WholeAnswerReader:
    """A stream reader for an answer that arrives as one whole message."""

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
