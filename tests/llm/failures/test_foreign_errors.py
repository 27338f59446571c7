"""Exceptions of other packages' chat models and their SDKs: kind, wait, and no key."""

from __future__ import annotations

from typing import Any

import aiohttp
import httpx
import httpx2
import openai
import pytest
from aiohttp.http_exceptions import TransferEncodingError
from anthropic import APIStatusError as AnthropicStatusError
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    EventStreamError,
    NoCredentialsError,
    ReadTimeoutError,
)
from google.genai.errors import ClientError as GenaiClientError
from langchain_aws.chat_models.bedrock_converse import BedrockContextOverflowError
from langchain_core import exceptions as lc
from langchain_google_genai.chat_models import GoogleRateLimitError

from scout_adapters.errors import ErrorKind as K
from scout_adapters.llm.failures.foreign_errors import error_from_foreign

KEY = "sk-canary-0123456789abcdef"
REQUEST = httpx2.Request("POST", "https://api.openai.com/v1/chat/completions")


def openai_error(status: int, error: dict[str, Any], **headers: str) -> openai.APIStatusError:
    response = httpx2.Response(status, json={"error": error}, headers=headers, request=REQUEST)
    return openai.APIStatusError("refused", response=response, body=error)


def aws_error(status: int, code: str, message: str = "x") -> ClientError:
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": {"x-amzn-requestid": "r-1"}}
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "Converse"
    )


def caused_by(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


def genai_error(status: int, word: str, **details: Any) -> GenaiClientError:
    body = {"error": {"code": status, "message": "Quota", "status": word, **details}}
    return GenaiClientError(status, body, httpx.Response(status, json=body))


def api_core_error() -> Exception:
    """Make an error in the form of google-api-core, which is not installed with the others."""
    names = {"__module__": "google.api_core.exceptions", "code": 429, "message": "Quota"}
    kind: Any = type("ResourceExhausted", (Exception,), names)
    error: Exception = kind("429 Quota")
    return error


RETRY_INFO = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26s"}]

CASES: dict[str, tuple[str, Exception, K, float | None]] = {
    "openai rate limit": (
        "openai",
        openai_error(
            429, {"message": "Slow", "code": "rate_limit_exceeded"}, **{"retry-after": "7"}
        ),
        K.RATE_LIMIT,
        7.0,
    ),
    "openai quota": (
        "openai",
        openai_error(429, {"message": "x", "code": "insufficient_quota"}),
        K.BILLING,
        None,
    ),
    "openai key": (
        "openai",
        openai_error(
            401, {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}
        ),
        K.AUTH_INVALID,
        None,
    ),
    "openai event of a stream": (
        "openai",
        openai.APIError("Overloaded", REQUEST, body={"message": "x", "code": "overloaded"}),
        K.CAPACITY,
        None,
    ),
    "anthropic event of a stream": (
        "anthropic",
        AnthropicStatusError(
            "x",
            response=httpx2.Response(200, request=REQUEST, stream=httpx2.ByteStream(b"")),
            body={"type": "error", "error": {"type": "overloaded_error", "message": "x"}},
        ),
        K.CAPACITY,
        None,
    ),
    "google behind langchain's class": (
        "google",
        caused_by(
            GoogleRateLimitError("x"), genai_error(429, "RESOURCE_EXHAUSTED", details=RETRY_INFO)
        ),
        K.RATE_LIMIT,
        26.0,
    ),
    "google key": ("google", genai_error(401, "UNAUTHENTICATED"), K.AUTH_INVALID, None),
    "aws throttling": ("bedrock", aws_error(429, "ThrottlingException"), K.RATE_LIMIT, None),
    "aws key": ("bedrock", aws_error(403, "UnrecognizedClientException"), K.AUTH_INVALID, None),
    "aws permission": ("bedrock", aws_error(403, "AccessDeniedException"), K.PERMISSION, None),
    "aws model not ready": ("bedrock", aws_error(429, "ModelNotReadyException"), K.CAPACITY, None),
    "aws overflow": (
        "bedrock",
        BedrockContextOverflowError(
            {"Error": {"Code": "ValidationException", "Message": "too many input tokens"}},
            "Converse",
        ),
        K.CONTEXT_OVERFLOW,
        None,
    ),
    "aws event of a stream": (
        "bedrock",
        EventStreamError(
            {"Error": {"Code": "throttlingException", "Message": "x"}}, "ConverseStream"
        ),
        K.RATE_LIMIT,
        None,
    ),
    "aws no credentials": ("bedrock", NoCredentialsError(), K.AUTH_INVALID, None),
    "aws address": ("bedrock", EndpointConnectionError(endpoint_url="https://x"), K.CONNECT, None),
    "aws connect": ("bedrock", ConnectTimeoutError(endpoint_url="https://x"), K.CONNECT, None),
    "aws read": ("bedrock", ReadTimeoutError(endpoint_url="https://x"), K.TIMEOUT_RESPONSE, None),
    "connection": (
        "openai",
        caused_by(openai.APIConnectionError(request=REQUEST), httpx2.ConnectError("refused")),
        K.CONNECT,
        None,
    ),
    "cut off": (
        "openai",
        caused_by(openai.APIConnectionError(request=REQUEST), httpx2.RemoteProtocolError("cut")),
        K.PROTOCOL,
        None,
    ),
    "cut off at aiohttp": (
        "google",
        caused_by(aiohttp.ClientPayloadError("x"), TransferEncodingError("Not enough data")),
        K.PROTOCOL,
        None,
    ),
    "google api core": ("vertex", api_core_error(), K.RATE_LIMIT, None),
    "timeout": ("openai", openai.APITimeoutError(request=REQUEST), K.TIMEOUT_RESPONSE, None),
    "langchain overflow": ("x", lc.ContextOverflowError("x"), K.CONTEXT_OVERFLOW, None),
    "langchain key": ("x", lc.ModelAuthenticationError("x"), K.AUTH_INVALID, None),
    "langchain permission": ("x", lc.ModelPermissionDeniedError("x"), K.PERMISSION, None),
    "langchain model": ("x", lc.ModelNotFoundError("x"), K.MODEL_NOT_FOUND, None),
    "langchain rate limit": ("x", lc.ModelRateLimitError("x"), K.RATE_LIMIT, None),
    "langchain request": ("x", lc.ModelInvalidRequestError("x"), K.INVALID_REQUEST, None),
    "langchain timeout": ("x", lc.ModelTimeoutError("x"), K.TIMEOUT_RESPONSE, None),
    "langchain server": ("x", lc.ModelAPIError("x"), K.SERVER_ERROR, None),
    "anything else": ("x", ValueError(f"no sense, with key {KEY}"), K.UNKNOWN, None),
}


@pytest.mark.parametrize("name", CASES)
def test_an_exception_has_the_kind_of_what_it_stands_for(name: str) -> None:
    provider, raised, kind, wait = CASES[name]
    error = error_from_foreign(provider, raised)
    assert (error.kind, error.retry_after) == (kind, wait)
    assert error.provider == provider
    assert KEY not in f"{error} {error!r} {error.response.text}"


def test_an_answer_that_a_client_cannot_read_came_and_is_billed() -> None:
    error: Any = ValueError("not JSON")
    error.response = httpx.Response(200, text="nonsense")
    classified = error_from_foreign("openai", error)
    assert (classified.kind, classified.phase) == (K.PROTOCOL, "headers")


def test_causes_that_lead_in_a_circle_end() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert error_from_foreign("x", first).kind is K.UNKNOWN
