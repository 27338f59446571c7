"""Chat models of official packages over the emulator's transport, without sockets."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import botocore.session
import httpx
import httpx2
import langchain_anthropic.chat_models
import pytest
import urllib3.exceptions
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from langchain_anthropic import ChatAnthropic
from langchain_aws import ChatBedrockConverse
from langchain_core.language_models import BaseChatModel
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI

from scout_adapters.testing.clients.httpx2_transport import Httpx2Transport
from scout_adapters.testing.emulated_providers import emulated_provider
from scout_adapters.testing.emulator.transport import EmulatorTransport

BOTO_READ_TIMEOUT = 60.0
"""Seconds: botocore's own."""


def openai_model(
    provider: str, model: str, key: str, transport: EmulatorTransport, **options: Any
) -> ChatOpenAI:
    """Return a `ChatOpenAI` at a provider that copies OpenAI."""
    emulated, stand_in = emulated_provider(provider), Httpx2Transport(transport)
    return ChatOpenAI(
        model=model,
        api_key=key,
        base_url=f"https://{emulated.host}{emulated.base}",
        http_client=httpx2.Client(transport=stand_in),
        http_async_client=httpx2.AsyncClient(transport=stand_in),
        stream_usage=True,
        use_responses_api=False,
        **options,
    )


def partner_model(
    provider: str, model: str, key: str, transport: EmulatorTransport, **options: Any
) -> BaseChatModel:
    """Return the chat model of a provider's own package.

    `ChatAnthropic` has no option for its HTTP client: `anthropic_over` replaces it.
    """
    if provider == "openai":
        return openai_model(provider, model, key, transport, **options)
    if provider == "anthropic":
        return ChatAnthropic(model=model, api_key=key, **options)
    if provider == "google":
        http = {"transport": Httpx2Transport(transport), "verify": _no_certificates()}
        return ChatGoogleGenerativeAI(model=model, api_key=key, client_args=http, **options)
    client = bedrock_client(key, transport)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own construction
        return ChatBedrockConverse(
            model=model,
            client=client,
            bedrock_client=client,
            aws_access_key_id=key,
            aws_secret_access_key=key,
            **options,
        )


@contextmanager
def anthropic_over(transport: EmulatorTransport) -> Iterator[None]:
    """Replace two functions of langchain-anthropic, which make its HTTP clients."""
    stand_in = Httpx2Transport(transport)
    client, async_client = httpx2.Client(transport=stand_in), httpx2.AsyncClient(transport=stand_in)
    module = langchain_anthropic.chat_models
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_get_default_httpx_client", lambda **_: client)
        patch.setattr(module, "_get_default_async_httpx_client", lambda **_: async_client)
        yield


@cache
def _no_certificates() -> ssl.SSLContext:
    """Return a context without certificates: it takes 25 ms to read those of the machine."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@cache
def _session() -> Any:
    return botocore.session.Session()


def bedrock_client(key: str, transport: EmulatorTransport) -> Any:
    """Return a client of botocore whose requests, with a bearer key, the emulator answers."""

    def send(request: Any, **_: Any) -> AWSResponse:
        return _answer(request, key, transport)

    client = _session().create_client(
        "bedrock-runtime", region_name="us-east-1", config=Config(signature_version=UNSIGNED)
    )
    client.meta.events.register_last("before-send.bedrock-runtime", send)
    return client


def _answer(request: Any, key: str, transport: EmulatorTransport) -> AWSResponse:
    """Answer a request of botocore as its HTTP session does.

    The key is added here: botocore logs the headers of each request.
    """
    read = request.context.get("read_timeout") or BOTO_READ_TIMEOUT
    headers = {
        name: value.decode() if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }
    headers["Authorization"] = f"Bearer {key}"
    sent = httpx.Request(
        request.method,
        request.url,
        headers=headers,
        content=request.body,
        extensions={"timeout": {"read": read}},
    )
    try:
        response = transport.handle_request(sent)
        raw = _RawBody(response)
        answer = AWSResponse(request.url, response.status_code, dict(response.headers), raw)
        if not request.stream_output:
            _ = answer.content
    except (httpx.ReadTimeout, urllib3.exceptions.ReadTimeoutError) as error:
        raise ReadTimeoutError(endpoint_url=request.url, error=error) from None
    except (httpx.HTTPError, urllib3.exceptions.ProtocolError) as error:
        raise ConnectionClosedError(
            error=error, request=request, endpoint_url=request.url
        ) from None
    return answer


class _RawBody:
    """The body of a response, with the methods and exceptions of urllib3 that botocore uses."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        try:
            yield from self._response.stream  # type: ignore[misc]  # a sync one
        except httpx.ReadTimeout as error:
            pool: Any = None
            raise urllib3.exceptions.ReadTimeoutError(pool, "", str(error)) from None
        except httpx.HTTPError as error:
            raise urllib3.exceptions.ProtocolError(str(error)) from None

    def read(self, *_: Any) -> bytes:
        return b"".join(self.stream())

    def close(self) -> None:
        self._response.close()
