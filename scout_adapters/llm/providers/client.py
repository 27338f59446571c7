"""A provider with its keys, created from a card or from a user's function."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from scout_adapters._internal.logs import logger_of
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.adapters.results import ProviderResult
from scout_adapters.llm.engine.audit_rows import environment_audit
from scout_adapters.llm.engine.calls import acomplete
from scout_adapters.llm.engine.candidate import Candidate, Endpoint, RetryBudget
from scout_adapters.llm.engine.retry import Attempts
from scout_adapters.llm.engine.retry_policy import RetryPolicy
from scout_adapters.llm.health.circuit_breaker import in_function_call
from scout_adapters.llm.health.key_items import origins_of, read_keys
from scout_adapters.llm.health.key_places import PlacedKey, closed_to_calls, has_open_place
from scout_adapters.llm.health.key_state import CooldownRules, KeyState
from scout_adapters.llm.health.key_texts import env_keys, variable_keys
from scout_adapters.llm.health.source_fault import KeySourceFault
from scout_adapters.llm.option_names import check_address, check_headers, check_undocumented
from scout_adapters.llm.providers.endpoint_builder import EndpointBuilder
from scout_adapters.llm.providers.urls import (
    check_model,
    missing_value,
)
from scout_adapters.llm.types import Auth, ChatRequest, ProviderSpec

if TYPE_CHECKING:
    from scout_adapters.llm.adapters.function_adapter import ProviderCall
    from scout_adapters.llm.health.key_items import KeyItem, Origin
    from scout_adapters.llm.transport.http_transport import Transport

logger = logger_of(__name__)


class ProviderClient(EndpointBuilder):
    """A provider and its API keys; the environment is read on first use.

    From a function: `ProviderClient(name=…, call=async_function, env_key_name=…)`.
    The function takes `model, prompt, system, max_tokens, temperature, api_key` and returns a
    `ProviderResult`. From a card: `ProviderClient(spec=…)`.

    Example:
        client = ProviderClient(name="mine", call=ask, env_key_name="MINE_API_KEYS")
        registry.register("mine", client)
    """

    def __init__(  # noqa: PLR0913, PLR0917  # the guide's signature
        self,
        name: str = "",
        call: ProviderCall | None = None,
        env_key_name: str | None = None,
        env_single_key_name: str | None = None,
        default_cooldown: float = 60.0,
        max_failures_before_cooldown: int = 3,
        max_key_attempts: int | None = 3,
        *,
        spec: ProviderSpec | None = None,
        api_keys: Sequence[KeyItem] = (),
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        transport: Transport | None = None,
        auth: Auth | None = None,
        placeholders: Mapping[str, str] | None = None,
    ) -> None:
        """`default_cooldown` is in seconds; `max_key_attempts`: keys that one call may try.

        `env_key_name` is a variable with several keys, `env_single_key_name` one with a single key.
        """
        if spec is None and (call is None or not name):
            raise ConfigurationError("a ProviderClient needs a name and a call, or a spec")
        has_variables = bool(env_key_name or env_single_key_name)
        self.spec = spec or _function_card(name, keyless=not has_variables)
        self.name = self.spec.name
        self.function = call
        self.rules = CooldownRules(
            default_cooldown=default_cooldown,
            max_failures_before_cooldown=max_failures_before_cooldown,
        )
        # The limit applies to functions; a client of a card may try every key.
        self.max_key_attempts = None if spec else max_key_attempts
        self._named_keys = (env_key_name, env_single_key_name)
        keys = read_keys(api_keys, source="api_keys=")
        self._auth = auth
        self._configure(keys, base_url, dict(headers or {}), transport, dict(placeholders or {}))

    def _configure(
        self,
        keys: tuple[Origin | PlacedKey, ...],
        base_url: str | None,
        headers: dict[str, str],
        transport: Transport | None,
        placeholders: dict[str, str],
    ) -> None:
        """Set address, keys and connections; None or empty values come from the environment."""
        check_address(base_url, self.name)
        check_headers(headers, self.name)
        self._api_keys = keys
        self._base_url = base_url
        self._placeholders = placeholders
        self._headers = headers
        self._transport = transport
        self._endpoint: Endpoint | None = None

    def __repr__(self) -> str:
        return f"ProviderClient({self.name!r})"

    @property
    def keys(self) -> list[KeyState]:
        """The provider's API keys with their health; reads the environment on first use."""
        return self.endpoint.pool.states

    @property
    def is_in_use(self) -> bool:
        """Whether the keys of the client have been read, for a call or by `keys`."""
        return self._endpoint is not None

    def get_working_key(self) -> str | None:
        """Return the usable API key with the fewest calls in flight; None if no key is usable."""
        state = self.endpoint.pool.pick(None, time.monotonic())
        if state is None or state.source is None:
            return state.key if state else None
        try:
            return state.source.read(time.monotonic).text or None
        except KeySourceFault:
            return None

    def record_key_success(self, key: str) -> None:
        """Reset the key's failures and cooldown."""
        if not in_function_call.get():  # within an attempt, the attempt records the outcome
            self.endpoint.pool.record_success(key)

    def record_key_failure(
        self, key: str, *, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        """Put a key into cooldown (`retry_after` in seconds), or quarantine it (`permanent`)."""
        if not in_function_call.get():
            now = time.monotonic()
            self.endpoint.pool.record_failure(
                key, permanent=permanent, retry_after=retry_after, now=now
            )

    def reset_key(self, key: str | None = None) -> None:
        """End all cooldowns and quarantines of a key, also those for one model; None: of all keys.

            registry.get("groq").reset_key("8d8aaa63")

        `key` is the key itself or its fingerprint.

        Raises: `ConfigurationError` if the client has no such key.
        """
        if not self.endpoint.pool.reset(key):
            raise ConfigurationError(f"{self.name} has no key of that name: pass its fingerprint")

    async def call(
        self,
        model: str,
        prompt: str,
        system: str | None = None,
        max_tokens: int | None = 2048,
        temperature: float | None = 0.0,
        api_key: str | None = None,
        **options: Any,
    ) -> ProviderResult:
        """Send one prompt to a model, with retries and failover between keys.

        `api_key` replaces the pool; `options` are added to the request's body.

        Raises:
            ProviderError: No key could complete the call.
            ConfigurationError: There is no key, or an option is not allowed in a body.
        """
        if api_key is not None:
            client = self.variant(api_keys=(api_key,))
            return await client.call(model, prompt, system, max_tokens, temperature, **options)
        for name in options:
            check_undocumented(name, f"a call of {self.name}", self.spec.documented_fields, ())
        messages: list[BaseMessage] = [SystemMessage(system)] if system else []
        request = ChatRequest(
            model=model,
            messages=[*messages, HumanMessage(prompt)],
            max_tokens=max_tokens,
            temperature=temperature,
            extra=options,
        )
        endpoint = self.endpoint
        if self.function is not None and not endpoint.pool:
            endpoint = replace(endpoint, keyless=True)  # the function may have a key of its own
        candidate = Candidate(endpoint=endpoint, model=check_model(model, self.name))
        attempts = Attempts([candidate], request, RetryPolicy(), observer=environment_audit())
        return as_result(await acomplete(attempts))

    def reset(self) -> None:
        """Forget keys, load and retry budget; keys are read again at the next use."""
        if self._endpoint is not None:
            self._endpoint.retries = RetryBudget()
            self._endpoint.loads.clear()
        self._endpoint = None

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint with address and keys; the environment is read again while no key works."""
        if self._endpoint is None or not self._endpoint.pool.has_working_key:
            return self.current_endpoint()
        return self._endpoint

    def current_endpoint(self) -> Endpoint:
        """Return the endpoint with address and keys, after reading the environment again."""
        address, keys = self.base_url, self._api_keys
        own = () if keys and not has_open_place(keys) else self._environment_keys()
        # Without its whole address a provider has no keys: a call goes to the next candidate.
        if missing := missing_value(address, self.spec):
            keys = tuple(key for key in keys if isinstance(key, PlacedKey))
            missing = "" if keys else missing
        elif not keys:
            keys = own
        endpoint = self._endpoint
        if endpoint is None or not endpoint.pool.consists_of((*keys, *own), address):
            endpoint = self._endpoint = self._open(address, keys, own, missing)
        return endpoint

    def variant(  # noqa: PLR0913  # what a client can have of its own
        self,
        *,
        api_keys: Sequence[KeyItem] = (),
        base_url: str | None = None,
        headers: Mapping[str, str] | None = None,
        transport: Transport | None = None,
        auth: Auth | None = None,
        placeholders: Mapping[str, str] | None = None,
        deployments: Mapping[str, str] | None = None,
    ) -> ProviderClient:
        """Return a client of the same provider with other keys or another address.

        `deployments`: by name of a deployment at this address, the name of its model. Arguments
        that are not set stay as in this client.
        """
        other = copy(self)
        if deployments:
            other.spec = replace(self.spec, deployments={**self.spec.deployments, **deployments})
        other._auth = auth or self._auth  # noqa: SLF001  # a copy of this object
        other._configure(  # noqa: SLF001  # a copy of this object
            read_keys(api_keys, source="api_keys=") or self._api_keys,
            base_url or self._base_url,
            {**self._headers, **(headers or {})},
            transport or self._transport,
            {**self._placeholders, **(placeholders or {})},
        )
        return other

    @property
    def available(self) -> bool:
        """Whether a call is possible now: a working key (or none needed) and a closed circuit."""
        endpoint = self.endpoint
        now = time.monotonic()
        has_key = endpoint.pool.pick(None, now, closed_to_calls(endpoint.pool.places, now))
        return (has_key is not None or endpoint.keyless) and endpoint.circuit.is_available()

    @property
    def key_variables(self) -> tuple[str, ...]:
        """The environment variables that may contain keys, for error messages."""
        if any(self._named_keys):
            return tuple(name for name in self._named_keys if name)
        pairs = (f"{prefix}_API_KEY{end}" for prefix in self.spec.prefixes for end in ("S", ""))
        return tuple(dict.fromkeys((*pairs, *self.spec.key_variables)))

    def _environment_keys(self) -> tuple[Origin, ...]:
        """Return the keys in variables, or else the cloud's key chain if its variables are set."""
        keys, chain = origins_of(self._parse_keys_from_env()), self.spec.key_chain
        if keys or chain is None or not any(map(os.environ.get, chain.variables)):
            return keys
        from scout_adapters.llm.health.key_source import key_source  # noqa: PLC0415  # 0.1 MB: sources only

        return (key_source(chain.source),)

    def _parse_keys_from_env(self) -> tuple[str, ...]:
        many, single = self._named_keys
        if many is None and single is None:
            return env_keys(self.spec.key_names)
        return (many and variable_keys(many)) or (single and variable_keys(single)) or ()


def _function_card(name: str, *, keyless: bool) -> ProviderSpec:
    """Return the card of a provider function, which has no wire."""
    wire: Any = None
    return ProviderSpec(
        name=name, docs="", wire=wire, base_url="", keyless=keyless, json_schema=False
    )


def as_result(message: AIMessage) -> ProviderResult:
    """Convert an answer to a `ProviderResult`."""
    usage = message.usage_metadata
    scout = message.response_metadata["scout"]
    return ProviderResult(
        response_text=message.text,
        cost_usd=scout["cost_usd"],
        input_tokens=usage["input_tokens"] if usage else None,
        output_tokens=usage["output_tokens"] if usage else None,
        model=message.response_metadata.get("model_name") or scout["model"],
        provider=scout["provider"],
    )
