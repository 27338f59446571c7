"""LiteLLM's configurations as files, with calls that show what each setting does."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scout_adapters.testing import (
    BadRequest,
    ContextOverflow,
    Emulator,
    Fault,
    ModelMissing,
    Overloaded,
    RateLimited,
    Revoked,
)

FOLDER = Path(__file__).parent / "configs"
REFUSAL = BadRequest(
    "Your request was rejected as a result of the safety system.", code="content_policy_violation"
)


@dataclass(frozen=True)
class Situation:
    """Which group is called, and which providers are broken."""

    called: str
    down: dict[str, Fault] = field(default_factory=dict)
    calls: int = 1
    shuffled: bool = False
    """Deployments are chosen at random: both routers use the same ones, in any order."""

    only_async: bool = False
    """LiteLLM has the strategy in asynchronous calls only."""

    only_ours: str = ""
    """Why LiteLLM's router does something else."""


CALLS: dict[str, list[Situation]] = {
    "load_balancing": [
        Situation("zephyr-beta", calls=60, shuffled=True),
        Situation(
            "zephyr-beta",
            {"openai": Revoked(), "groq": Revoked()},
            only_ours="without retries, LiteLLM leaves a group after one of its deployments",
        ),
        Situation("gpt-4"),
    ],
    "fallbacks": [
        Situation("gpt-3.5-turbo"),
        Situation("gpt-3.5-turbo", {"openai": Overloaded()}),
        Situation("gpt-3.5-turbo", {"openai": RateLimited(60), "groq": Overloaded()}),
        Situation("claude-opus", {"mistral": Overloaded()}),
    ],
    "default_fallbacks": [
        Situation("gpt-3.5-turbo-small"),
        Situation("gpt-3.5-turbo-small", {"openai": ModelMissing()}),
        Situation("claude-opus"),
    ],
    "context_window": [
        Situation("gpt-3.5-turbo-small"),
        Situation("gpt-3.5-turbo-small", {"openai": ContextOverflow()}),
        Situation("gpt-3.5-turbo-large"),
    ],
    "content_policy": [
        Situation("gpt-3.5-turbo-small"),
        Situation("gpt-3.5-turbo-small", {"openai": REFUSAL}),
        Situation("claude-opus"),
    ],
    "wildcards": [
        Situation("gpt-4o"),
        Situation("gpt-4o", {"openai": Overloaded()}),
        Situation("groq/any-model"),
        Situation("groq/small-model"),
    ],
    "provider_budgets": [Situation("gpt-3.5-turbo", only_ours="a budget is checked after a call")],
    "deployment_budgets": [Situation("gpt-4o", only_ours="a budget is checked after a call")],
    "custom_prices": [Situation("my-fine-tune"), Situation("sagemaker-like")],
    "credentials": [Situation("gpt-4o"), Situation("fast")],
    "retry_policy": [
        Situation("gpt-3.5-turbo"),
        Situation("gpt-3.5-turbo", {"openai": RateLimited(60)}),
    ],
    "cooldowns": [Situation("gpt-4o"), Situation("gpt-4o", {"openai": RateLimited(60)})],
    "include": [Situation("gpt-4o"), Situation("gpt-4o", {"openai": Overloaded()})],
    "environment_variables": [Situation("gpt-4-team1")],
    "azure_regions": [Situation("gpt-4o"), Situation("gpt-4o", {"azure": Overloaded()})],
    "model_params": [Situation("openai-gpt-4o"), Situation("pass-through")],
    "organizations": [Situation("gpt-4o", calls=60, shuffled=True)],
    "order_and_weight": [
        Situation("gpt-4o", calls=3),
        Situation("gpt-4o", {"openai": RateLimited(60)}),
        Situation("o1", calls=60, shuffled=True),
    ],
    "timeouts": [Situation("gpt-3.5-turbo"), Situation("gpt-4")],
    "model_ids": [Situation("gpt-4"), Situation("gpt-4", {"openai": Overloaded()})],
    "strategies": [Situation("gpt-4o", calls=3, only_async=True)],
    "proxy_server": [Situation("gpt-4o")],
}
"""Files without their ending."""


def variables(emulator: Emulator) -> dict[str, str]:
    """Return the variables to which the files refer: addresses of the emulator, and keys."""
    addresses = {
        f"URL_OF_{provider.upper()}": emulator.url(provider)
        for provider in ("openai", "groq", "mistral")
    }
    azure = emulator.url("azure").removesuffix("/openai/v1")
    names = ("OPENAI", "GROQ", "MISTRAL", "AZURE")
    keys = {f"KEY_OF_{name}": f"k-{name.lower()}" for name in names}
    more = {"KEY_OF_AZURE_CA": "k-azure-ca", "OTHER_KEY": "k-other", "REDIS_PASSWORD": "k-redis"}
    return {**addresses, "URL_OF_AZURE": azure, **keys, **more}


def requests_of(emulator: Emulator) -> list[tuple[Any, ...]]:
    """Return what was asked of whom: provider, model, key, organization, and sent options."""
    return [
        (
            exchange.provider,
            exchange.body.get("model", exchange.model),
            exchange.key,
            exchange.headers.get("openai-organization"),
            exchange.headers.get("x-resource-group"),
            *(exchange.body.get(name) for name in OPTIONS),
        )
        for exchange in emulator.log
    ]


OPTIONS = ("temperature", "seed", "top_p", "presence_penalty")
"""Options of requests that the files set."""
