"""The same configuration run by LiteLLM's Router and by ours calls the same deployments in order.

Each case is a kind of LiteLLM's documentation. What is compared is the order in which deployments
are called first, by the emulator's log: LiteLLM repeats some requests that we do not.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import litellm
import pytest

from scout_adapters import ScoutRouterChatModel
from scout_adapters._internal.clock import Clock
from scout_adapters.errors import ScoutError
from scout_adapters.testing import (
    ContextOverflow,
    Emulator,
    Fault,
    ModelMissing,
    Overloaded,
    RateLimited,
    Revoked,
)

pytestmark = pytest.mark.filterwarnings("ignore")  # LiteLLM's own

PROVIDERS = ("openai", "groq", "mistral")


@dataclass(frozen=True)
class Case:
    """A configuration, what is broken, and the group that is called."""

    deployments: list[tuple[str, str, dict[str, Any]]]
    """Group, `provider/model`, further parameters."""

    settings: dict[str, Any] = field(default_factory=dict)
    down: dict[str, Fault] = field(default_factory=dict)
    called: str = "main"
    more: dict[str, Any] = field(default_factory=dict)
    """Further sections."""


ONE = [("main", "openai/a", {})]
TWO_GROUPS = [("main", "openai/a", {}), ("backup", "groq/b", {})]
THREE_GROUPS = [*TWO_GROUPS, ("last", "mistral/c", {})]
FALLBACK = {"fallbacks": [{"main": ["backup"]}]}

CASES = {
    "one deployment": Case(ONE),
    "a fallback": Case(TWO_GROUPS, FALLBACK, {"openai": Overloaded()}),
    "a fallback after a rate limit": Case(TWO_GROUPS, FALLBACK, {"openai": RateLimited(60)}),
    "a fallback after a refused key": Case(TWO_GROUPS, FALLBACK, {"openai": Revoked()}),
    "a fallback after a missing model": Case(TWO_GROUPS, FALLBACK, {"openai": ModelMissing()}),
    "no fallback without need": Case(TWO_GROUPS, FALLBACK),
    "two fallbacks": Case(
        THREE_GROUPS,
        {"fallbacks": [{"main": ["backup", "last"]}]},
        {"openai": Overloaded(), "groq": Overloaded()},
    ),
    "default fallbacks": Case(
        TWO_GROUPS, {"default_fallbacks": ["backup"]}, {"openai": Overloaded()}
    ),
    "a fallback of every group": Case(
        TWO_GROUPS, {"fallbacks": [{"*": ["backup"]}]}, {"openai": Overloaded()}
    ),
    "a context window fallback": Case(
        TWO_GROUPS,
        {"context_window_fallbacks": [{"main": ["backup"]}]},
        {"openai": ContextOverflow()},
    ),
    "order": Case(
        [("main", "openai/a", {"order": 2}), ("main", "groq/b", {"order": 1})],
    ),
    "order when the first is down": Case(
        [("main", "openai/a", {"order": 2}), ("main", "groq/b", {"order": 1})],
        {},
        {"groq": RateLimited(60)},
    ),
    "another deployment of the group": Case(
        [("main", "openai/a", {"weight": 1}), ("main", "groq/b", {"weight": 0})],
        {"num_retries": 1},
        {"openai": RateLimited(60)},
    ),
    "an alias": Case(TWO_GROUPS, {"model_group_alias": {"gpt-4": "backup"}}, called="gpt-4"),
    "a wildcard": Case([("openai/*", "openai/*", {})], called="openai/any-model"),
    "another group": Case(TWO_GROUPS, called="backup"),
    "a variable": Case([("main", "openai/a", {"api_key": "os.environ/KEY_OF_A"})]),
    "default parameters": Case(ONE, {"default_litellm_params": {"temperature": 0.5}}),
}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator()
    with emulator.serve():
        yield emulator


def model_list(case: Case, emulator: Emulator) -> list[dict[str, Any]]:
    return [
        {
            "model_name": group,
            "litellm_params": {
                "model": name,
                "api_key": "k-1",
                "api_base": emulator.url(name.partition("/")[0]),
                **params,
            },
        }
        for group, name, params in case.deployments
    ]


def asked(emulator: Emulator) -> list[tuple[str, str, str, Any]]:
    """Return provider, model, key and temperature of requests, each when it was asked first."""
    requests = [
        (e.provider, e.body["model"], e.key, e.body.get("temperature")) for e in emulator.log
    ]
    return list(dict.fromkeys(requests))


@pytest.mark.parametrize("name", CASES)
def test_the_same_deployments_are_asked_in_the_same_order(
    name: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "KEY_OF_A", "k-env")
    case = CASES[name]
    settings = {"num_retries": 0, **case.settings}
    deployments = model_list(case, emulator)
    emulator.down = case.down
    answer = litellm.Router(model_list=deployments, **settings).completion(
        case.called, [{"role": "user", "content": "Hello"}]
    )
    of_litellm, text = asked(emulator), answer.choices[0].message.content
    emulator.clear()
    config = {"model_list": deployments, "router_settings": settings, **case.more}
    ours = ScoutRouterChatModel.from_litellm(config, model=case.called)
    assert ours.invoke("Hello").text == text
    assert asked(emulator) == of_litellm


@pytest.mark.parametrize("weight", ["weight", "rpm"])
def test_both_shuffle_by_the_same_weights(emulator: Emulator, weight: str) -> None:
    case = Case([("main", "openai/a", {weight: 8000}), ("main", "groq/b", {weight: 2000})])
    deployments = model_list(case, emulator)
    router = litellm.Router(model_list=deployments)
    clock = Clock(random=random.Random(7).random)
    ours = ScoutRouterChatModel.from_litellm({"model_list": deployments}, clock=clock)
    random.seed(7)  # LiteLLM draws from the module itself
    shares = []
    for call in (
        lambda: router.completion("main", [{"role": "user", "content": "Hello"}]),
        lambda: ours.invoke("Hello"),
    ):
        emulator.clear()
        for _ in range(100):
            call()
        shares.append(Counter(exchange.body["model"] for exchange in emulator.log)["a"])
    assert all(60 < share < 95 for share in shares), shares


def test_both_fail_when_everything_is_down(emulator: Emulator) -> None:
    case = Case(TWO_GROUPS, {**FALLBACK, "num_retries": 0})
    deployments = model_list(case, emulator)
    emulator.down = dict.fromkeys(PROVIDERS, Revoked())
    with pytest.raises(litellm.AuthenticationError):
        litellm.Router(model_list=deployments, **case.settings).completion(
            "main", [{"role": "user", "content": "Hello"}]
        )
    config = {"model_list": deployments, "router_settings": case.settings}
    with pytest.raises(ScoutError):
        ScoutRouterChatModel.from_litellm(config).invoke("Hello")
