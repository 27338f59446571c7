"""The error class of each kind of failure, and functions that create such errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters.errors.bad_requests import class_for_status
from scout_adapters.errors.exceptions import (
    AccessDenied,
    AnswerLost,
    CannotConnect,
    ContentRefused,
    ContextOverflow,
    InvalidRequest,
    KeyRejected,
    KeySourceError,
    MalformedResponse,
    ModelNotFound,
    NotSupported,
    OutOfCredit,
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
    StreamInterrupted,
)
from scout_adapters.errors.policy import ErrorKind

K = ErrorKind
ERROR_CLASSES: Mapping[ErrorKind, type[ProviderError]] = {
    K.INVALID_REQUEST: InvalidRequest,
    K.REQUEST_TOO_LARGE: InvalidRequest,
    K.CONTEXT_OVERFLOW: ContextOverflow,
    K.CONTENT_INPUT: ContentRefused,
    K.CONTENT_OUTPUT: ContentRefused,
    K.MODEL_NOT_FOUND: ModelNotFound,
    K.MODEL_RETIRED: ModelNotFound,
    K.PERMISSION: AccessDenied,
    K.AUTH_INVALID: KeyRejected,
    K.AUTH_SUSPENDED: KeyRejected,
    K.REGION_BLOCKED: AccessDenied,
    K.RATE_LIMIT: RateLimited,
    K.QUOTA_WINDOW: RateLimited,
    K.BILLING: OutOfCredit,
    K.CAPACITY: ProviderUnavailable,
    K.SERVER_ERROR: ProviderUnavailable,
    K.CONNECT: CannotConnect,
    K.TIMEOUT_RESPONSE: ProviderTimeout,
    K.PROTOCOL: MalformedResponse,
    K.STREAM_INTERRUPTED: StreamInterrupted,
    K.ANSWER_LOST: AnswerLost,
    K.TOOL_CALL_INVALID: InvalidRequest,
    K.STATE_MISMATCH: InvalidRequest,
    K.UNSUPPORTED: NotSupported,
    K.QUEUE_FULL: ProviderTimeout,
    K.KEY_SOURCE: KeySourceError,
    K.UNKNOWN: ProviderUnavailable,
}


def provider_error(kind: ErrorKind, message: str, **fields: Any) -> ProviderError:
    """Return an error of the class that belongs to `kind`; of a 400 also LangChain's for a 400."""
    error_class = class_for_status(ERROR_CLASSES[kind], fields.get("status"))
    return error_class(message, kind=kind, **fields)


def malformed(message: str, **fields: Any) -> ProviderError:
    """Return the error for an answer that does not have the documented form."""
    return provider_error(ErrorKind.PROTOCOL, message, **fields)
