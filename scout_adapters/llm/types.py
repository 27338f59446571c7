"""Values shared below LangChain: a neutral request, a provider's card, the protocol of a wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ConfigurationError

if TYPE_CHECKING:  # importing it takes as long as all other imports of this module together
    from langchain_core.language_models.model_profile import ModelProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One chat completion, in LangChain's and OpenAI's neutral vocabulary."""

    model: str
    messages: Sequence[BaseMessage]
    stream: bool = False
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: Sequence[str] = ()
    tools: Sequence[Mapping[str, Any]] = ()
    """OpenAI function tools (`{"type": "function", "function": {…}}`), perhaps with a
    `cache_control` beside `function`; any other dict is the provider's own tool, sent as it is."""

    tool_choice: str | Mapping[str, Any] | None = None
    """`"auto"`, `"none"`, `"any"`, a tool's name, or the provider's own form."""

    parallel_tool_calls: bool | None = None
    response_format: Mapping[str, Any] | None = None
    """OpenAI's: `{"type": "json_schema", "json_schema": {"name", "schema", "strict"?}}`,
    or `{"type": "json_object"}`."""

    reasoning_effort: str | None = None
    """`"none"`, `"minimal"`, `"low"`, `"medium"`, `"high"`; each wire says it in its own words."""

    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further body fields, by the provider's own names (`seed`, `top_k`, `thinking`, …)."""


Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message, made ready for a certain maker: what wires render.

    `blocks` are dicts of these types, and of no others:

    * `text`: `text`;
    * `image`, `audio`, `video`, `file`: `base64` and `mime_type`, or `url`, or `file_id`; perhaps
      `filename`, `detail`;
    * `reasoning`: `reasoning`, perhaps `signature`; only where the same maker made the message;
    * `tool_call`: `id`, `name`, `args` (a dict, or the text of a broken call), perhaps `signature`;
    * `native`: `value`, a dict in the maker's own form; only where the same maker made the message,
      or the user wrote it in that form.

    Any of them may carry `cache_control`.
    """

    role: Role
    blocks: Sequence[Json]
    at: int
    """The message's place in the conversation, for errors."""

    name: str | None = None
    tool_call_id: str = ""
    """On `tool` turns: the call that this answers."""

    tool_name: str = ""
    """On `tool` turns: the name of the tool that was called."""

    failed: bool = False
    """On `tool` turns: the tool raised."""

    kept: Mapping[str, Any] = field(default_factory=dict)
    """On `assistant` turns by the same maker: the message's `additional_kwargs`; on `tool` turns
    in Anthropic's own form: its `cache_control`."""

    content: Sequence[Any] | None = None
    """On `assistant` turns by the same maker: the message's content, if it is a list; for wires
    that send an answer back as it came. Tool calls in `blocks` are newer: callers edit them."""

    @property
    def where(self) -> str:
        """Name the message, for an error."""
        return f"message {self.at} ({self.role})"


class StreamReader(Protocol):
    """Reads one streamed answer; holds its state, does no I/O."""

    finished: bool
    """Whether the terminal event has come, without which the stream has failed."""

    usage: UsageMetadata | None
    """The tokens counted so far."""

    def feed(self, event: Json | None) -> AIMessageChunk | None:
        """Read one event (None is the `[DONE]` marker); None if it carries nothing to show.

        Chunks carry content only. The first one also names `model_name` and `model_provider`.
        Raises `ProviderRefusal` for an error event and `MalformedResponse` for nonsense.
        """

    def close(self) -> AIMessageChunk:
        """Make the last chunk: finish reason, usage, `chunk_position="last"`.

        The engine asks `finished` first. On an interrupted stream it may be called all the same.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a provider deviates from its wire, as data; each wire subclasses it."""


class Wire(Protocol):
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

    external_inputs: frozenset[str] = frozenset()
    """Body fields that let the provider read tokens which the request does not contain."""

    def endpoint(self, model: str, *, stream: bool) -> str:
        """Return the path below the versioned root, such as `/chat/completions`."""

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the headers that carry the key; a key is never part of a URL."""

    def extra_headers(self, request: ChatRequest) -> dict[str, str]:  # noqa: ARG002  # a default
        """Return headers that this request needs, such as names of beta features."""
        return {}

    def build_body(self, request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
        """Build the JSON body.

        Raises:
            UnsupportedContent: A block cannot be sent over this wire.

        """

    def parse_response(self, body: Json, spec: ProviderSpec) -> AIMessage:
        """Parse a whole answer.

        Raises:
            ProviderRefusal: The body is an error, although the status was 200.
            MalformedResponse: A documented field is missing or has another type.

        """

    def reader(self, spec: ProviderSpec, body: Json | None = None) -> StreamReader:
        """Return a reader for the streamed answer to the request `body`."""

    def recognises(self, message: AIMessage) -> bool:  # noqa: ARG002  # a default
        """Return whether a message without `model_provider` has a form that only this API gives."""
        return False

    def output_limit(self, body: Json) -> int | None:
        """Return the limit on tokens of one answer that a body sets, if it sets one."""
        limit: int | None = body.get("max_tokens")
        return limit

    def answer_count(self, body: Json) -> int:  # noqa: ARG002  # a default
        """Return how many answers a body asks for."""
        return 1

    def output_modalities(self, body: Json) -> Sequence[str]:  # noqa: ARG002  # a default
        """Return the kinds of output that a body asks for, such as `audio`; empty for text."""
        return ()

    def unsupported_media(self, spec: ProviderSpec) -> frozenset[str]:  # noqa: ARG002  # a default
        """Return the types of media blocks that cannot be sent to this provider."""
        return frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitHeaders:
    """Where the headers of a provider's answers say what is left of a limit."""

    counts: Literal["requests", "tokens"]
    remaining: str
    """The header that says how many are left."""

    reset: str = ""
    """The header that says when it is full again: seconds, a duration or a moment."""

    window: float | None = None
    """Seconds until then at the most, where no header says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaLeft:
    """What was left of a limit after an answer, until monotonic second `until`."""

    counts: Literal["requests", "tokens"]
    left: int
    until: float


@dataclass(frozen=True, kw_only=True)
class ProviderSpec:
    """A provider's card: where to talk, how to talk, and the dialect that is spoken there."""

    name: str
    docs: str
    """The page that documents this API."""

    wire: Wire
    base_url: str
    version: str | None = None
    """The version segment below `base_url`, where it is not the wire's own; "" for none."""

    variables: tuple[str, ...] = ()
    """Prefixes of the environment variables `…_API_KEYS`, `…_API_KEY`; the name by default."""

    default_model: str = ""
    models: tuple[str, ...] = ()
    """Beginnings of the model names that `call_llm` sends here."""

    keyless: bool = False
    model_provider: str = ""
    """LangChain's name for the maker, on every message; the name by default."""

    prices: str = ""
    """The provider's name in genai-prices; the name by default."""

    limits: tuple[RateLimitHeaders, ...] = ()
    """What its answers say of limits: a key with nothing left is not tried first."""

    account: str = ""
    """The header that names the account of a key: keys of one account share its limits."""

    headers: Mapping[str, str] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    """Body fields that this provider calls something else."""

    drop: frozenset[str] = frozenset()
    """Body fields that this provider answers with a 400."""

    adjust: Callable[[Json], Json] | None = None
    """The quirk that is not data. Two providers with the same one earn it a field."""

    dialect: Dialect | None = None
    """How it deviates from its wire, such as a `ChatCompletionsDialect`; None for the defaults."""

    tool_call_id: Callable[[str], str] | None = None
    """Converts a tool-call id of another provider to a form that this provider accepts."""

    json_schema: bool | re.Pattern[str] | None = True
    """Whether `response_format` takes a JSON schema, or for which models (matched from the start);
    for the others tools are used where structure is asked for. None: it depends on the model; its
    profile tells agents, and tools are used where nobody chooses."""

    schema_beside_tools: bool | re.Pattern[str] = True
    """Whether a request that offers tools may ask for a schema too, or for which models."""

    thoughts_beyond: re.Pattern[str] | None = None
    """Models (matched from the start) whose thoughts `max_tokens` does not count."""

    profiles: Mapping[str, ModelProfile] = field(default_factory=dict)
    """What its models can do, by name, in LangChain's words; wins over the shipped data."""

    quirks: tuple[str, ...] = ()
    """What else its users should know, a sentence each."""

    def __post_init__(self) -> None:
        """Raise `ConfigurationError` for a dialect of another wire."""
        if self.dialect is None:
            return
        expected = self.wire.dialect
        if expected is None or not isinstance(self.dialect, expected):
            takes = f"takes a {expected.__name__}" if expected else "has no dialects"
            raise ConfigurationError(
                f"{self.name}: dialect= is a {type(self.dialect).__name__}, "
                f"but the wire {self.wire.name} {takes}"
            )

    @property
    def indexes_chunks(self) -> bool:
        """Whether content blocks in chunks have an index; a function has no wire, and none."""
        return self.wire is not None and self.wire.indexes_chunks

    def takes_schema(self, model: str) -> bool:
        """Tell whether a model takes a JSON schema as `response_format`."""
        return _holds(self.json_schema, model)

    def takes_schema_beside_tools(self, model: str) -> bool:
        """Tell whether a model takes a JSON schema in a request that offers tools."""
        return _holds(self.schema_beside_tools, model)

    @property
    def maker(self) -> str:
        """The name under which messages remember who made them."""
        return self.model_provider or self.name


def _holds(known: bool | re.Pattern[str] | None, model: str) -> bool:
    return known.match(model) is not None if isinstance(known, re.Pattern) else known is True


@dataclass(frozen=True, slots=True)
class ProviderResult:
    """A provider's answer to one prompt. Cost in USD; None where it is not known."""

    response_text: str
    cost_usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    model: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class LLMResponse:
    """An answer and what it cost, in USD; None where it is not known."""

    content: str
    cost_usd: float | None = None
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    provider: str = ""
