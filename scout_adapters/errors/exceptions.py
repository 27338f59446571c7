"""All exceptions of the library: their LangChain base classes, and who must act.

* ScoutError
  x ProviderError                           LangChain's class            who must act
    + KeyRejected                           ModelAuthenticationError     the owner of the key
    + KeySourceError                        ModelAuthenticationError     the owner of the key
    + AccessDenied                          ModelPermissionDeniedError   the owner of the key
    + OutOfCredit                           ModelRateLimitError          the owner of the account
    + RateLimited                           ModelRateLimitError          nobody: wait
    + InvalidRequest                        ModelInvalidRequestError     the caller
    + NotSupported                          ModelInvalidRequestError     the caller
    + ContextOverflow                       ContextOverflowError         the caller
    + ContentRefused                        ModelInvalidRequestError     the caller
    + ModelNotFound                         ModelNotFoundError           the caller
    + ProviderUnavailable                   ModelAPIError                the provider
    + MalformedResponse                     ModelAPIError                the provider
    + CannotConnect                         ModelConnectionError         the provider
    + StreamInterrupted                     ModelConnectionError         the provider
    + AnswerLost                            ModelAPIError                the caller
    + ProviderTimeout                       ModelTimeoutError            the provider
  x NoKeyError                              ModelAuthenticationError     the caller: set a variable
  x NoWorkingKey                            ModelRateLimitError          nobody: wait
  x CircuitOpenError                        ModelAPIError                nobody: wait
  x UnsupportedContent                      ModelInvalidRequestError     the caller
  x DeadlineExceeded                        ModelTimeoutError            the caller
  x LimitReached                            ModelRateLimitError          who has set limits=
  x BudgetExceeded                          ModelRateLimitError          the owner of the budget
  x BudgetError                                                          the owner of the disk
  x ConfigurationError (ValueError)
    + UnknownProvider
    + InvalidKey
    + InvalidModelName
  x AuditError (OSError)                                                 the owner of the disk

With status 400, KeyRejected, AccessDenied, OutOfCredit and ModelNotFound are a
ModelInvalidRequestError, too: LangChain's packages raise every 400 as that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from langchain_core import exceptions as lc

from scout_adapters._internal.redaction import mask_secrets
from scout_adapters.errors.error_response import ErrorResponse, one_line
from scout_adapters.errors.policy import POLICIES, ErrorKind, ErrorPolicy

if TYPE_CHECKING:
    from uuid import UUID

    from langchain_core.messages import AIMessageChunk

Phase = Literal["pre_send", "sent", "headers", "first_token", "mid_stream"]


class ScoutError(Exception):
    """Base class of all errors that this library raises."""

    attempts: tuple[Any, ...] = ()
    """All attempts of the call, in order; the same records as in `response_metadata["scout"]`."""

    run_id: str | None = None
    """The call's LangChain run, as in the audit log; None if unknown. Tracebacks show it, too."""

    is_retryable: bool = False
    """Whether a retry may succeed; LangChain's retry middleware reads it."""

    retry_after: float | None = None
    """Seconds after which a retry may succeed; None if unknown."""

    others: tuple[str, ...] = ()
    """Keys that their owners must repair, refused ones first; then why the other candidates of the
    call gave no answer. One line each."""

    response: ErrorResponse
    """The HTTP response, for LangChain's tracers; set when a call has failed."""

    def __str__(self) -> str:
        return super().__str__() + "".join(f"\n  {other}" for other in self.others)

    def set_run(self, run_id: UUID) -> None:
        """Set the run of the call that the error ends, unless an inner call has set its own."""
        if self.run_id is None:
            self.run_id = str(run_id)
            self.add_note(f"run_id: {run_id}")

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[Any, ...]]:
        return _rebuild, (type(self), self.args, self.__dict__)


E = TypeVar("E", bound=ScoutError)


def _rebuild(cls: type[E], args: tuple[Any, ...], state: dict[str, Any]) -> E:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ProviderError(ScoutError, lc.ModelError):
    """A provider refused the request, failed, or sent an answer that cannot be parsed."""

    is_retryable: bool = False

    request_id: str | None = None
    response: ErrorResponse = ErrorResponse(None)
    cost_usd: float | None = None
    """What the provider states that it bills for this failure, in US dollars."""

    def __init__(  # noqa: PLR0913  # independent facts about one error
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
        """Set the facts of the failure; `message` is the provider's text, without any key."""
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.provider = provider
        self.model = model
        self.key_id = key_id
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.is_retryable = _RETRYABLE.get(kind, type(self).is_retryable)
        self.request_id = request_id
        self.phase: Phase = phase
        self.response = response or ErrorResponse(status, text=message)

    @property
    def policy(self) -> ErrorPolicy:
        """What the engine does about the error, and who must act: `error.policy.actor`."""
        return POLICIES[self.kind]

    def __str__(self) -> str:
        names = one_line("/".join(part for part in (self.provider, self.model) if part))
        where = names or "the provider"
        key = f" with key {self.key_id}" if self.key_id else ""
        status = f" {self.status}" if self.status else ""
        code = f" {one_line(self.code, 100)}" if self.code else ""
        wait = f"; ready in {self.retry_after:.1f} s" if self.retry_after is not None else ""
        return (
            f"{where}{key}: {self.kind}{status}{code}: {one_line(self.message)}"
            f" ({self.policy.advice}{wait})" + "".join(f"\n  {other}" for other in self.others)
        )


class KeyRejected(ProviderError, lc.ModelAuthenticationError):
    """The key is wrong, revoked or suspended."""


class KeySourceError(ProviderError, lc.ModelAuthenticationError):
    """The file, variable or function that a key comes from gave none; nothing was sent."""


class AccessDenied(ProviderError, lc.ModelPermissionDeniedError):
    """The key may not use this model, or not from here."""


class OutOfCredit(ProviderError, lc.ModelRateLimitError):
    """The account behind the key has no credit left; waiting does not help."""

    is_retryable = False


class RateLimited(ProviderError, lc.ModelRateLimitError):
    """The account has sent too many requests; it works again after `retry_after` seconds."""

    is_retryable = True


class InvalidRequest(ProviderError, lc.ModelInvalidRequestError):
    """The request itself is wrong; another key does not help."""


class NotSupported(ProviderError, lc.ModelInvalidRequestError):
    """Model or provider cannot do what the request needs; another one may."""


class ContextOverflow(ProviderError, lc.ContextOverflowError):
    """The conversation does not fit into the model's window."""


class ContentRefused(ProviderError, lc.ModelInvalidRequestError):
    """A content policy refused the input, or withheld the whole answer."""


class ModelNotFound(ProviderError, lc.ModelNotFoundError):
    """The model does not exist, or this account has no access to it."""


class ProviderUnavailable(ProviderError, lc.ModelAPIError):
    """The provider is overloaded or broken."""

    is_retryable = True


class MalformedResponse(ProviderError, lc.ModelAPIError):
    """The provider's answer does not have the documented form."""

    is_retryable = True


class CannotConnect(ProviderError, lc.ModelConnectionError):
    """The request never reached the provider."""

    is_retryable = True


class ProviderTimeout(ProviderError, lc.ModelTimeoutError):
    """The provider received the request and did not answer in time; it may bill it."""

    is_retryable = True


class StreamInterrupted(ProviderError, lc.ModelConnectionError):
    """A stream broke off after content had reached the caller."""

    partial: AIMessageChunk | None = None
    """The part of the answer that arrived, merged into one chunk."""


class AnswerLost(ProviderError, lc.ModelAPIError):
    """An answer that the provider makes in the background cannot be fetched; it may be billed."""

    answer_id: str = ""
    """The provider's id of the answer, by which it may still be found there."""


_RETRYABLE = {
    ErrorKind.QUOTA_WINDOW: False,
    ErrorKind.UNKNOWN: False,
    ErrorKind.TOOL_CALL_INVALID: True,
}
"""Kinds whose `is_retryable` differs from their class's: an exhausted quota, an unknown error, a
broken tool call."""


class ProviderRefusal(ScoutError):
    """A provider refused a request: an HTTP status of 400 and more, or an error inside a 200.

    Internal: the transport and the wires raise it as it came, and the adapter turns it into the
    `ProviderError` of its kind. The payload may contain a key, so this error must not be kept.
    """

    def __init__(
        self, payload: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """`payload`: raw bytes, or the decoded error object that stands inside an answer.

        `headers`: those of the response by lower-case name; None if the caller has no response.
        """
        super().__init__(f"refused with status {status}")
        self.payload = payload
        self.status = status
        self.headers = headers
        self.cost_usd: float | None = None
        """What the provider bills for the failed answer, in US dollars; None if it states none."""


class NoKeyError(ScoutError, lc.ModelAuthenticationError):
    """No key is configured for a provider."""


class NoWorkingKey(ScoutError, lc.ModelRateLimitError):
    """Every key is in cooldown, out of credit or refused."""

    is_retryable = False


class CircuitOpenError(ScoutError, lc.ModelAPIError):
    """The provider has failed too often; it is tried again after `retry_after` seconds."""

    is_retryable = False


class UnsupportedContent(ScoutError, lc.ModelInvalidRequestError, ValueError):
    """A message contains something that this provider's API does not accept."""

    def __init__(self, where: str, what: str, why: str) -> None:
        """Set the message: `where` is the message, `what` the block in it, `why` the reason."""
        super().__init__(f"{where}: cannot send {what}: {why}")

    @classmethod
    def empty_conversation(cls) -> UnsupportedContent:
        """Return the error of a conversation in which no message has content."""
        return cls("the conversation", "messages without content", "there is nothing to answer")


class DeadlineExceeded(ScoutError, lc.ModelTimeoutError):
    """The call's own deadline has passed."""

    is_retryable = False


class LimitReached(ScoutError, lc.ModelRateLimitError):
    """A limit of `limits=` is reached for longer than the call may wait; nothing was sent."""

    is_retryable = False


class ConfigurationError(ScoutError, ValueError):
    """The configuration is wrong; nothing was sent."""

    def __init__(self, message: str = "") -> None:
        """`message` may repeat a value: a key that is in the place of another is removed."""
        super().__init__(mask_secrets(message))


class UnknownProvider(ConfigurationError, LookupError):
    """No provider of that name is registered."""


class InvalidKey(ConfigurationError):
    """A key contains characters that an HTTP header must not contain; the message hides it."""


class InvalidModelName(ConfigurationError, lc.ModelInvalidRequestError):
    """A model's name contains characters that must not become part of a URL."""


class AuditError(ScoutError, OSError):
    """A row of the audit log could not be written; see `errno`, `strerror` and `filename`.

    If it is raised before a request leaves, the request is not sent.
    """

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[Any, ...]]:
        args = (self.errno, self.strerror, self.filename)
        return _rebuild, (type(self), args, self.__dict__)
