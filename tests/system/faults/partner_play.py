"""The same stage, with `ChatOpenAI` in place of our models wherever a provider copies OpenAI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
from langchain_openai import ChatOpenAI

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing.emulated_providers import emulated_provider
from tests.support.httpx2_transport import Httpx2Transport
from tests.system.faults.play import MODELS, Play, key_named

OTHERS = frozenset({"anthropic", "google", "minimax", "ollama"})
"""Providers whose steps our models play: they do not copy OpenAI, or have no key."""


class PartnerPlay(Play):
    """A route of `ChatOpenAI`, one for each key, called by one verb."""

    def _model(self, options: Mapping[str, Any]) -> ScoutRouterChatModel:
        entries = [entry for step in self.case.route for entry in self._entries(step)]
        return ScoutRouterChatModel(models=entries, clock=self._clock, **options)

    def _entries(self, step: str) -> Iterator[Any]:
        provider, _, labels = step.partition(":")
        if provider in OTHERS:
            yield self._entry(step)
            return
        emulated = emulated_provider(provider)
        for label in labels:
            transport = Httpx2Transport(self.transport)
            yield ChatOpenAI(
                model=MODELS[provider],
                api_key=key_named(f"{provider}:{label}"),
                base_url=f"https://{emulated.host}{emulated.base}",
                http_client=httpx2.Client(transport=transport),
                http_async_client=httpx2.AsyncClient(transport=transport),
                stream_usage=True,
                use_responses_api=False,
            )

    @property
    def expected(self) -> list[str]:
        """The outcomes of the case, without keys: a `ChatOpenAI` has no key id."""
        lines = (line.partition(" ") for line in self.case.outcomes)
        return [
            f"{name if name.partition(':')[0] in OTHERS else name.partition(':')[0]} {outcome}"
            for name, _, outcome in lines
        ]

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
