"""`ScoutEmbeddings`: one embedding model at one provider or several, with one key or many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import Callbacks
from langchain_core.embeddings import Embeddings
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
)
from typing_extensions import override

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters._internal.redaction import address_shape, mask_values
from scout_adapters.chat_models.hidden import hide_secrets
from scout_adapters.chat_models.option_rules import OptionRules
from scout_adapters.chat_models.options import model_options, without_secrets
from scout_adapters.chat_models.request import build_timeouts
from scout_adapters.chat_models.route_cache import RouteCache
from scout_adapters.chat_models.router_entries import card_of_entry
from scout_adapters.embeddings.batches import Positions, estimated_tokens, split
from scout_adapters.embeddings.embedding_entries import (
    api_of,
    build_candidates,
    check_models,
    embedding_rules,
    refuse_options,
)
from scout_adapters.errors import ConfigurationError, NoKeyError
from scout_adapters.errors.event_loop import running_loop
from scout_adapters.llm.option_names import NETWORK_OPTIONS

if TYPE_CHECKING:
    from scout_adapters.embeddings.embedding_call import EmbeddingCall
    from scout_adapters.llm.adapters.embedding_adapter import VectorLength
    from scout_adapters.llm.router.explain import Explanation
    from scout_adapters.llm.router.route import Route
    from scout_adapters.llm.types import Task

ENTRY_FIELDS = (
    *("api_key", "api_keys", "auth", "base_model", "base_url", "default_headers"),
    *("placeholders", "transport"),
)
"""Fields that belong to a single model; with `models=` each entry has its own."""


class ScoutEmbeddings(BaseModel, Embeddings):
    """LangChain embeddings with key rotation, retries, failover and the cost of every request.

        embeddings = ScoutEmbeddings(model="openai/text-embedding-3-small")
        vector = embeddings.embed_query("Hello")

    `models=[...]` lists one model at several providers, as in `ScoutRouterChatModel`. Different
    models are refused: their vectors do not mix. Keys that are not passed are read from the
    environment on the first call.

    Raises: `ConfigurationError` for an option or model that cannot be used, `UnknownProvider`. A
    call raises a `ScoutError` when every attempt has failed; an error about one text has its
    index.
    """

    model_config = ConfigDict(
        arbitrary_types_allowed=True,
        defer_build=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    model: str = ""
    """`"provider/model"`; with `models=` the first of them."""

    models: list[Any] = Field(default_factory=list, exclude=True, repr=False)
    """One model at several providers: `"provider/model"`, or dicts with `model` and any of
    `api_keys`, `base_url`, `default_headers`, `timeout`, `base_model` and others."""

    api_key: Any = Field(default=None, exclude=True, repr=False)
    """A key to use instead of those in the environment; several are separated by commas."""

    api_keys: Any = Field(default=None, exclude=True, repr=False)
    """Keys to use instead of those in the environment."""

    base_model: str | None = None
    """The model behind a deployment's name, for prices; None: the name says it."""

    base_url: str | None = None
    """The API's root, with or without version, or a full endpoint."""

    placeholders: dict[str, str] | None = None
    """Values of the placeholders in the provider's address."""

    default_headers: dict[str, str] | None = Field(default=None, exclude=True, repr=False)
    """Headers for every request; never part of logs or pickles."""

    auth: Any = Field(default=None, exclude=True, repr=False)
    """How a key becomes headers: an `Auth`."""

    transport: Any = Field(default=None, exclude=True, repr=False)
    """A `Transport`, or an httpx transport to use instead of the network."""

    dimensions: int | None = Field(default=None, ge=1)
    """Length of the vectors; None for the model's own. Vectors of another length are refused."""

    chunk_size: int | None = Field(default=None, ge=1)
    """Texts; the most of one request. None is the provider's own limit, which always applies."""

    max_concurrency: int = Field(default=4, ge=1)
    """Requests of one `aembed_documents` at the same time; 4 by default."""

    callbacks: Any = Field(default=None, exclude=True, repr=False)
    """Handlers for costs, budgets or the audit log. LangChain itself reports no embeddings."""

    tags: list[str] | None = Field(default=None, exclude=True)
    """Tags of every request, for handlers."""

    metadata: dict[str, Any] | None = Field(default=None, exclude=True)
    """Metadata of every request, for handlers, such as `user_id`."""

    timeout: Any = Field(default=None, exclude=True)
    """Seconds for an answer, or (connect, read), or `Timeouts`; None is 600 s, 10 s to connect."""

    max_retries: int = 2
    """Retries with the same key, and waits for a key or provider, per request; 2 by default."""

    max_wait: float = 30.0
    """Seconds that a request may wait in total for a key or a provider; 30 by default."""

    deadline: float | None = None
    """Seconds for a call with all its requests and attempts; None is no limit."""

    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further fields of the request's body."""

    verify: Any = Field(default=None, exclude=True, repr=False)
    """Certificates to trust: True, False for any, the path of a file, or an `ssl.SSLContext`."""

    cert: Any = Field(default=None, exclude=True, repr=False)
    """The path of a client certificate, or (certificate, key), or (certificate, key, password)."""

    proxies: Any = Field(default=None, exclude=True, repr=False)
    """The URL of a proxy, or URLs by scheme."""

    trust_env: bool | None = Field(default=None, exclude=True, repr=False)
    """Whether `HTTPS_PROXY` and similar variables apply; None is yes."""

    clock: Clock = Field(default=SYSTEM, exclude=True, repr=False)
    """Source of time and sleep; replaced in tests."""

    _routes: RouteCache = PrivateAttr(default_factory=RouteCache)
    _length: VectorLength | None = PrivateAttr(default=None)
    _missing_secrets: tuple[str, ...] = PrivateAttr(default=())

    if TYPE_CHECKING:
        # For editors and type checkers: aliases and body fields are options, too.
        def __init__(  # noqa: PLR0913  # one for each field
            self,
            *,
            model: str = "",
            models: Sequence[str | Mapping[str, Any]] = (),
            api_key: str | SecretStr | None = None,
            api_keys: str | Sequence[str | SecretStr] | None = None,
            base_url: str | None = None,
            dimensions: int | None = None,
            chunk_size: int | None = None,
            max_concurrency: int = 4,
            callbacks: Callbacks = None,
            timeout: Any = None,
            max_retries: int = 2,
            max_wait: float = 30.0,
            deadline: float | None = None,
            **options: Any,
        ) -> None: ...

    else:

        def __init__(self, **options: Any) -> None:
            """Take the fields below, and body fields that the provider documents.

            Raises: `ConfigurationError` for any other option; it names the nearest one.
            """
            hide_secrets(options)
            refuse_options(options)
            rules = _check_model(options)
            super().__init__(**model_options(type(self), options, rules))
            if self.dimensions is None and self.models:
                self.dimensions = self.models[0].get("dimensions")

    def __getstate__(self) -> dict[Any, Any]:
        """Return the state of a pickle, without keys and headers: anyone may read a pickle."""
        state = super().__getstate__()
        fields, removed = without_secrets(state["__dict__"])
        portable = [without_secrets(entry) for entry in self.models]
        removed += [name for _, names in portable for name in names]
        fields |= {"models": [entry for entry, _ in portable], "callbacks": None}
        private = {**(state["__pydantic_private__"] or {}), "_length": None}
        private["_missing_secrets"] = tuple(dict.fromkeys((*self._missing_secrets, *removed)))
        return {**state, "__dict__": fields, "__pydantic_private__": private}

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Yield the fields for `repr`, without tokens in addresses and further body fields."""
        for name, value in super().__repr_args__():
            if name == "base_url" and value:
                yield name, address_shape(value)
            elif value is not None and value != {}:
                yield name, mask_values(value) if name == "model_kwargs" else value

    @override
    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vector of each text, in order; sends as many requests as limits require."""
        return self._embed(texts, "document")

    @override
    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a search query; Gemini's differ from those of documents."""
        return self._embed([text], "query")[0]

    @override
    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Twin of `embed_documents`, with up to `max_concurrency` requests at the same time."""
        return await self._aembed(texts, "document")

    @override
    async def aembed_query(self, text: str) -> list[float]:
        """Twin of `embed_query`."""
        return (await self._aembed([text], "query"))[0]

    def explain(self, texts: str | Sequence[str]) -> Explanation:
        """Return which providers and keys a call made now would use, and why not the others.

        Sends nothing. A list is embedded as documents; the rows are those of its first request.
        """
        from scout_adapters.llm.router.explain import explain

        task: Task = "query" if isinstance(texts, str) else "document"
        call = self._call([texts] if isinstance(texts, str) else texts, task, is_async=False)
        request = call.request(next(iter(self._batches(call)), []))
        return explain(call.route, request, sum(map(estimated_tokens, request.texts)))

    def _embed(self, texts: Sequence[str], task: Task) -> list[list[float]]:
        if not _checked_texts(texts):
            return []
        call = self._call(texts, task, is_async=False)
        call.send(self._batches(call))
        return call.result

    async def _aembed(self, texts: Sequence[str], task: Task) -> list[list[float]]:
        running_loop()  # raises under trio
        if not _checked_texts(texts):
            return []
        call = self._call(texts, task, is_async=True)
        await call.asend(self._batches(call), self.max_concurrency)
        return call.result

    def _call(self, texts: Sequence[str], task: Task, *, is_async: bool) -> EmbeddingCall:
        from scout_adapters.embeddings.embedding_call import EmbeddingCall
        from scout_adapters.embeddings.embedding_run import EmbeddingRun
        from scout_adapters.llm.engine.retry_policy import RetryPolicy

        return EmbeddingCall(
            texts=texts,
            task=task,
            route=self._route(),
            retry_policy=RetryPolicy(
                timeouts=build_timeouts(self.timeout),
                max_retries=self.max_retries,
                max_wait=self.max_wait,
                deadline=self.deadline,
            ),
            run=EmbeddingRun(self.callbacks, self.tags, self.metadata, is_async=is_async),
            dimensions=self.dimensions,
            extra=self.model_kwargs,
        )

    def _batches(self, call: EmbeddingCall) -> Iterator[Positions]:
        apis = [api_of(candidate.endpoint.spec) for candidate in call.route.candidates]
        max_inputs = min(api.max_inputs for api in apis)
        limits = [api.max_tokens for api in apis if api.max_tokens is not None]
        size = min(self.chunk_size or max_inputs, max_inputs)
        return split(call.texts, size, min(limits, default=None))

    def _route(self) -> Route:
        if self._missing_secrets:
            raise NoKeyError(
                f"these embeddings came without the {', '.join(self._missing_secrets)} of their "
                "original, because secrets are not pickled: create them where they are used"
            )
        own = [getattr(self, name) for name in ("model", *ENTRY_FIELDS, *NETWORK_OPTIONS)]
        parts = (*own, self.models, self.clock, self.dimensions)
        return self._routes.route_of(parts, self._build_route)

    def _build_route(self) -> Route:
        from scout_adapters.llm.adapters.embedding_adapter import VectorLength
        from scout_adapters.llm.router.route import Route

        if self._length is None:
            self._length = VectorLength(self.dimensions)
        options = {name: getattr(self, name) for name in NETWORK_OPTIONS}
        network = {name: value for name, value in options.items() if value is not None}
        candidates = build_candidates(self._entries(), network, self._length)
        return Route(candidates=candidates, clock=self.clock)

    def _entries(self) -> list[dict[str, Any]]:
        if not self.models:
            given = {name: getattr(self, name) for name in ("model", *ENTRY_FIELDS)}
            values = {name: value for name, value in given.items() if value is not None}
            return check_models([values])
        return self.models


def _check_model(options: dict[str, Any]) -> OptionRules:
    """Check `model=` or `models=`, and return what the providers take as options."""
    name = options.get("model") or options.get("model_name")
    if not options.get("models"):
        if not name:
            raise ConfigurationError(
                'ScoutEmbeddings needs model="provider/model", or models=[...]'
            )
        if provider := options.pop("model_provider", None):
            options.pop("model_name", None)
            options["model"] = name = f"{provider}:{name}"
        return embedding_rules(card_of_entry({"model": name}))
    own = [field for field in ENTRY_FIELDS if options.get(field)]
    if name or own:
        raise ConfigurationError(
            f"pass {(own or ['model'])[0]}= in the entries of models=, and not beside them"
        )
    entries = options["models"] = check_models(options["models"])
    options["model"] = entries[0]["model"]
    lengths = {entry.get("dimensions") or options.get("dimensions") for entry in entries}
    if len({*lengths, options.get("dimensions") or entries[0].get("dimensions")}) > 1:
        raise ConfigurationError("dimensions= must be the same for all models")
    fields = (api_of(card_of_entry(entry)).body_fields for entry in entries)
    return OptionRules(documented=frozenset().union(*fields))


def _checked_texts(texts: Sequence[str]) -> Sequence[str]:
    """Return the texts; raise `ConfigurationError` for anything else, with its index."""
    if isinstance(texts, str):
        raise ConfigurationError("embed_documents takes a list of texts; for one use embed_query")
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise ConfigurationError(f"text {position} is a {type(text).__name__}, not a str")
    return texts
