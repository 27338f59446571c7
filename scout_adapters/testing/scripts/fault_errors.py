"""The error that a fault of the script causes, for a model without HTTP."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from scout_adapters.errors import ErrorKind, ProviderError, provider_error
from scout_adapters.llm.failures import error_from_response
from scout_adapters.testing.emulated_providers import emulated_provider
from scout_adapters.testing.emulator.routes import locate
from scout_adapters.testing.faults.broken_answers import CutMidStream
from scout_adapters.testing.faults.context import FaultContext
from scout_adapters.testing.http_messages import HttpReply, Request
from scout_adapters.testing.ids import Ids

if TYPE_CHECKING:
    from scout_adapters.testing.faults.refusals import Fault
    from scout_adapters.testing.model.chat_request import ReceivedRequest


def error_of(fault: Fault, provider: str, request: ReceivedRequest) -> ProviderError:
    """Return the error of a fault, as our chat models raise it for this provider.

    Raises:
        ValueError: for a fault that needs HTTP, such as a body that is not JSON.
    """
    if isinstance(fault, CutMidStream):
        kind = ErrorKind.STREAM_INTERRUPTED if request.stream else ErrorKind.PROTOCOL
        return _error(kind, "the connection closed within the answer", provider, request)
    reply = fault.play(_context(provider, request))
    if reply.dropped:
        kind = ErrorKind.TIMEOUT_RESPONSE if reply.first else ErrorKind.CONNECT
        return _error(kind, "the connection closed without an answer", provider, request)
    if reply.status < HTTPStatus.BAD_REQUEST:
        raise ValueError(f"ScoutFakeChatModel has no HTTP: use an Emulator to play {fault}")
    return error_from_response(
        provider,
        status=reply.status,
        headers=reply.headers,
        body=reply.body.decode(errors="replace"),
        model=request.model,
    )


def _error(kind: ErrorKind, message: str, provider: str, request: ReceivedRequest) -> ProviderError:
    return provider_error(kind, message, provider=provider, model=request.model)


def _context(provider: str, request: ReceivedRequest) -> FaultContext:
    emulated = emulated_provider(provider)
    sent = Request("POST", f"{emulated.base}/chat/completions", host=emulated.host)
    return FaultContext(
        provider=emulated,
        protocol=locate(sent).protocol,
        request=sent,
        model=request.model,
        stream=request.stream,
        ids=Ids(provider),
        wall=time.time(),
        arrived_at=time.time(),
        make=lambda _: HttpReply(),
    )
