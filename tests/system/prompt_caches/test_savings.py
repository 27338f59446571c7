"""Conversations that keep to a key read what one key's cache would give, and cost less."""

from __future__ import annotations

from random import Random

import pytest

from tests.support import recordings
from tests.system.prompt_caches.agents import compare_agents
from tests.system.prompt_caches.savings import MODELS, compare, play, set_due
from tests.system.prompt_caches.threads import recorded, synthetic

SEED = 20261130


@pytest.mark.parametrize("provider", MODELS)
def test_threads_of_agents_read_the_cache_and_cost_less(provider: str) -> None:
    random = Random(SEED)
    threads = set_due(synthetic(random, count=4, turns=12), random)
    savings = compare(provider, threads, SEED)
    assert savings.reads >= 0.95
    assert savings.saved >= 0.30


def test_the_load_of_many_threads_is_even() -> None:
    random = Random(SEED)
    load = play("openai", set_due(synthetic(random, count=200, turns=2), random), seed=SEED)
    assert load.unevenness <= 0.25


def test_agents_over_three_providers_read_the_cache_and_cost_less() -> None:
    savings = compare_agents("anthropic", count=2, turns=5, seed=SEED)
    assert savings.reads >= 0.95
    assert savings.saved >= 0.30


@recordings.needed
def test_recorded_conversations_read_the_cache() -> None:
    threads = set_due(recorded(6), Random(SEED))
    for provider in MODELS:
        savings = compare(provider, threads, SEED)
        assert savings.alone.reads > 0
        assert savings.reads >= 0.95
