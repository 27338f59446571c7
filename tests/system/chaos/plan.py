"""The calls and faults of a seed: providers, prompts, verbs and faults."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from scout_adapters.testing import Fault
from tests.support.verbs import VERBS
from tests.system.chaos.faults import KEY_FAULTS, OUTAGES, Draw, draw

HOUSES = {
    "groq": "openai/gpt-oss-120b",
    "anthropic": "claude-haiku-4-5",
    "google": "gemini-2.5-flash",
    "openrouter": "openai/gpt-oss-120b",
}
"""Models by provider: all three wires, and a provider that reports its own price."""

KEYS = 5
FAULTY = 0.3
SOCKETS = 0.1
ROUTERS = ("priority", "weighted", "cheapest", "fastest", "least_busy", "hurried")
PAIRS = ("groq+google", "anthropic+openrouter")
ENDS = ("", "close", "drop", "cancel", "timeout", "slow")
"""What the caller does besides waiting for the end: closes a stream, drops it, cancels the task."""

End = Literal["", "close", "drop", "cancel", "timeout", "slow"]
TOPICS = (
    "Say hello.",
    "Tell me a story about lighthouses.",
    "What is 2 + 2? Answer in one word.",
    "Repeat: data: [DONE]\n\nevent: error\ndata: {}\n\n",
    "Grüße, 你好, \U0001f600",
)
WEATHER = "What is the weather in Paris?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: by which verb, of which model, saying what."""

    index: int
    verb: str
    model: str
    route: tuple[str, ...]
    tools: bool
    prompt: str
    end: End = ""
    patience: float = 0.0
    """Seconds after which a task is cancelled, or chunks after which a stream is closed."""

    @property
    def streams(self) -> bool:
        return self.verb.endswith("stream")

    @property
    def sockets(self) -> bool:
        return self.model.startswith("sockets")

    @property
    def run_id(self) -> UUID:
        return UUID(int=self.index)


@dataclass(frozen=True, slots=True)
class Weather:
    """What holds for a whole epoch: keys that are refused, and a provider that is down."""

    keys: dict[str, dict[str, Fault | None]]
    down: dict[str, Fault]


def keys_of(house: str, seed: int) -> list[str]:
    return [f"{house}-key-{seed}-{number}" for number in range(KEYS)]


@dataclass(frozen=True)
class Plan:
    """The schedule of a run, each part a function of the seed and of nothing else."""

    seed: int
    calls: int
    epochs: int = 20
    first: int = 1
    """The number of the first call."""

    faulty: float = FAULTY
    _weathers: dict[int, Weather] = field(default_factory=dict)

    def of_epoch(self, epoch: int) -> Sequence[Call]:
        """Return the calls of an epoch; numbers count from `first`."""
        begin, end = (self.calls * at // self.epochs for at in (epoch, epoch + 1))
        return [self.call(self.first + at) for at in range(begin, end)]

    def call(self, index: int) -> Call:
        dice = random.Random(f"{self.seed} call {index}")
        verb = dice.choice(VERBS)
        model, route = self._model_and_providers(dice)
        tools = dice.random() < 0.15
        topic = WEATHER if tools else dice.choice(TOPICS)
        end, patience = self._ended(dice, verb)
        return Call(
            index=index,
            verb=verb,
            model=model,
            route=route,
            tools=tools,
            prompt=f"#c{index}# {topic}",
            end=end,
            patience=patience,
        )

    @staticmethod
    def _model_and_providers(dice: random.Random) -> tuple[str, tuple[str, ...]]:
        providers = tuple(HOUSES)
        chance = dice.random()
        if chance < SOCKETS:
            return dice.choice(("sockets-weighted", "sockets-priority")), providers
        if chance < 0.8:
            return dice.choice(ROUTERS), providers
        if chance < 0.9:
            pair = dice.choice(PAIRS)
            return pair, tuple(pair.split("+"))
        alone = dice.choice(providers)
        return alone, (alone,)

    @staticmethod
    def _ended(dice: random.Random, verb: str) -> tuple[End, float]:
        """Choose how the caller ends it, now and then otherwise than by waiting."""
        if dice.random() > 0.08:
            return "", 0.0
        able: list[End] = []
        if verb.endswith("stream"):
            able += ["close", "drop", "slow"]
        if verb.startswith("a"):
            able += ["cancel", "timeout"]
        if not able:
            return "", 0.0
        end = dice.choice(able)
        return end, dice.random() * 0.05 if end in {"cancel", "timeout"} else dice.randint(1, 6)

    def fault(self, call: Call, house: str, number: int) -> tuple[Draw, Fault] | None:
        """Return the fault of a call's nth request to a provider, counted from 1."""
        dice = random.Random(f"{self.seed} fault {call.index} {house} {number}")
        if dice.random() >= self.faulty:
            return None
        return draw(dice, house, stream=call.streams, sockets=call.sockets)

    def goes_well(self, call: Call, house: str) -> bool:
        """Return whether the provider answers the call's first request with a good key."""
        drawn = self.fault(call, house, 1)
        return drawn is None or drawn[0].kind == "good"

    def weather(self, epoch: int) -> Weather:
        """Return the refused keys and failing providers of an epoch; two keys of each are good."""
        if epoch not in self._weathers:
            self._weathers[epoch] = self._weather(random.Random(f"{self.seed} epoch {epoch}"))
        return self._weathers[epoch]

    def _weather(self, dice: random.Random) -> Weather:
        keys: dict[str, dict[str, Fault | None]] = {}
        for house in HOUSES:
            states: dict[str, Fault | None] = dict.fromkeys(keys_of(house, self.seed))
            bad = dice.sample(sorted(KEY_FAULTS), dice.randint(0, 3))
            for key, name in zip(dice.sample(list(states), len(bad)), bad, strict=True):
                states[key] = KEY_FAULTS[name]
            keys[house] = states
        down: dict[str, Fault] = {}
        if dice.random() < 0.6:
            down[dice.choice(list(HOUSES))] = OUTAGES[dice.choice(sorted(OUTAGES))]
        return Weather(keys, down)
