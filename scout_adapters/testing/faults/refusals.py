"""Faults in which the provider refuses a request: `Emulator(keys={"groq": {"k1": Revoked()}})`.

Each is played with the status, headers and body of the provider in question. A new one is a row in
`error_bodies` and a class of three lines here. `broken_answers` contains answers that are late,
cut or malformed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from scout_adapters.testing.faults.retry_after_forms import QUOTA_WITHOUT_WAIT
from scout_adapters.testing.http_messages import parsed_object

if TYPE_CHECKING:
    from scout_adapters.testing.faults.context import FaultContext
    from scout_adapters.testing.faults.error_bodies import Condition
    from scout_adapters.testing.faults.retry_after_forms import Form
    from scout_adapters.testing.http_messages import HttpReply

_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of one request; subclasses implement `play`."""

    @property
    def name(self) -> str:
        """The fault's name in the emulator's log."""
        return type(self).__name__

    @property
    def lasts(self) -> float | None:
        """Seconds from the first refusal until the key is accepted again; None means never."""
        return None

    def play(self, context: FaultContext) -> HttpReply:
        """Return the faulty answer to a request."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Refusal(Fault):
    """A refusal with the provider's own status and body."""

    condition: ClassVar[Condition]

    def play(self, context: FaultContext) -> HttpReply:
        """Return the refusal."""
        return context.refuse(self.condition)


class Revoked(Refusal):
    """The key is wrong or has been revoked."""

    condition = "revoked"


class MissingKey(Refusal):
    """The request has no key in the place where this provider expects one."""

    condition = "no_key"


class NoSuchPath(Refusal):
    """The provider has no endpoint at the path of the request."""

    condition = "no_such_path"


class Suspended(Refusal):
    """The key or its account is suspended. Google's message contains the key."""

    condition = "suspended"


class OutOfCredit(Refusal):
    """The account has no credit."""

    condition = "out_of_credit"


class Forbidden(Refusal):
    """The key has no permission for the model."""

    condition = "forbidden"


class RegionBlocked(Refusal):
    """The provider does not serve the country of the request."""

    condition = "region_blocked"


class ModelMissing(Refusal):
    """The model does not exist."""

    condition = "model_missing"


class ContextOverflow(Refusal):
    """The conversation is longer than the model's window."""

    condition = "context_overflow"


class ContentBlocked(Refusal):
    """The provider's policy refuses the content: 400 or 403, at Google an answer without text."""

    condition = "content_refused"


class TooLarge(Refusal):
    """The request alone exceeds the limit per minute; waiting does not help."""

    condition = "too_large"


class Overloaded(Refusal):
    """The provider has no capacity: 503, 529, or a code inside a 200; 498 for Groq's flex tier."""

    condition = "overloaded"

    def play(self, context: FaultContext) -> HttpReply:
        """Return the refusal; a request for the flex tier has one of its own at some providers."""
        tier = (parsed_object(context.request.body) or {}).get("service_tier")
        return context.refuse("flex_overloaded" if tier == "flex" else self.condition)


class UpstreamLimited(Refusal):
    """A gateway is limited by its own provider; the key is not at fault."""

    condition = "upstream_limited"


@dataclass(frozen=True, slots=True)
class RateLimited(Fault):
    """Too many requests. As a key's fault it lasts `seconds` from the first refusal."""

    seconds: float = 2.0
    form: Form = "own"
    """How the wait is stated; by default as this provider states it, which may be not at all."""

    @property
    def lasts(self) -> float | None:
        """Seconds from the first refusal."""
        return self.seconds

    def play(self, context: FaultContext) -> HttpReply:
        """Return the refusal with its wait."""
        return context.refuse("rate_limited", wait=context.wait(self.seconds, self.form))


@dataclass(frozen=True, slots=True)
class DailyQuota(Fault):
    """The quota of a day is used up, or of the longest window that the provider has."""

    seconds: float = _DAY
    form: Form = "own"

    @property
    def lasts(self) -> float | None:
        """Seconds from the first refusal."""
        return self.seconds

    def play(self, context: FaultContext) -> HttpReply:
        """Return the refusal; some providers state no wait of their own."""
        if self.form == "own" and context.provider.error_table in QUOTA_WITHOUT_WAIT:
            return context.refuse("daily_quota")
        return context.refuse("daily_quota", wait=context.wait(self.seconds, self.form))


@dataclass(frozen=True, slots=True)
class BadRequest(Fault):
    """The request is refused with a message of your choice."""

    message: str = "The request is malformed."
    code: str | None = None
    param: str | None = None

    def play(self, context: FaultContext) -> HttpReply:
        """Return the refusal."""
        return context.refuse("bad_request", message=self.message, code=self.code, param=self.param)


@dataclass(frozen=True, slots=True)
class ServerError(Fault):
    """A server error with any status from 500 to 599."""

    status: int = 500

    def play(self, context: FaultContext) -> HttpReply:
        """Return the error."""
        return context.refuse("server_error", status=self.status)
