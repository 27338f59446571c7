"""What can go wrong, who must act, and what the engine does about it.

* ScoutError
  x ProviderError                           LangChain's class            who must act
    + KeyRejected                           ModelAuthenticationError     the owner of the key
    + AccessDenied                          ModelPermissionDeniedError   the owner of the key
    + OutOfCredit                           ModelRateLimitError          the owner of the account
    + RateLimited                           ModelRateLimitError          nobody: wait
    + InvalidRequest                        ModelInvalidRequestError     the caller
    + ContextOverflow                       ContextOverflowError         the caller
    + ContentRefused                        ModelInvalidRequestError     the caller
    + ModelNotFound                         ModelNotFoundError           the caller
    + ProviderUnavailable                   ModelAPIError                the provider
    + MalformedResponse                     ModelAPIError                the provider
    + CannotConnect                         ModelConnectionError         the provider
    + StreamInterrupted                     ModelConnectionError         the provider
    + ProviderTimeout                       ModelTimeoutError            the provider
  x NoKeyError                              ModelAuthenticationError     the caller: set a variable
  x NoWorkingKey                            ModelRateLimitError          nobody: wait
  x CircuitOpenError                        ModelAPIError                nobody: wait
  x UnsupportedContent                      ModelInvalidRequestError     the caller
  x DeadlineExceeded                        ModelTimeoutError            the caller
  x BudgetExceeded
  x ConfigurationError (ValueError)
    + UnknownProvider
    + InvalidKey
    + InvalidModelName
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Self, TypeVar

from langchain_core import exceptions as lc

Phase = Literal["pre_send", "sent", "headers", "first_token", "mid_stream", "end"]


class ErrorKind(StrEnum):
    """What happened, finer than an exception class; the word that audit rows and attempts show."""

    INVALID_REQUEST = "invalid_request"
    REQUEST_TOO_LARGE = "request_too_large"
    CONTEXT_OVERFLOW = "context_overflow"
    CONTENT_INPUT = "content_input"
    CONTENT_OUTPUT = "content_output"
    MODEL_NOT_FOUND = "model_not_found"
    PERMISSION = "permission"
    AUTH_INVALID = "auth_invalid"
    AUTH_SUSPENDED = "auth_suspended"
    REGION_BLOCKED = "region_blocked"
    RATE_LIMIT = "rate_limit"
    QUOTA_WINDOW = "quota_window"
    BILLING = "billing"
    CAPACITY = "capacity"
    SERVER_ERROR = "server_error"
    CONNECT = "connect"
    TIMEOUT_RESPONSE = "timeout_response"
    PROTOCOL = "protocol"
    STREAM_INTERRUPTED = "stream_interrupted"
    TOOL_CALL_INVALID = "tool_call_invalid"
    STATE_MISMATCH = "state_mismatch"
    UNKNOWN = "unknown"


Actor = Literal["key", "account", "provider", "caller", "nobody"]
KeyEffect = Literal["none", "cooldown", "quarantine", "mask"]


@dataclass(frozen=True, slots=True)
class Conduct:
    """What the engine does about a kind of failure: the table of `errors.md`, row by row."""

    actor: Actor
    advice: str
    """What that actor should do, for the end of the message."""

    same_key: bool = False
    """The same key again, after a pause, may help."""
    next_key: bool = False
    next_candidate: bool = False
    trips_circuit: bool = False
    key_effect: KeyEffect = "none"
    billed: Literal["no", "yes", "unknown"] = "no"


K = ErrorKind
CONDUCT: Mapping[ErrorKind, Conduct] = {
    K.INVALID_REQUEST: Conduct("caller", "change the request"),
    K.REQUEST_TOO_LARGE: Conduct("caller", "send less in one request", next_candidate=True),
    K.CONTEXT_OVERFLOW: Conduct(
        "caller",
        "shorten the conversation or add a model with a larger window",
        next_candidate=True,
    ),
    K.CONTENT_INPUT: Conduct("caller", "the provider's policy refuses this input"),
    K.CONTENT_OUTPUT: Conduct("caller", "the provider's policy withheld the answer", billed="yes"),
    K.MODEL_NOT_FOUND: Conduct(
        "caller",
        "check the model's name and whether the account may use it",
        next_key=True,
        next_candidate=True,
        key_effect="mask",
    ),
    K.PERMISSION: Conduct(
        "key",
        "use a key that may use this model",
        next_key=True,
        next_candidate=True,
        key_effect="mask",
    ),
    K.AUTH_INVALID: Conduct(
        "key", "replace the key", next_key=True, next_candidate=True, key_effect="quarantine"
    ),
    K.AUTH_SUSPENDED: Conduct(
        "key",
        "the provider has suspended this key: replace it or write to them",
        next_key=True,
        next_candidate=True,
        key_effect="quarantine",
    ),
    K.REGION_BLOCKED: Conduct(
        "caller", "the provider does not serve this location", next_candidate=True
    ),
    K.RATE_LIMIT: Conduct(
        "nobody",
        "wait, or add a key of another account",
        next_key=True,
        next_candidate=True,
        key_effect="cooldown",
    ),
    K.QUOTA_WINDOW: Conduct(
        "nobody",
        "wait until the quota resets, or add a key of another account",
        next_key=True,
        next_candidate=True,
        key_effect="cooldown",
    ),
    K.BILLING: Conduct(
        "account",
        "add credit to the account or raise its limit",
        next_key=True,
        next_candidate=True,
        key_effect="quarantine",
    ),
    K.CAPACITY: Conduct(
        "provider", "try again later", same_key=True, next_candidate=True, trips_circuit=True
    ),
    K.SERVER_ERROR: Conduct(
        "provider", "try again later", same_key=True, next_candidate=True, trips_circuit=True
    ),
    K.CONNECT: Conduct(
        "provider",
        "check the network and the base_url",
        same_key=True,
        next_candidate=True,
        trips_circuit=True,
    ),
    K.TIMEOUT_RESPONSE: Conduct(
        "provider",
        "allow more time or use a faster model",
        next_candidate=True,
        trips_circuit=True,
        billed="unknown",
    ),
    K.PROTOCOL: Conduct(
        "provider",
        "the answer is not what its documentation promises",
        same_key=True,
        next_candidate=True,
        trips_circuit=True,
        billed="unknown",
    ),
    K.STREAM_INTERRUPTED: Conduct(
        "provider", "the partial answer is in .partial", trips_circuit=True, billed="yes"
    ),
    K.TOOL_CALL_INVALID: Conduct(
        "nobody", "the model wrote a broken tool call; ask again", same_key=True, billed="unknown"
    ),
    K.STATE_MISMATCH: Conduct(
        "caller", "the conversation holds state that belongs to another account"
    ),
    K.UNKNOWN: Conduct(
        "provider", "see the message", next_candidate=True, trips_circuit=True, billed="unknown"
    ),
}


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """The read HTTP answer behind an error, in the shape that LangChain's tracing reads.

    Holds an allow-list of headers and a redacted text; never the request.
    """

    status_code: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    def json(self) -> Any:
        """Return the body as JSON, or None where it is something else."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class ScoutError(Exception):
    """Base class of every error that this library raises."""

    attempts: tuple[Any, ...] = ()
    """Every attempt of the call, in order; the same records as `response_metadata["scout"]`."""

    retry_after: float | None = None
    """Seconds after which trying again is worth it, where anybody knows."""

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[Any, ...]]:
        return _rebuild, (type(self), self.args, self.__dict__)


E = TypeVar("E", bound=ScoutError)


def _rebuild(cls: type[E], args: tuple[Any, ...], state: dict[str, Any]) -> E:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ProviderError(ScoutError, lc.ModelError):
    """A provider refused, failed, or answered nonsense."""

    is_retryable: bool = False
    request_id: str | None = None
    response: ErrorResponse = ErrorResponse(None)

    def __init__(
        self,
        message: str,
        *,
        kind: ErrorKind = ErrorKind.UNKNOWN,
        provider: str = "",
        model: str = "",
        key_id: str | None = None,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
        phase: Phase = "headers",
        response: ErrorResponse | None = None,
    ) -> None:
        """Describe the failure; `message` is the provider's own words, without any key."""
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.provider = provider
        self.model = model
        self.key_id = key_id
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.request_id = request_id
        self.phase: Phase = phase
        self.response = response or ErrorResponse(status, text=message)

    @property
    def conduct(self) -> Conduct:
        """What to do about it."""
        return CONDUCT[self.kind]

    def __str__(self) -> str:
        where = "/".join(part for part in (self.provider, self.model) if part) or "the provider"
        key = f" with key {self.key_id}" if self.key_id else ""
        status = f" {self.status}" if self.status else ""
        code = f" {self.code}" if self.code else ""
        wait = f" in {self.retry_after:g} s" if self.retry_after is not None else ""
        return (
            f"{where}{key}: {self.kind}{status}{code}: {one_line(self.message)}"
            f" ({self.conduct.advice}{wait})"
        )


class KeyRejected(ProviderError, lc.ModelAuthenticationError):
    """The key is wrong, revoked or suspended."""


class AccessDenied(ProviderError, lc.ModelPermissionDeniedError):
    """The key may not use this model, or not from here."""


class OutOfCredit(ProviderError, lc.ModelRateLimitError):
    """The account behind the key has no credit left; waiting does not help."""

    is_retryable = False


class RateLimited(ProviderError, lc.ModelRateLimitError):
    """The account has asked too often; it works again after `retry_after` seconds."""

    is_retryable = True


class InvalidRequest(ProviderError, lc.ModelInvalidRequestError):
    """The request itself is wrong; no other key would make it right."""


class ContextOverflow(ProviderError, lc.ContextOverflowError):
    """The conversation does not fit into the model's window."""


class ContentRefused(ProviderError, lc.ModelInvalidRequestError):
    """A content policy refused the input, or withheld the whole answer."""


class ModelNotFound(ProviderError, lc.ModelNotFoundError):
    """There is no such model, or not for this account."""


class ProviderUnavailable(ProviderError, lc.ModelAPIError):
    """The provider is overloaded or broken."""

    is_retryable = True


class MalformedResponse(ProviderError, lc.ModelAPIError):
    """The provider answered, but not in the form that its documentation promises."""

    is_retryable = True


class CannotConnect(ProviderError, lc.ModelConnectionError):
    """The request never reached the provider."""

    is_retryable = True


class ProviderTimeout(ProviderError, lc.ModelTimeoutError):
    """The provider took the request and did not answer in time; it may bill it."""

    is_retryable = True


class StreamInterrupted(ProviderError, lc.ModelConnectionError):
    """A stream broke after content had reached the caller, who holds the part that came."""

    is_retryable = False
    partial: Any = None
    """The merged `AIMessageChunk` of what had come."""


ERROR_CLASSES: Mapping[ErrorKind, type[ProviderError]] = {
    K.INVALID_REQUEST: InvalidRequest,
    K.REQUEST_TOO_LARGE: InvalidRequest,
    K.CONTEXT_OVERFLOW: ContextOverflow,
    K.CONTENT_INPUT: ContentRefused,
    K.CONTENT_OUTPUT: ContentRefused,
    K.MODEL_NOT_FOUND: ModelNotFound,
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
    K.TOOL_CALL_INVALID: InvalidRequest,
    K.STATE_MISMATCH: InvalidRequest,
    K.UNKNOWN: ProviderUnavailable,
}


def provider_error(kind: ErrorKind, message: str, **known: Any) -> ProviderError:
    """Make the error of the class that belongs to `kind`."""
    return ERROR_CLASSES[kind](message, kind=kind, **known)


def malformed(message: str, **known: Any) -> ProviderError:
    """Say that an answer lacks what its documentation promises."""
    return provider_error(ErrorKind.PROTOCOL, message, **known)


class RefusedInBand(ScoutError):
    """Raised by a wire that finds an error object where an answer should be.

    Never reaches a caller: the engine has the payload classified, by provider.
    """

    def __init__(self, payload: Any) -> None:
        super().__init__("an error inside an answer")
        self.payload = payload


class NoKeyError(ScoutError, lc.ModelAuthenticationError):
    """No key is configured for a provider."""


class NoWorkingKey(ScoutError, lc.ModelRateLimitError):
    """Every key is resting, out of credit or refused."""

    is_retryable = False


class CircuitOpenError(ScoutError, lc.ModelAPIError):
    """The provider has failed too often; `retry_after` says when it is asked again."""

    is_retryable = False


class UnsupportedContent(ScoutError, lc.ModelInvalidRequestError, ValueError):
    """A message holds something that this provider's API cannot carry."""

    def __init__(self, where: str, what: str, why: str) -> None:
        """`where` names the message, `what` the block in it, `why` the reason."""
        super().__init__(f"{where}: cannot send {what}: {why}")


class DeadlineExceeded(ScoutError, lc.ModelTimeoutError):
    """The call's own deadline has passed."""

    is_retryable = False


class BudgetExceeded(ScoutError):
    """The next attempt would spend more than the budget allows."""


class ConfigurationError(ScoutError, ValueError):
    """The set-up is wrong; nothing was sent."""


class UnknownProvider(ConfigurationError, LookupError):
    """No provider of that name is registered."""


class InvalidKey(ConfigurationError):
    """A key that no HTTP header can carry; the message never shows it."""


class InvalidModelName(ConfigurationError, lc.ModelInvalidRequestError):
    """A model's name that must not become part of a URL."""


def one_line(text: str, limit: int = 300) -> str:
    """Fold white space and cut: messages are for one line of a log."""
    folded = " ".join(text.split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"
