"""The protocol of a wire: how to talk to a family of APIs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json, body_models, objects, positive_limit
from scout_adapters.llm.types.card_values import SEARCHES, Dialect
from scout_adapters.llm.types.chat import ChatRequest, Turn
from scout_adapters.llm.types.embeddings_api import EmbeddingsApi
from scout_adapters.llm.types.pending_answer import PendingAnswer
from scout_adapters.llm.types.stream_reader import StreamReader

if TYPE_CHECKING:
    from scout_adapters.llm.types.embedding import EmbeddingWire

DATED = re.compile(r"_\d{8}$")
"""The end of the types of Anthropic's own tools, such as `web_search_20250305`."""

CardT_contra = TypeVar("CardT_contra", contravariant=True)
"""The type of cards: `ProviderSpec`, whose module imports this one."""


class AnyWire(Protocol[CardT_contra]):
    """How to talk to a family of APIs: pure functions from values to values.

    A wire inherits from this class, for the defaults. Everything particular to its API is here: no
    code outside `wires/` compares a wire's name.
    """

    name: str
    version: str
    """The version segment of its URLs, such as `v1`, for a base URL that has none."""

    dialect: type[Dialect] | None = None
    """The class of `ProviderSpec.dialect`; None if its providers do not differ."""

    model_endpoint: re.Pattern[str] | None = None
    """Matches the end of a full endpoint that names a model; it is cut off a base URL."""

    native_blocks: frozenset[str] = frozenset()
    """Types of content blocks that only this API has; they are sent unchanged."""

    takes_unknown_blocks: bool = False
    """Whether blocks of unknown type, in an answer of the same maker, are sent back unchanged."""

    indexes_chunks: bool = False
    """Whether content blocks in chunks have an `index` that langchain-core's translators keep."""

    closes_schemas: bool = False
    """Whether a schema for answers must be closed, so that it can be neither recursive nor a map
    with arbitrary keys."""

    body_fields: frozenset[str] = frozenset()
    """Documented body fields besides those of `ChatRequest`: they may be options of a model."""

    plain_options: tuple[str, ...] = ()
    """Options of `ChatRequest` and further fields that have the same name in a body."""

    deferral: str = ""
    """The body field that requests an answer to be polled for; empty if there is none."""

    streams_deferred: bool = False
    """Whether a request with that field can stream; then there is nothing to poll for."""

    external_inputs: frozenset[str] = frozenset()
    """Body fields that let the provider read tokens which the request does not contain."""

    unpriced_fields: frozenset[str] = frozenset()
    """Common body fields that change no price: no tools, tiers or media. They may limit tokens."""

    refusals_name: re.Pattern[str] | None = None
    """Matches the name of this API in a refusal that a model needs it, or lacks it."""

    is_responses_api: bool = False
    """Whether `use_responses_api=True` means this API."""

    embeddings: EmbeddingsApi | None = None
    """The embeddings API beside this one, for cards that do not describe theirs."""

    def is_needed_for(self, request: ChatRequest) -> bool:  # noqa: ARG002  # a default
        """Return whether a request needs something that no other API of its provider has."""
        return False

    def endpoint(self, model: str, *, stream: bool) -> str:
        """Return the path below the versioned root, such as `/chat/completions`."""

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the headers that carry the key; a key is never part of a URL."""

    def extra_headers(self, request: ChatRequest) -> dict[str, str]:  # noqa: ARG002  # a default
        """Return headers that this request needs, such as names of beta features."""
        return {}

    def build_body(self, request: ChatRequest, turns: Sequence[Turn], spec: CardT_contra) -> Json:
        """Build the JSON body.

        Raises:
            UnsupportedContent: A block cannot be sent over this wire.
        """

    def mark_prefixes(self, body: Json, shortest: int) -> Sequence[str]:  # noqa: ARG002  # a default
        """Mark in a body which prefixes the provider caches; return a sentence for each change.

        `shortest` is in tokens. By default there is nothing to mark.
        """
        return ()

    def parse_response(self, body: Json, spec: CardT_contra) -> AIMessage:
        """Parse a whole answer.

        Raises:
            ProviderRefusal: The body is an error, although the status was 200.
            MalformedResponse: A documented field is missing or has another type.
        """

    def reader(self, spec: CardT_contra, body: Json | None = None) -> StreamReader:
        """Return a reader for the streamed answer to the request `body`."""

    def recognises(self, message: AIMessage) -> bool:  # noqa: ARG002  # a default
        """Return whether a message without `model_provider` has a form that only this API gives."""
        return False

    def standard_blocks(self, message: AIMessage) -> list[Json] | None:  # noqa: ARG002  # a default
        """Return the content of an answer as LangChain's v1 blocks; None if core translates it.

        `message` is a whole answer, or a chunk of a stream.
        """
        return None

    def v0_converter(self) -> Callable[[AIMessage], AIMessage] | None:
        """Return a new converter of one answer to version v0; None if it has that form already."""
        return None

    def embedding_wire(self) -> EmbeddingWire | None:
        """Return the wire of the embeddings API beside this one; None if there is none."""
        return None

    def output_limit(self, body: Json) -> int | None:
        """Return the limit on tokens of one answer that a body sets, if it sets a valid one."""
        return positive_limit(body.get("max_tokens"))

    def answer_count(self, body: Json) -> int:  # noqa: ARG002  # a default
        """Return how many answers a body requests: 1 or more."""
        return 1

    def pending_answer(self, answer: Json) -> PendingAnswer | None:  # noqa: ARG002  # a default
        """Return where the answer will be if it is still being made; None if this is the answer.

        Called only if the body has the field `deferral`. Raises `MalformedResponse`.
        """
        return None

    def models(self, body: Json) -> Sequence[str]:
        """Return the models that a body names, any of which may answer; empty if it names none."""
        return body_models(body)

    def provider_tools(self, body: Json) -> Sequence[Json]:
        """Return the tools that run at the provider, and may read more than the request."""
        return [
            t for t in objects(body.get("tools")) if t.get("type") not in {"function", "custom"}
        ]

    def takes_tool(self, tool: Mapping[str, Any]) -> bool:
        """Return False for a tool in a form that only other APIs have; True may still be refused.

        By default, tools have a type, and it has no date, as Anthropic's have.
        """
        kind = tool.get("type")
        return bool(kind) and not DATED.search(str(kind))

    def searches(self, body: Json) -> int:
        """Return the most searches of one answer that the provider may bill beside the tokens."""
        tools = self.provider_tools(body) if "tools" in body else ()
        return SEARCHES if any("search" in str(tool.get("type")) for tool in tools) else 0

    def output_modalities(self, body: Json) -> Sequence[str]:  # noqa: ARG002  # a default
        """Return the kinds of output that a body requests, such as `audio`; empty for text."""
        return ()

    def unsupported_media(self, spec: CardT_contra) -> frozenset[str]:  # noqa: ARG002  # a default
        """Return the types of media blocks that cannot be sent to this provider."""
        return frozenset()
