"""Tokens and signatures of the clouds: the official packages against stand-ins on the loopback."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from scout_adapters.auth import (
    AwsAuth,
    AwsCredentials,
    aws_credentials,
    azure_token,
    google_token,
)
from scout_adapters.errors import ConfigurationError, KeySourceError
from scout_adapters.llm.health.key_source import key_source
from scout_adapters.testing.emulator.aws_signature import signed_key
from scout_adapters.testing.http_messages import Request
from tests.auth.token_servers import TokenServer, token_server
from tests.support.clock import FakeTime
from tests.support.fake_http import FakeProviders

Make = Callable[..., Any]
BEDROCK = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/anthropic.claude-v1%3A0/invoke"


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    with token_server() as server:
        yield server


@pytest.fixture
def entra(tokens: TokenServer, monkeypatch: pytest.MonkeyPatch) -> TokenServer:
    """The environment of a machine with a managed identity."""
    monkeypatch.delenv("AZURE_CLIENT_ID", raising=False)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{tokens.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "hush")
    return tokens


@pytest.fixture
def google(
    tokens: TokenServer, private_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> TokenServer:
    """The environment of a service account."""
    account = {
        "type": "service_account",
        "client_email": "scout@example.iam.gserviceaccount.com",
        "private_key": private_key,
        "token_uri": f"{tokens.url}/token",
        "project_id": "p",
    }
    (tmp_path / "account.json").write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
    return tokens


@pytest.fixture
def aws(tokens: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TokenServer:
    """The environment of a container with a role."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{tokens.url}/aws")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    return tokens


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


@pytest.mark.usefixtures("answers")
async def test_entra_tokens_come_from_the_default_chain_of_azure_identity(
    entra: TokenServer, groq: Make, providers: FakeProviders
) -> None:
    model = groq(api_key=azure_token(), api_keys=None)
    await model.ainvoke("hi")
    model.invoke("hi")
    assert providers.keys == ["token-1", "token-1"]
    ((path, parameters, headers),) = entra.requests
    assert (path, headers["x-identity-header"]) == ("/msi/token", "hush")
    assert parameters["resource"] == "https://cognitiveservices.azure.com"


@pytest.mark.usefixtures("answers")
async def test_google_tokens_come_from_the_default_credentials_and_are_refreshed(
    google: TokenServer, groq: Make, providers: FakeProviders, time: FakeTime
) -> None:
    model = groq(api_key=google_token(), api_keys=None)
    await model.ainvoke("hi")
    await model.ainvoke("hi")
    time.go_by(3590)
    await model.ainvoke("hi")
    assert providers.keys == ["token-1", "token-1", "token-2"]
    assert [path for path, _, _ in google.requests] == ["/token"] * 2
    assert google.requests[0][1]["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.mark.usefixtures("answers", "aws")
async def test_aws_credentials_come_from_the_chain_of_botocore_and_sign_each_request(
    groq: Make, providers: FakeProviders, ask: Any
) -> None:
    auth = AwsAuth(region="eu-west-1")
    model = groq(api_key=aws_credentials(), api_keys=None, auth=auth)
    await ask(model)
    (sent,) = providers.requests
    assert sent.headers["x-amz-security-token"] == "session-1"
    request = Request("POST", sent.url.path, "", sent.url.host, dict(sent.headers), sent.content)
    assert signed_key(request, ["AKIDEXAMPLE:secret-1"]) == "AKIDEXAMPLE:secret-1"
    assert "secret-1" not in f"{sent.headers} {model!r} {model.client.keys}"


@pytest.mark.parametrize("headers", [{}, {"anthropic-beta": "a,b", "X-Team": " a  b "}])
@pytest.mark.parametrize("session", [None, "session-token"])
@pytest.mark.parametrize("url", [BEDROCK, f"{BEDROCK}?b=2&a=1", BEDROCK.replace("%3A", ":")])
def test_signed_headers_equal_those_of_botocore(
    headers: Mapping[str, str], session: str | None, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime(2026, 11, 30, 12)  # noqa: DTZ001  # botocore's own are without a zone
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: noon)
    body = b'{"max_tokens":1}'
    request = AWSRequest(
        "POST", url, data=body, headers={"Content-Type": "application/json", **headers}
    )
    SigV4Auth(Credentials("AKID", "hush", session), "bedrock", "eu-west-1").add_auth(request)
    pair = AwsCredentials(access_key="AKID", secret_key="hush", session_token=session)
    ours = AwsAuth("bedrock").headers(pair, "POST", url, headers, body)
    theirs = dict(request.headers.items())
    assert {"Content-Type": "application/json", **headers, **ours} == theirs
    assert "Authorization" in ours
    assert ours["X-Amz-Date"] == "20261130T120000Z"


def test_a_session_token_is_in_no_log_of_the_signing_package(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pair = AwsCredentials(access_key="AKID", secret_key="hush", session_token="canary-token")
    with caplog.at_level("DEBUG"):
        AwsAuth("bedrock").headers(pair, "POST", BEDROCK, {}, b"")
        assert "canary-token" not in caplog.text
        request = AWSRequest("POST", BEDROCK, data=b"", headers={})
        SigV4Auth(Credentials("AKID", "hush", "own"), "bedrock", "eu-west-1").add_auth(request)
    assert "own" in caplog.text  # the log of the user's other requests stays


def test_a_bearer_key_of_bedrock_needs_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.awsrequest", None)
    assert AwsAuth().headers("bedrock-api-key-x", "POST", BEDROCK, {}, b"") == {
        "Authorization": "Bearer bedrock-api-key-x"
    }


def test_a_host_without_a_region_is_named() -> None:
    pair = AwsCredentials(access_key="AKID", secret_key="hush")
    with pytest.raises(ConfigurationError, match=r"proxy\.example names no AWS region"):
        AwsAuth().headers(pair, "POST", "https://proxy.example/x", {}, b"")


@pytest.mark.parametrize(
    ("source", "module", "extra"),
    [
        (azure_token, "azure.identity", "azure"),
        (google_token, "google.auth", "google"),
        (aws_credentials, "botocore.session", "aws"),
    ],
)
async def test_a_missing_package_is_named_with_the_line_to_install_it(
    source: Make, module: str, extra: str, groq: Make, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(KeySourceError) as raised:
        await ask(groq(api_key=source(), api_keys=None, max_retries=0))
    assert f'pip install "scout-adapters[{extra}]"' in str(raised.value)
    assert source.__name__ in str(raised.value)


def test_equal_sources_of_a_cloud_are_one() -> None:
    assert key_source(azure_token()) is key_source(azure_token())
    assert key_source(azure_token("other")) is not key_source(azure_token())


def test_objects_of_the_official_packages_are_understood() -> None:
    from azure.core.credentials import AccessToken, AccessTokenInfo
    from botocore.credentials import ReadOnlyCredentials
    from google.oauth2.credentials import Credentials as GoogleCredentials

    from scout_adapters.llm.health.source_values import secret_of

    wall, expiry = 1_000_000.0, datetime.fromtimestamp(1_000_100, UTC).replace(tzinfo=None)
    values = (
        AccessToken("t", 1_000_100),
        AccessTokenInfo("t", 1_000_100),
        GoogleCredentials("t", expiry=expiry),  # type: ignore[no-untyped-call]  # theirs
        ("t", 1_000_100.0),
        ("t", expiry),
    )
    for value in values:
        secret = secret_of(value, 0.0, wall)
        assert (secret.text, secret.fresh_until, secret.valid_until) == ("t", 90.0, 100.0), value
    keys = secret_of(ReadOnlyCredentials("AKID", "hush", "session"), 0.0, wall)
    assert (keys.text, keys.parts) == ("", ("hush", "session"))
    assert secret_of(Credentials("AKID", "hush"), 0.0, wall).parts == ("hush",)
