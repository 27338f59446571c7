"""Threads of `langchain.agents` over three providers, and what the emulator bills for them."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from langchain.agents import create_agent
from langgraph.checkpoint.memory import InMemorySaver

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator, Overloaded, RateLimited, reset
from tests.support.clock import FakeTime
from tests.system.prompt_caches.savings import GAP, LIMITED, MODELS, Played, Savings, bill, keys_of
from tests.system.prompt_caches.threads import text


class AgentThreads:
    """Agents with a tool, each with a thread and a system prompt of its own."""

    def __init__(
        self, first: str, *, keys: int, seed: int, down: float = 0.0, **options: Any
    ) -> None:
        """`first` is the provider that the route tries first; `options` are those of the router.

        `down` is the share of turns during which the first provider answers nothing.
        """
        reset()
        self.random, self.time, self.first = Random(seed), FakeTime(), first
        self.down = down
        self.emulator = Emulator(clock=lambda: self.time.now)
        self.refuses = keys > 1
        order = sorted(MODELS, key=lambda provider: provider != first)
        names = {"api_keys": keys_of(keys), "transport": self.emulator.transport()}
        entries = [{"model": f"{each}/{MODELS[each][1]}", **names} for each in order]
        self.model = ScoutRouterChatModel(
            models=entries, clock=self.time.clock, max_tokens=200, cache="auto", **options
        )

    def play(self, count: int, turns: int) -> Played:
        """Let every agent take its turns, one agent after the other."""
        saver = InMemorySaver()
        agents = [self._agent(saver) for _ in range(count)]
        for turn in range(turns):
            for number, agent in enumerate(agents):
                self._refuse()
                config: Any = {"configurable": {"thread_id": str(number)}}
                message = f"Search for {turn} {text(self.random, 100)}"
                agent.invoke({"messages": [("user", message)]}, config)
                self.emulator.down = {}
                self.time.go_by(GAP / count)
        good = [exchange for exchange in self.emulator.log if exchange.billed]
        return Played(
            sum(exchange.spent.cached.read for exchange in good),
            sum(map(bill, good)),
            Counter(exchange.key for exchange in good),
        )

    def _agent(self, saver: InMemorySaver) -> Any:
        random = self.random

        def search(query: str) -> str:  # of the tool
            """Search the archive for a text."""
            return text(random, random.randrange(100, 700))

        prompt = text(random, random.randrange(2000, 6000))
        return create_agent(self.model, [search], system_prompt=prompt, checkpointer=saver)

    def _refuse(self) -> None:
        """Let a request be refused, or the provider be down for a turn, by chance."""
        limited, down = self.random.random() < LIMITED, self.random.random() < self.down
        if self.refuses and limited:
            self.emulator.script(self.first, [RateLimited(2)])
        if self.refuses and down:
            self.emulator.down = {self.first: Overloaded()}


def compare_agents(first: str, count: int, turns: int, seed: int, *, down: float = 0.0) -> Savings:
    """Let the same agents run with one key for each provider, keys in turn, and kept caches."""

    def played(keys: int, **options: Any) -> Played:
        threads = AgentThreads(first, keys=keys, seed=seed, down=down, **options)
        return threads.play(count, turns)

    return Savings(first, played(1), played(5, key_affinity="off"), played(5, strategy="cache"))
