"""Credentials of the clouds' official packages as `api_key=`, and their options at our models."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from botocore.credentials import Credentials, RefreshableCredentials
from google.auth.credentials import Credentials as GoogleCredentials

from scout_adapters import (
    ScoutAzureOpenAIChatModel,
    ScoutBedrockChatModel,
    ScoutRouterChatModel,
    ScoutVertexChatModel,
)
from scout_adapters.auth import azure_token
from scout_adapters.errors import NoKeyError
from scout_adapters.testing import Emulator
from tests.support.clock import FakeTime
from tests.support.verbs import VERBS, run_model

CLAUDE = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
AT = int(datetime.now(UTC).timestamp()) + 3600


class Entra:
    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken("entra-token-0123456789", AT)


class AsyncEntra:
    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken("entra-token-0123456789", AT)


class Google(GoogleCredentials):
    def refresh(self, request: Any) -> None:
        self.token = "ya29.google-token-0123456789"  # an example
        self.expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)


def azure(key: Any, emulator: Emulator) -> Any:
    return ScoutAzureOpenAIChatModel(
        model="gpt-4o-mini", resource="r", api_key=key, transport=emulator.transport()
    )


def bedrock(key: Any, emulator: Emulator, **options: Any) -> Any:
    return ScoutBedrockChatModel(
        model=CLAUDE, region="us-east-1", api_key=key, transport=emulator.transport(), **options
    )


def in_an_entry(key: Any, emulator: Emulator) -> Any:
    entry = {"model": "azure/gpt-4o-mini", "resource": "r", "api_keys": [key]}
    return ScoutRouterChatModel(models=[{**entry, "transport": emulator.transport()}])


def at_two_places(key: Any, emulator: Emulator) -> Any:
    keys = [{"api_key": key, "resource": name} for name in ("r", "s")]
    return ScoutAzureOpenAIChatModel(
        model="gpt-4o-mini", api_keys=keys, transport=emulator.transport()
    )


def vertex(key: Any, emulator: Emulator) -> Any:
    return ScoutVertexChatModel(
        model="gemini-3.5-flash", project="p", api_key=key, transport=emulator.transport()
    )


ENTRA, YA29 = "Bearer entra-token-0123456789", "Bearer ya29.google-token-0123456789"
KEYS: dict[str, tuple[Callable[..., Any], Callable[[], Any], str]] = {
    "azure-identity": (azure, Entra, ENTRA),
    "azure-identity in an entry": (in_an_entry, Entra, ENTRA),
    "azure-identity at two places": (at_two_places, Entra, ENTRA),
    "azure.identity.aio": (azure, AsyncEntra, ENTRA),
    "azure_token of aio": (azure, lambda: azure_token(credential=AsyncEntra()), ENTRA),
    "botocore": (bedrock, lambda: Credentials("AKIDEXAMPLE", "secret"), "AWS4-HMAC-SHA256"),
    "google-auth": (vertex, Google, YA29),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_credential_of_an_official_package_is_a_key(name: str) -> None:
    make, credential, expected = KEYS[name]
    emulator = Emulator()
    model = make(credential(), emulator)
    for verb in VERBS:
        assert run_model(model, verb).text
    sent = [exchange.headers["authorization"] for exchange in emulator.log]
    assert all(header.startswith(expected) for header in sent), sent


@pytest.mark.parametrize("form", ["object", "function"])
def test_session_keys_of_botocore_are_renewed_before_they_expire(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    time, numbers = FakeTime(float(AT)), count(2)
    monkeypatch.setattr("time.time", time.read)

    def now() -> datetime:
        return datetime.fromtimestamp(time.now, UTC)

    def renewed() -> dict[str, str]:
        keys = {"access_key": "AKIDEXAMPLE", "secret_key": "secret"}
        expiry = (now() + timedelta(minutes=20)).isoformat()
        return {**keys, "token": f"session-{next(numbers)}", "expiry_time": expiry}

    first = ("AKIDEXAMPLE", "secret", "session-1", now() + timedelta(minutes=20))
    keys = RefreshableCredentials(*first, renewed, "test", time_fetcher=now)
    key: Any = keys if form == "object" else lambda: keys
    emulator = Emulator()
    model = bedrock(key, emulator, clock=time.clock)
    for seconds in (0, 1000, 195, 1000):
        time.go_by(seconds)
        assert model.invoke("Hello").text
    tokens = [exchange.headers["x-amz-security-token"] for exchange in emulator.log]
    assert tokens == ["session-1", "session-1", "session-2", "session-2"]


def test_an_object_that_is_no_credential_is_still_refused() -> None:
    with pytest.raises(ValueError, match="api_key"):
        azure(SimpleNamespace(key="k"), Emulator())


def test_names_of_chat_bedrock_converse_are_understood() -> None:
    emulator = Emulator()
    guardrail = {"guardrailIdentifier": "gr-1", "guardrailVersion": "2", "trace": "enabled"}
    model = ScoutBedrockChatModel(
        model_id=CLAUDE,
        region_name="eu-west-1",
        api_key="k",
        guardrails=guardrail,
        transport=emulator.transport(),
    )
    assert model.invoke("Hello").text
    headers = emulator.log[-1].headers
    names = ("guardrailidentifier", "guardrailversion", "trace")
    assert [headers[f"x-amzn-bedrock-{name}"] for name in names] == ["gr-1", "2", "enabled"]


def test_a_cloud_without_a_key_names_its_chain_of_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    with pytest.raises(NoKeyError, match=r"scout_adapters\.auth\.google_token\(\)"):
        vertex(None, Emulator()).invoke("Hello")
