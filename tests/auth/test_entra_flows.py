"""Entra tokens by a secret of a client and by workload identity, from a stand-in over TLS."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scout_adapters import ScoutAzureOpenAIChatModel
from scout_adapters.auth import azure_token
from scout_adapters.errors import KeySourceError
from scout_adapters.testing import Emulator
from tests.auth.token_servers import TokenServer, token_server
from tests.support.verbs import VERBS, run_model

TENANT = "5a7b6f0e-0000-4000-8000-000000000001"
CLIENT = "5a7b6f0e-0000-4000-8000-000000000002"
SCOPE = "https://cognitiveservices.azure.com/.default"

Chain = Callable[[], Any]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a key and a certificate that it has signed itself, for the loopback."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    place = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(place, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(encoding, form, serialization.NoEncryption())
    path.write_bytes(private + signed.public_bytes(encoding))
    return path


@pytest.fixture
def entra(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with token_server(context) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        monkeypatch.setenv("AZURE_AUTHORITY_HOST", server.url)
        monkeypatch.setenv("AZURE_TENANT_ID", TENANT)
        monkeypatch.setenv("AZURE_CLIENT_ID", CLIENT)
        for name in ("AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT"):
            monkeypatch.delenv(name, raising=False)
        yield server


def model_of(credential: Any, emulator: Emulator) -> ScoutAzureOpenAIChatModel:
    return ScoutAzureOpenAIChatModel(
        model="gpt-4o-mini",
        resource="r",
        api_key=azure_token(credential=credential),
        transport=emulator.transport(),
        max_retries=0,
    )


def default_chain() -> DefaultAzureCredential:
    """Return the chain; a private authority is not looked up at Microsoft's."""
    return DefaultAzureCredential(disable_instance_discovery=True)


def by_secret() -> ClientSecretCredential:
    secret = "s3cret-of-the-client"  # an example
    return ClientSecretCredential(TENANT, CLIENT, secret, disable_instance_discovery=True)


def grants(entra: TokenServer) -> list[dict[str, Any]]:
    return [form for path, form, _ in entra.requests if path == f"/{TENANT}/oauth2/v2.0/token"]


@pytest.mark.parametrize("chain", [default_chain, by_secret])
def test_a_client_s_secret_gets_one_token_for_all_verbs(
    entra: TokenServer, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "s3cret-of-the-client")
    emulator = Emulator()
    model = model_of(chain(), emulator)
    for verb in VERBS:
        assert run_model(model, verb).text
    (form,) = grants(entra)
    assert (form["grant_type"], form["client_id"]) == ("client_credentials", CLIENT)
    assert (form["client_secret"], form["scope"]) == ("s3cret-of-the-client", SCOPE)
    sent = {exchange.headers["authorization"] for exchange in emulator.log}
    assert len(sent) == 1
    assert "Bearer token-" in sent.pop()


def test_workload_identity_exchanges_the_token_of_its_file(
    entra: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("a-token-of-the-cluster")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    assert model_of(default_chain(), Emulator()).invoke("Hello").text
    (form,) = grants(entra)
    assert form["client_assertion"] == "a-token-of-the-cluster"
    assert form["client_assertion_type"].endswith("jwt-bearer")


def test_a_secret_that_entra_refuses_is_named_without_being_shown(
    entra: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entra, "answer", lambda *_: {"error": "invalid_client"})
    with pytest.raises(KeySourceError, match="the key source azure_token raised") as caught:
        model_of(by_secret(), Emulator()).invoke("Hello")
    assert "s3cret" not in str(caught.value)
