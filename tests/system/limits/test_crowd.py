"""A small version of `make limits`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.system.limits.crowd import Load, play

SMALL = {"rpm": 60, "tpm": 20_000, "minutes": 3, "models": 4, "callers": 3}


@pytest.mark.parametrize("words", [30, 500], ids=["requests", "tokens"])
@pytest.mark.parametrize("window", ["minute", "bucket"])
def test_callers_with_limits_use_what_the_provider_allows_and_are_hardly_refused(
    window: Any, words: int
) -> None:
    throughput = play(Load(**SMALL, window=window, words=words))
    assert throughput.share > 0.95, throughput
    assert throughput.refusals < 0.03, throughput
    assert throughput.failed == 0


def test_callers_without_limits_are_refused() -> None:
    assert play(Load(**SMALL, window="minute", reserves=False)).refusals > 0.03
