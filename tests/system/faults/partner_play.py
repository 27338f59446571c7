"""The same stage, with chat models of official packages in place of ours.

`ChatOpenAI` stands for every provider that copies OpenAI. For the other packages the cases of Groq
are played at their own provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from langchain_core.language_models import BaseChatModel

from scout_adapters import ScoutRouterChatModel
from tests.support.partner_models import openai_model, partner_model
from tests.system.faults.play import MODELS, Play, key_named

OTHERS = frozenset({"anthropic", "google", "minimax", "ollama"})
"""Providers that do not copy OpenAI, or have no key."""

PARTNERS = ("anthropic", "google", "bedrock")
"""Providers with a package of their own besides langchain-openai."""


class PartnerPlay(Play):
    """A route of chat models of one package, one for each key, called by one verb."""

    def __init__(self, partner: str, *arguments: Any, **options: Any) -> None:
        """`partner`: a provider with a package of its own, or "openai"."""
        self.partner = partner
        super().__init__(*arguments, **options)

    def _model(self, options: Mapping[str, Any]) -> ScoutRouterChatModel:
        entries = [entry for step in self.case.route for entry in self._entries(step)]
        return ScoutRouterChatModel(models=entries, clock=self._clock, **options)

    def is_partners(self, provider: str) -> bool:
        """Return whether a provider's part is played by the package."""
        if self.partner == "openai":
            return provider not in OTHERS
        return provider == self.partner

    def _entries(self, step: str) -> Iterator[Any]:
        provider, _, labels = step.partition(":")
        if not self.is_partners(provider):
            yield self._entry(step)
            return
        for label in labels:
            yield self._chat_model(provider, key_named(f"{provider}:{label}"))

    def _chat_model(self, provider: str, key: str) -> BaseChatModel:
        make = openai_model if self.partner == "openai" else partner_model
        return make(provider, MODELS[provider], key, self.transport)

    @property
    def expected(self) -> list[str]:
        """The outcomes of the case, without the keys of chat models: they have no key id."""
        lines = (line.partition(" ") for line in self.case.outcomes)
        return [f"{self._shown(name)} {outcome}" for name, _, outcome in lines]

    def _shown(self, name: str) -> str:
        provider = name.partition(":")[0]
        return provider if self.is_partners(provider) else name

    async def run(self) -> None:
        """Play the case to the end of its first call."""
        await self.ask()
        if self.case.error is None:
            assert self.error is None, self.error
        else:
            assert type(self.error) is self.case.error, self.error
        assert self.outcomes == self.expected
        assert self.asked == [line.partition(" ")[0] for line in self.case.outcomes]
        await self.clean()
