"""The forms in which a key is sent: the wire's, a card's, a model's and an entry's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from scout_adapters import ScoutOpenAICompatibleChatModel
from scout_adapters.auth import AwsCredentials, BearerAuth, HeaderAuth, Token
from scout_adapters.errors import ConfigurationError
from tests.support.fake_http import GROQ, FakeAnswers, FakeProviders

ADDRESS = "https://gateway.example/v1"
JWT = "eyJhbGciOi.eyJhdWQiOi.c2lnbmF0dXJl"


class Recorder:
    """A signer that records what it may sign."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def headers(
        self, key: Any, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Mapping[str, str]:
        self.calls.append((key, method, url, dict(headers), body))
        return {"X-Signature": "signed"}


def sent_headers(auth: Any, key: Any) -> Mapping[str, str]:
    headers: Mapping[str, str] = auth.headers(key, "POST", ADDRESS, {}, b"")
    return headers


@pytest.mark.parametrize(
    ("auth", "key", "headers"),
    [
        (BearerAuth(), "k", {"Authorization": "Bearer k"}),
        (BearerAuth(), Token("t"), {"Authorization": "Bearer t"}),
        (BearerAuth(), "", {}),
        (HeaderAuth("api-key"), "k", {"api-key": "k"}),
        (HeaderAuth("Authorization", "Key"), "k", {"Authorization": "Key k"}),
        (HeaderAuth("api-key"), Token("t"), {"Authorization": "Bearer t"}),
        (HeaderAuth("api-key"), JWT, {"Authorization": f"Bearer {JWT}"}),
        (HeaderAuth("api-key"), "", {}),
    ],
)
def test_a_key_is_sent_in_the_form_of_its_auth(
    auth: Any, key: Any, headers: Mapping[str, str]
) -> None:
    assert sent_headers(auth, key) == headers


def test_credentials_that_sign_are_never_sent_in_a_header() -> None:
    with pytest.raises(ConfigurationError, match="AwsCredentials cannot be sent in a header"):
        sent_headers(BearerAuth(), AwsCredentials(access_key="AKIA", secret_key="hush"))


def test_no_credential_shows_its_secrets() -> None:
    pair = AwsCredentials(access_key="AKIA", secret_key="hush-1", session_token="hush-2")
    assert "hush" not in f"{pair!r} {Token('hush-3')!r}"
    assert (*pair.secrets, *Token("hush-3").secrets) == ("hush-1", "hush-2", "hush-3")


def test_an_expiry_is_in_seconds_whatever_form_it_had() -> None:
    at = datetime(2026, 11, 30, 12, tzinfo=UTC)
    assert Token("t", at).expires_at == at.timestamp()
    assert Token("t", at.replace(tzinfo=None)).expires_at == at.timestamp()
    assert Token("t", 12.5).expires_at == 12.5


async def test_a_signer_sees_method_address_headers_and_body(
    providers: FakeProviders, wire: FakeAnswers, ask: Any
) -> None:
    providers.on("gateway.example", wire.say())
    auth = Recorder()
    model = ScoutOpenAICompatibleChatModel(
        model="m",
        base_url=ADDRESS,
        api_key="k",
        auth=auth,
        default_headers={"X-Team": "a"},
        transport=providers.transport,
    )
    await ask(model)
    (key, method, url, headers, body) = auth.calls[0]
    request = providers.requests[0]
    assert (key, method, url) == ("k", "POST", str(request.url))
    assert headers == {"X-Team": "a"}
    assert body == request.content
    assert request.headers["x-signature"] == "signed"
    assert "authorization" not in request.headers


async def test_an_entry_of_a_router_has_a_form_of_its_own(
    providers: FakeProviders, wire: FakeAnswers, router: Callable[..., Any], ask: Any
) -> None:
    providers.on(GROQ, wire.say())
    entry = {"model": "groq/llama-3.3-70b-versatile", "auth": HeaderAuth("api-key")}
    model = router(entry | {"api_keys": ["k1"]})
    await ask(model)
    headers = providers.requests[0].headers
    assert headers["api-key"] == "k1"
    assert "authorization" not in headers


def test_a_key_is_no_auth() -> None:
    with pytest.raises(ConfigurationError, match="takes no auth= of type str") as raised:
        ScoutOpenAICompatibleChatModel(model="m", base_url=ADDRESS, auth="sk-hush")
    assert "hush" not in str(raised.value)
