"""`ScoutEmbeddings`: one embedding model at one provider or several, with one key or many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.callbacks import Callbacks
from langchain_core.embeddings import Embeddings
from pydantic import SecretStr
from typing_extensions import override

from scout_adapters.chat_models.hidden_secrets import hide_secrets
from scout_adapters.chat_models.option_rules import OptionRules
from scout_adapters.chat_models.options import model_options
from scout_adapters.chat_models.request import build_timeouts
from scout_adapters.chat_models.router_entries import card_of_entry
from scout_adapters.chat_models.store_option import limit_store_of
from scout_adapters.embeddings.batches import Positions, estimated_tokens, split
from scout_adapters.embeddings.embedding_entries import (
    api_of,
    build_candidates,
    check_models,
    embedding_rules,
    refuse_options,
)
from scout_adapters.embeddings.embedding_fields import ENTRY_FIELDS, EmbeddingFields
from scout_adapters.errors import ConfigurationError, NoKeyError
from scout_adapters.errors.event_loop import running_loop
from scout_adapters.llm.option_names import NETWORK_OPTIONS

if TYPE_CHECKING:
    from scout_adapters.embeddings.embedding_call import EmbeddingCall
    from scout_adapters.llm.router.explain import Explanation
    from scout_adapters.llm.router.route import Route
    from scout_adapters.llm.types import Auth, Task

    KeyOption = str | SecretStr | Callable[[], Any]


class ScoutEmbeddings(EmbeddingFields, Embeddings):
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

    if TYPE_CHECKING:
        # For editors and type checkers: aliases and body fields are options, too.
        def __init__(  # noqa: PLR0913  # one for each field
            self,
            *,
            model: str = "",
            models: Sequence[str | Mapping[str, Any]] = (),
            api_key: KeyOption | None = None,
            api_keys: KeyOption | Sequence[KeyOption] | None = None,
            base_model: str | None = None,
            base_url: str | None = None,
            placeholders: Mapping[str, str] | None = None,
            default_headers: Mapping[str, str] | None = None,
            auth: Auth | None = None,
            transport: Any = None,
            dimensions: int | None = None,
            chunk_size: int | None = None,
            max_concurrency: int = 4,
            callbacks: Callbacks = None,
            tags: Sequence[str] | None = None,
            metadata: Mapping[str, Any] | None = None,
            timeout: Any = None,
            max_retries: int = 2,
            max_wait: float = 30.0,
            deadline: float | None = None,
            model_kwargs: Mapping[str, Any] | None = None,
            verify: Any = None,
            cert: Any = None,
            proxies: str | Mapping[str, str] | None = None,
            trust_env: bool | None = None,
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

    def _embed(self, texts: Iterable[str], task: Task) -> list[list[float]]:
        if not (checked := _checked_texts(texts)):
            return []
        call = self._call(checked, task, is_async=False)
        call.send(self._batches(call))
        return call.result

    async def _aembed(self, texts: Iterable[str], task: Task) -> list[list[float]]:
        running_loop()  # raises under trio
        if not (checked := _checked_texts(texts)):
            return []
        call = self._call(checked, task, is_async=True)
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

        # Copies of this object share the lengths, and may have another model or `dimensions`.
        own = (self.model, self.dimensions)
        length = self._lengths.setdefault(own, VectorLength(self.dimensions))
        options = {name: getattr(self, name) for name in NETWORK_OPTIONS}
        network = {name: value for name, value in options.items() if value is not None}
        candidates = build_candidates(self._entries(), network, length)
        store = limit_store_of(None, candidates)
        return Route(candidates=candidates, clock=self.clock, limit_store=store)

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


def _checked_texts(texts: Iterable[str]) -> list[str]:
    """Return the texts as a list; raise `ConfigurationError` for anything else, with its index."""
    if isinstance(texts, str):
        raise ConfigurationError("embed_documents takes a list of texts; for one use embed_query")
    checked = [*texts]
    for position, text in enumerate(checked):
        if not isinstance(text, str):
            raise ConfigurationError(f"text {position} is a {type(text).__name__}, not a str")
    return checked
