"""One fault on the stage: an emulator, a clock that stands still, a model, and the audience."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.load import dumps
from langchain_core.messages import AIMessage

from scout_adapters import ScoutRouterChatModel
from scout_adapters._internal.clock import Clock
from scout_adapters.llm.health.circuit_breaker import CircuitBreaker
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.llm.providers import registry
from scout_adapters.llm.transport.http_transport import Transport
from scout_adapters.testing import Emulator
from scout_adapters.testing import Fault as Played
from tests.support.clock import FakeTime
from tests.support.verbs import VERBS, call_model
from tests.support.waiting import auntil
from tests.system.faults.witness import Overheard, held_resources, idle, leaks, spent

WALL = 1_790_000_000.0
MODELS = {
    "anthropic": "claude-haiku-4-5",
    "bedrock": "anthropic.claude-haiku-4-5-20251001-v1:0",
    "cerebras": "gpt-oss-120b",
    "deepseek": "deepseek-chat",
    "fireworks": "accounts/fireworks/models/gpt-oss-120b",
    "google": "gemini-2.5-flash",
    "groq": "openai/gpt-oss-120b",
    "minimax": "MiniMax-Text-01",
    "mistral": "mistral-small-latest",
    "ollama": "llama3.2",
    "openai": "gpt-4o-mini",
    "openrouter": "openai/gpt-oss-120b",
    "together": "openai/gpt-oss-20b",
    "xai": "grok-4",
}
"""The model of each provider."""


def key_named(label: str) -> str:
    """Make a key that occurs nowhere by chance."""
    return b32encode(hashlib.sha256(label.encode()).digest()).decode().rstrip("=")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way in which a fault comes about, and what must come of it.

    A route's step is `provider:keys`, each key a letter: `groq:ab`. Faults befall a step or one of
    its keys (`groq`, `groq:a`). `outcomes` are the attempts in their order, `groq:a rate_limit`:
    what our records must say, and whom the emulator must have heard, no more and no less.
    """

    id: str = ""
    route: tuple[str, ...] = ("groq:a",)
    script: Mapping[str, tuple[Played | None, ...]] = field(default_factory=dict)
    always: Mapping[str, Played] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    outcomes: tuple[str, ...] = ()
    error: type[BaseException] | None = None
    slept: tuple[float, ...] = ()
    second_tries: int = 0
    """Those that the retry budget pays for."""

    verbs: tuple[str, ...] = VERBS
    ask: Any = "hi"
    check: Callable[[Play], Awaitable[None]] | None = None
    """What else must be true, and what comes next."""


class Play:
    """A model at an emulator, called by one verb."""

    def __init__(  # noqa: PLR0913  # each is a prop of its own
        self,
        verb: str,
        overheard: Overheard,
        *,
        case: Case | None = None,
        emulator: Mapping[str, Any] | None = None,
        base: Mapping[str, str] | None = None,
        network: Transport | None = None,
        clock: Clock | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Set it; `base` says where the providers are that `network` and its sockets reach."""
        self.verb = verb
        self.heard = overheard
        self.case = case or Case()
        self.time = FakeTime()
        self.emulator = self._emulator(emulator or {})
        self.transport = self.emulator.transport()
        self._base = base or {}
        self._network = network
        self._clock = clock or self.time.clock
        self._options = {**self.case.options, **(options or {})}
        self.model = self._model(self._options)
        self.answer: AIMessage | None = None
        self.error: BaseException | None = None

    @property
    def streams(self) -> bool:
        return self.verb in {"stream", "astream"}

    def _emulator(self, more: Mapping[str, Any]) -> Emulator:
        keys: dict[str, dict[str, Played | None]] = {}
        for step in self.case.route:
            provider, _, labels = step.partition(":")
            for label in labels:
                name = f"{provider}:{label}"
                fault = self.case.always.get(name, self.case.always.get(provider))
                keys.setdefault(provider, {})[key_named(name)] = fault
        settings = {"clock": lambda: self.time.now, "wall": lambda: WALL + self.time.now}
        emulator = Emulator(
            keys, **{**settings, "sleep": self.time.go_by, "asleep": self.time.ago_by, **more}
        )
        for name, faults in self.case.script.items():
            provider, _, label = name.partition(":")
            emulator.script(provider, faults, key_named(name) if label else None)
        return emulator

    def _model(self, options: Mapping[str, Any]) -> ScoutRouterChatModel:
        entries = [self._entry(step) for step in self.case.route]
        return ScoutRouterChatModel(models=entries, clock=self._clock, **options)

    def serve_at(self, base: Mapping[str, str]) -> None:
        """Point the model at the emulator's address on the network."""
        self._base = base
        self.model = self._model(self._options)

    def _entry(self, step: str) -> dict[str, Any]:
        provider, _, labels = step.partition(":")
        entry: dict[str, Any] = {"model": f"{provider}/{MODELS[provider]}"}
        entry["api_keys"] = [key_named(f"{provider}:{label}") for label in labels]
        if provider not in self._base:
            return entry | {"transport": self.transport}
        return entry | {"base_url": self._base[provider], "transport": self._network}

    @property
    def labels(self) -> list[str]:
        """Every key of the route, as `groq:a`."""
        steps = (step.partition(":") for step in self.case.route)
        return [f"{provider}:{label}" for provider, _, labels in steps for label in labels]

    @property
    def asked(self) -> list[str]:
        """Provider and key of each request in order, such as `groq:a`."""
        names = {key_named(name): name for name in self.labels}
        return [names.get(one.key, one.provider) for one in self.emulator.log]

    def state(self, name: str) -> KeyState:
        provider, _, _ = name.partition(":")
        pools = (c.endpoint.pool for n, c in self._clients() if n == provider)
        return next(s for pool in pools for s in pool if s.id == fingerprint(key_named(name)))

    def circuit(self, provider: str) -> CircuitBreaker:
        return next(c.endpoint.circuit for n, c in self._clients() if n == provider)

    @staticmethod
    def _clients() -> list[tuple[str, Any]]:
        return [(client.name, client) for client in registry._all_special]

    @property
    def scout(self) -> dict[str, Any]:
        assert self.answer is not None, self.error
        metadata: dict[str, Any] = self.answer.response_metadata["scout"]
        return metadata

    @property
    def attempts(self) -> list[dict[str, Any]]:
        """The attempts of the last call, from its metadata or its error."""
        if self.error is not None:
            return list(getattr(self.error, "attempts", ()))
        return list(self.scout["attempts"])

    @property
    def outcomes(self) -> list[str]:
        """The requests of the last call, as a case writes them."""
        ids = {fingerprint(key_named(name)): name for name in self.labels}
        sent_rows = (row for row in self.attempts if row["outcome"] != "skipped")
        return [
            f"{ids.get(row.get('key_id', ''), row['provider'])} {row['outcome']}"
            for row in sent_rows
        ]

    @property
    def skipped(self) -> list[str]:
        """The candidates that the last call skipped, and why."""
        passed = (one for one in self.attempts if one["outcome"] == "skipped")
        return [f"{one['provider']}: {one['reason']}" for one in passed]

    async def ask(self, text: Any = None, **options: Any) -> Play:
        """Make one call by the verb, and keep the answer or the error."""
        self.answer = self.error = None
        question = self.case.ask if text is None else text
        try:
            self.answer = await call_model(self.model, self.verb, question, **options)
        except Exception as error:  # noqa: BLE001  # what it is, the case says
            self.error = error
        return self

    async def clean(self) -> None:
        """Assert that nothing is held, that intents have outcomes, and that no key was shown."""
        assert await idle() == set()
        assert held_resources() == []
        assert self.transport.open_answers == 0
        await self._hung_up()
        assert self.heard.intents == self.heard.outcomes
        assert set(self.heard.intents.values()) <= {1}
        assert len(self.emulator.log) <= len(self.heard.intents)
        keys = [key_named(name) for name in self.labels]
        shown = [one for one in (self.error, self.answer) if one is not None]
        model = [repr(self.model), str(self.model), dumps(self.model), self.model.model_dump()]
        assert leaks(keys, [*shown, *model], self.heard) == []

    async def _hung_up(self) -> None:
        """Assert that, when the clients are closed, the emulator has no line open."""
        if self._network is None:
            assert self.emulator.settle(0.0)
            return
        self._network.close()
        await self._network.aclose()
        await auntil(lambda: not self.emulator.connections and self.emulator.settle(0.0))

    async def run(self) -> None:
        """Play the case to its end."""
        case = self.case
        await self.ask()
        if case.error is None:
            assert self.error is None, self.error
        else:
            assert type(self.error) is case.error, self.error
        assert self.outcomes == list(case.outcomes)
        assert self.asked == [line.partition(" ")[0] for line in case.outcomes]
        assert self.time.slept == list(case.slept)
        assert spent() == case.second_tries
        await self.clean()
        if case.check is not None:
            await case.check(self)
            await self.clean()
