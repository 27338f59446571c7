"""Which fault is played: by key, by script, by outage."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters.testing import Emulator, OutOfCredit, Overloaded, Revoked, ServerError


@pytest.mark.parametrize("provider", ["openai", "groq", "anthropic", "google", "mistral", "xai"])
def test_a_request_without_a_key_is_refused(refused: Any, client: Any, provider: str) -> None:
    answer = client.ask(provider, key="")
    assert answer.status_code == (403 if provider == "google" else 401)
    assert client.emulator.log[0].fault == "MissingKey"


def test_a_local_server_requires_no_key(client: Any) -> None:
    assert client.chat("ollama", key="").status_code == 200


def test_a_provider_with_keys_takes_no_other(asking: Any) -> None:
    client = asking(Emulator({"groq": ["good"]}))
    codes = [client.chat("groq", key=key).status_code for key in ("good", "other")]
    assert codes == [200, 401]
    assert client.chat("openai", key="any").status_code == 200


def test_scripts_come_first_and_in_order(client: Any) -> None:
    client.emulator.script("groq", [Overloaded(), None, Revoked()])
    client.emulator.script("groq", [OutOfCredit()], key="k2")
    seen = [client.chat("groq", key=key).status_code for key in ("k2", "k1", "k1", "k2", "k1")]
    assert seen == [402, 503, 200, 401, 200]


def test_a_provider_that_is_down_is_overloaded_or_fails_as_configured(asking: Any) -> None:
    emulator = Emulator(down={"mistral"})
    other = Emulator(down={"gemini": ServerError(500)})
    for server, provider, status in ((emulator, "mistral", 503), (other, "google", 500)):
        client = asking(server)
        assert client.ask(provider).status_code == status
        assert client.ask("groq").status_code == 200
