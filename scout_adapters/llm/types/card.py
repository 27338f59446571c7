"""A provider's card, and the protocol of a wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json, body_models, objects, positive_limit
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.types.authentication import Auth
from scout_adapters.llm.types.card_values import CHOICE, SEARCHES, Dialect
from scout_adapters.llm.types.chat import ChatRequest, Turn
from scout_adapters.llm.types.embedding import EmbeddingsApi
from scout_adapters.llm.types.quota_headers import RateLimitHeaders
from scout_adapters.llm.types.stream_reader import StreamReader

if TYPE_CHECKING:  # importing it takes as long as all other imports of this module together
    from langchain_core.language_models.model_profile import ModelProfile


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

    closes_schemas: bool = False
    """Whether a schema for answers must be closed, so that it can be neither recursive nor a map
    with arbitrary keys."""

    body_fields: frozenset[str] = frozenset()
    """Documented body fields besides those of `ChatRequest`: they may be options of a model."""

    plain_options: tuple[str, ...] = ()
    """Options of `ChatRequest` and further fields that have the same name in a body."""

    external_inputs: frozenset[str] = frozenset()
    """Body fields that let the provider read tokens which the request does not contain."""

    refusals_name: re.Pattern[str] | None = None
    """Matches the name of this API in refusals that say that a model needs it, or lacks it."""

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

    def standard_blocks(self, message: AIMessage) -> list[Json] | None:  # noqa: ARG002  # a default
        """Return the content of an answer as LangChain's v1 blocks; None if core translates it.

        `message` is a whole answer, or a chunk of a stream.
        """
        return None

    def v0_converter(self) -> Callable[[AIMessage], AIMessage] | None:
        """Return a new converter of one answer to version v0; None if it has that form already."""
        return None

    def output_limit(self, body: Json) -> int | None:
        """Return the limit on tokens of one answer that a body sets, if it sets a valid one."""
        return positive_limit(body.get("max_tokens"))

    def answer_count(self, body: Json) -> int:  # noqa: ARG002  # a default
        """Return how many answers a body asks for: 1 or more."""
        return 1

    def deferred_remedy(self, body: Json) -> str:  # noqa: ARG002  # a default
        """Return what to do about a body whose answer must be polled for; empty if it need not."""
        return ""

    def models(self, body: Json) -> Sequence[str]:
        """Return the models that a body names, any of which may answer; empty if it names none."""
        return body_models(body)

    def provider_tools(self, body: Json) -> Sequence[Json]:
        """Return the tools that run at the provider, and may read more than the request."""
        return [
            t for t in objects(body.get("tools")) if t.get("type") not in {"function", "custom"}
        ]

    def searches(self, body: Json) -> int:
        """Return the most searches of one answer that the provider may bill beside the tokens."""
        tools = self.provider_tools(body) if "tools" in body else ()
        return SEARCHES if any("search" in str(tool.get("type")) for tool in tools) else 0

    def output_modalities(self, body: Json) -> Sequence[str]:  # noqa: ARG002  # a default
        """Return the kinds of output that a body asks for, such as `audio`; empty for text."""
        return ()

    def unsupported_media(self, spec: ProviderSpec) -> frozenset[str]:  # noqa: ARG002  # a default
        """Return the types of media blocks that cannot be sent to this provider."""
        return frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondWire:
    """Another API of a provider below the same address, and which requests go over it.

    A request goes over it if its model is listed here, if it needs what only this API has, if the
    user chose it with `use_responses_api=`, or if the provider refused the other API.
    """

    wire: Wire
    dialect: Dialect | None = None
    models: re.Pattern[str] | None = None
    """Models (matched from the start) that only this API has."""

    models_with_tools: re.Pattern[str] | None = None
    """Models (matched from the start) whose requests with tools go over this API."""

    rename: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    adjust: Callable[[Json], Json] | None = None

    def is_for(self, request: ChatRequest) -> bool:
        """Return whether a request goes over this API, unless the user or a refusal decides."""
        model, tools = request.model, self.models_with_tools
        return bool(
            (self.models and self.models.match(model))
            or (tools and request.tools and tools.match(model))
            or self.wire.is_needed_for(request)
        )


@dataclass(frozen=True, kw_only=True)
class ProviderSpec:
    """A provider's card: its address, its wire, and how it deviates from the wire.

    Example:
        spec = ProviderSpec(name="nebula", docs="", wire=WIRE, base_url="https://nebula.example/v1")
        registry.register(spec)
    """

    name: str
    docs: str
    """URL of the documentation of this API."""

    wire: Wire
    base_url: str
    version: str | None = None
    """The version segment below `base_url`, if not the wire's; an empty text for none."""

    variables: tuple[str, ...] = ()
    """Prefixes of the variables `…_API_KEYS`, `…_API_KEY` and `…_API_URL`; default: the name."""

    default_model: str = ""
    models: tuple[str, ...] = ()
    """Prefixes of model names that belong to this provider if a call names no provider."""

    keyless: bool = False
    """Whether it answers requests without a key."""

    auth: Auth | None = None
    """How a key becomes headers, also over the second wire; None: the wire's `auth_headers`."""

    model_provider: str = ""
    """The `model_provider` of its messages, LangChain's name for it; default: the name."""

    prices: str = ""
    """The provider's name in genai-prices; default: the name."""

    limits: tuple[RateLimitHeaders, ...] = ()
    """Its rate-limit headers: keys with nothing left are used last."""

    account: str = ""
    """The header with the account of a key: keys of one account share its limits."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of every request."""

    header_options: Mapping[str, str] = field(default_factory=dict)
    """Options of its chat model that become headers: an option's name to the header's."""

    body_fields: frozenset[str] = frozenset()
    """Body fields that it documents and its wire does not; others need `model_kwargs=`."""

    rename: Mapping[str, str] = field(default_factory=dict)
    """Body fields that have another name at this provider: the wire's name to its own."""

    drop: frozenset[str] = frozenset()
    """Body fields to leave out: the provider answers them with a 400."""

    adjust: Callable[[Json], Json] | None = None
    """Changes the body in ways that no other field can; runs last."""

    dialect: Dialect | None = None
    """How it deviates from its wire, such as a `ChatCompletionsDialect`; None for the defaults."""

    second: SecondWire | None = None
    """Another API of the provider, for requests that need it."""

    embeddings: EmbeddingsApi | Literal[False] | None = None
    """Its embeddings API; None for the usual one of its wire, False if it has none."""

    tool_call_id: Callable[[str], str] | None = None
    """Converts a tool-call id of another provider to a form that this provider accepts."""

    json_schema: bool | re.Pattern[str] | None = True
    """Whether `response_format` accepts a JSON schema, or for which models (matched from the
    start). Structured output uses tools for the others. None: it depends on the model; agents use
    its profile, and structured output uses tools by default."""

    schema_beside_tools: bool | re.Pattern[str] = True
    """Whether a request may have a JSON schema and tools, or for which models."""

    unlimited_reasoning: re.Pattern[str] | None = None
    """Models (matched from the start) whose reasoning tokens `max_tokens` does not limit."""

    systems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Systems of several models, such as Groq's Compound, and the models that they call and bill.
    `max_tokens` does not limit the sum of their tokens."""

    window_reads: int = 1
    """Times that an answer with provider tools may fill the context window: each round of tools
    counts its whole prompt again. 1 where the window limits the sum."""

    profiles: Mapping[str, ModelProfile] = field(default_factory=dict)
    """Profiles of its models by name; they take precedence over the published data."""

    quirks: tuple[str, ...] = ()
    """What else its users should know, one sentence each; shown in the README's table."""

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

    @cached_property
    def documented_fields(self) -> frozenset[str] | None:
        """The body fields that may be options of its chat model; None if all may (a function's)."""
        if self.wire is None:
            return None
        fields = self.wire.body_fields | self.body_fields
        return fields | self.second.wire.body_fields | {CHOICE} if self.second else fields

    @cached_property
    def second_card(self) -> ProviderSpec | None:
        """The card as it is over the second wire; None if there is none."""
        if (other := self.second) is None:
            return None
        names = ("wire", "dialect", "rename", "drop", "adjust")
        return replace(self, second=None, **{name: getattr(other, name) for name in names})

    def takes_schema(self, model: str) -> bool:
        """Return whether a model accepts a JSON schema as `response_format`."""
        return _applies(self.json_schema, model)

    def takes_schema_beside_tools(self, model: str) -> bool:
        """Return whether a model accepts a JSON schema in a request with tools."""
        return _applies(self.schema_beside_tools, model)

    @property
    def maker(self) -> str:
        """The `model_provider` of its messages."""
        return self.model_provider or self.name


def _applies(rule: bool | re.Pattern[str] | None, model: str) -> bool:
    return rule.match(model) is not None if isinstance(rule, re.Pattern) else rule is True
