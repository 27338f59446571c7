"""The fields of `ScoutEmbeddings`, and what `repr` and pickles show of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
)

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters._internal.redaction import address_shape, mask_values
from scout_adapters.chat_models.hidden_secrets import without_secrets
from scout_adapters.chat_models.lazy_docs import LazilyDocumented
from scout_adapters.chat_models.route_cache import RouteCache
from scout_adapters.chat_models.shared_parts import share_parts

ENTRY_FIELDS = (
    *("api_key", "api_keys", "auth", "base_model", "base_url", "default_headers"),
    *("placeholders", "transport"),
)
"""Fields that belong to a single model; with `models=` each entry has its own."""


class EmbeddingFields(LazilyDocumented, BaseModel):
    """The fields of `ScoutEmbeddings`. Pickles contain no keys and no headers."""

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
    """The model behind a deployment's name, for prices; None: `model` is its own name."""

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
    _lengths: dict[Any, Any] = PrivateAttr(default_factory=dict)
    _missing_secrets: tuple[str, ...] = PrivateAttr(default=())

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Return a copy that shares handlers, transports and sources of keys with this object."""
        return super().__deepcopy__(share_parts(self.__dict__, memo))

    def __getstate__(self) -> dict[Any, Any]:
        """Return the state of a pickle, without keys and headers: anyone may read a pickle."""
        state = super().__getstate__()
        fields, removed = without_secrets(state["__dict__"])
        portable = [without_secrets(entry) for entry in self.models]
        removed += [name for _, names in portable for name in names]
        fields |= {"models": [entry for entry, _ in portable], "callbacks": None}
        private = {**(state["__pydantic_private__"] or {}), "_lengths": {}}
        private["_missing_secrets"] = tuple(dict.fromkeys((*self._missing_secrets, *removed)))
        return {**state, "__dict__": fields, "__pydantic_private__": private}

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Yield the fields for `repr`, without tokens in addresses and further body fields."""
        for name, value in super().__repr_args__():
            if name == "base_url" and value:
                yield name, address_shape(value)
            elif value is not None and value != {}:
                yield name, mask_values(value) if name == "model_kwargs" else value
