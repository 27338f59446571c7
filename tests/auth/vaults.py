"""Functions that return keys, and hosts that take any."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.fake_http import GROQ, OPENAI, FakeAnswers, FakeProviders


class Vault:
    """A function that returns secrets in order, of which the last repeats; it counts its calls."""

    def __init__(self, *secrets: Any) -> None:
        self.secrets = list(secrets)
        self.calls = 0

    def __call__(self) -> Any:
        self.calls += 1
        secret = self.secrets.pop(0) if len(self.secrets) > 1 else self.secrets[0]
        if isinstance(secret, BaseException):
            raise secret
        return secret


@pytest.fixture
def answers(providers: FakeProviders, wire: FakeAnswers) -> FakeAnswers:
    """All hosts answer."""
    providers.on(GROQ, wire.say("from groq"))
    providers.on(OPENAI, wire.say("from openai"))
    return wire
