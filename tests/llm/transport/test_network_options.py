"""Certificates and proxies that the user or the environment names, in every kind of connection."""

from __future__ import annotations

import asyncio
import os
import pickle
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_connection, socket
from typing import Any

import httpx
import pytest

from scout_adapters.errors import BAD_CERTIFICATE, CannotConnect, ConfigurationError
from scout_adapters.llm.timeouts import AttemptContext, Timeouts
from scout_adapters.llm.transport import pool
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.http_transport import Transport
from tests.support.waiting import HANG

CERTIFICATE = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -batch "
    "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
    "-keyout server.key -out server.pem"
)
PASSWORD = "proxy-passphrase-5Xq"  # of a test


class Handler(BaseHTTPRequestHandler):
    """Answers requests, and as a proxy forwards them or opens tunnels."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.server.seen.append(self.path)  # type: ignore[attr-defined]  # of `Server`
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_CONNECT(self) -> None:
        self.server.seen.append(self.path)  # type: ignore[attr-defined]  # as above
        host, _, port = self.path.rpartition(":")
        with create_connection((host, int(port))) as target:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=pump, args=[target, self.connection], daemon=True)
            back.start()
            pump(self.connection, target)
        self.close_connection = True

    def log_message(self, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    seen: list[str]
    url: str

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Wait for the client: closing first would reset the connection, and the alert be lost."""
        with suppress(OSError), socket(fileno=os.dup(request.fileno())) as line:
            line.settimeout(HANG)
            while line.recv(65536):
                pass


def pump(source: socket, target: socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)


def serve(context: ssl.SSLContext | None = None) -> Iterator[Any]:
    server = Server(("127.0.0.1", 0), Handler)
    server.seen = []
    scheme = "https" if context else "http"
    if context:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    server.url = f"{scheme}://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder: Path = tmp_path_factory.mktemp("tls")
    subprocess.run(CERTIFICATE.split(), cwd=folder, check=True, capture_output=True)
    return str(folder / "server.pem"), str(folder / "server.key")


@pytest.fixture
def tls_server(certificate: tuple[str, str]) -> Iterator[Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    yield from serve(context)


@pytest.fixture
def mutual_tls_server(certificate: tuple[str, str]) -> Iterator[Any]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.load_verify_locations(certificate[0])
    context.verify_mode = ssl.CERT_REQUIRED
    yield from serve(context)


@pytest.fixture
def proxy() -> Iterator[Any]:
    yield from serve()


@pytest.fixture
def server() -> Iterator[Any]:
    yield from serve()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["httpcore", "aiohttp", "proxy"])
def options(
    request: pytest.FixtureRequest, proxy: Any, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """The kind of connection as options of a transport."""
    if request.param != "aiohttp":
        monkeypatch.setattr(pool, "has_aiohttp", lambda: False)
    return {"proxies": proxy.url} if request.param == "proxy" else {}


VERBS = pytest.mark.parametrize("verb", ["send", "asend"])


async def run(verb: str, transport: Transport, url: str) -> Any:
    context = AttemptContext(provider="p", model="m", timeouts=Timeouts(connect=HANG, total=HANG))
    sent = HttpExchange(url=url, headers={}, content=b"{}", context=context)
    try:
        if verb == "send":
            return await asyncio.to_thread(transport.send, sent)
        return await transport.asend(sent)
    finally:
        transport.close()
        await transport.aclose()


@VERBS
async def test_certificates_that_the_user_trusts(
    tls_server: Any, certificate: tuple[str, str], options: dict[str, Any], verb: str
) -> None:
    with pytest.raises(CannotConnect) as caught:
        await run(verb, Transport(**options), tls_server.url)
    assert caught.value.code == BAD_CERTIFICATE
    context = ssl.create_default_context(cafile=certificate[0])
    for verify in (certificate[0], Path(certificate[0]), context, False):
        assert await run(verb, Transport(verify=verify, **options), tls_server.url) == {}  # type: ignore[arg-type]  # a path is accepted


@VERBS
async def test_a_client_certificate_is_shown_and_a_missing_one_is_named(
    mutual_tls_server: Any, certificate: tuple[str, str], options: dict[str, Any], verb: str
) -> None:
    url, trusted = mutual_tls_server.url, certificate[0]
    assert await run(verb, Transport(verify=trusted, cert=certificate, **options), url) == {}
    with pytest.raises(ConfigurationError, match="client certificate"):
        await run(verb, Transport(verify=trusted, **options), url)


@VERBS
@pytest.mark.parametrize("named", ["all", "scheme", "scheme with slashes", "host", "bare"])
async def test_a_proxy_that_the_user_names(
    server: Any, proxy: Any, named: str, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    by_name: dict[str, Any] = {
        "all": proxy.url,
        "bare": proxy.url.removeprefix("http://"),
        "scheme": {"http": proxy.url},
        "scheme with slashes": {"http://": proxy.url},
        "host": {"http://localhost": proxy.url, "all": None},
    }
    assert await run(verb, Transport(proxies=by_name[named]), server.url) == {}
    assert len(proxy.seen) == len(server.seen) + 1 == 1


@VERBS
async def test_proxies_for_other_servers_leave_a_direct_connection(
    server: Any, proxy: Any, verb: str
) -> None:
    assert await run(verb, Transport(proxies={"https": proxy.url}), server.url) == {}
    assert (len(proxy.seen), len(server.seen)) == (0, 1)


@pytest.mark.parametrize(
    "bad",
    [
        {"proxies": f"ftp://user:{PASSWORD}@proxy"},
        {"proxies": {"https": f"http://user:{PASSWORD}@proxy:99999"}},
        {"proxies": {"https": f"http://user:{PASSWORD}@"}},
        {"proxies": {"https": 7}},
        {"proxies": 7},
        {"verify": 7},
        {"cert": 7},
    ],
)
def test_an_option_that_cannot_be_used_is_refused_without_its_password(bad: Any) -> None:
    with pytest.raises(ConfigurationError, match="Transport: ") as caught:
        Transport(**bad)
    shown, trace = str(caught.value), caught.value.__traceback__
    while (trace := trace.tb_next if trace else None) is not None:
        shown += repr({**trace.tb_frame.f_locals, "self": None})
    assert PASSWORD not in shown


@VERBS
@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("https_proxy", f"ftp://user:{PASSWORD}@proxy", "HTTPS_PROXY"),
        ("https_proxy", f"http://user:{PASSWORD}@pro xy:1", "HTTPS_PROXY"),
        ("https_proxy", "socks5://127.0.0.1:9", "httpx.socks."),
        ("SSL_CERT_FILE", "/no/such/file", "SSL_CERT_FILE"),
    ],
)
async def test_what_the_environment_names_wrongly_is_named(
    variable: str,
    value: str,
    text: str,
    verb: str,
    carried: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    with pytest.raises(ConfigurationError, match=text) as caught:
        await run(verb, Transport(), "https://127.0.0.1:9")
    assert PASSWORD not in str(caught.value)


@VERBS
@pytest.mark.parametrize(
    "bad", [{"verify": "/no/such/file"}, {"cert": "/no/such/file"}, {"cert": ("/no", "/no", "x")}]
)
async def test_a_file_that_cannot_be_read_is_named(bad: Any, verb: str, carried: str) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(bad))):
        await run(verb, Transport(**bad), "https://127.0.0.1:9")


class SyncOnly(httpx.BaseTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={})


class AsyncOnly(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={})


@VERBS
async def test_a_transport_that_is_only_sync_or_only_async_serves_that(verb: str) -> None:
    right, wrong = (SyncOnly, AsyncOnly) if verb == "send" else (AsyncOnly, SyncOnly)
    assert await run(verb, Transport(right()), "https://api.example") == {}
    for inner in (wrong(), httpx.Client()):
        with pytest.raises(ConfigurationError, match="sync calls only"):
            await run(verb, Transport(inner), "https://api.example")


@VERBS
@pytest.mark.parametrize(
    "url",
    [
        "https://",
        "https:///v1",
        "https://a..b/v1",
        "https://api.example:0/v1",
        "https://api.example:99999/v1",
        f"https://{'a' * 64}.example",
        "https://api exa mple/v1",
        "https://[::1/v1",
        "ftp://api.example",
        "api.example/v1",
        "https://\ud800.example",
        "https://xn--/v1",
    ],
)
async def test_an_impossible_address_is_a_configuration_error(
    url: str, verb: str, carried: str
) -> None:
    with pytest.raises(ConfigurationError):
        await run(verb, Transport(), url)


def test_a_pickled_transport_has_the_same_options() -> None:
    transport = Transport(verify=False, cert="client.pem", trust_env=False, max_concurrent=7)
    transport.pool()
    there = pickle.loads(pickle.dumps(transport))
    assert there._options == transport._options
    assert there._max_concurrent == 7


@pytest.mark.parametrize(
    "options",
    [
        {"inner": httpx.MockTransport(len)},  # type: ignore[arg-type]  # never called
        {"proxies": f"http://u:{PASSWORD}@proxy:3128"},
        {"cert": ("client.pem", "client.key", PASSWORD)},
        {"verify": ssl.create_default_context()},
    ],
)
def test_a_transport_with_passwords_or_objects_of_this_process_is_not_pickled(
    options: dict[str, Any],
) -> None:
    with pytest.raises(TypeError, match="create the model where it is used"):
        pickle.dumps(Transport(**options))
