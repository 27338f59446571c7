"""What can go wrong, as values: `Emulator(keys={"groq": {"k1": Revoked()}})`.

Each fault is played in the dialect of the provider that it befalls. These are the refusals: a new
one is a row in `dialects` and a class of three lines here. `manners` holds the answers that are
late, cut, or no answers at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from scout_adapters.testing.faults.context import FaultContext
    from scout_adapters.testing.faults.error_bodies import Condition
    from scout_adapters.testing.faults.retry_after_forms import Form
    from scout_adapters.testing.http_messages import HttpReply

_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with one request."""

    @property
    def name(self) -> str:
        """The fault's name in the log."""
        return type(self).__name__

    @property
    def lasts(self) -> float | None:
        """Seconds from the first refusal after which a key is good again; None is for ever."""
        return None

    def play(self, scene: FaultContext) -> HttpReply:
        """Answer the request the wrong way."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Refusal(Fault):
    """The provider says no, in its own words."""

    condition: ClassVar[Condition]

    def play(self, scene: FaultContext) -> HttpReply:
        """Refuse."""
        return scene.refuse(self.condition)


class Revoked(Refusal):
    """The key is wrong or has been revoked."""

    condition = "revoked"


class MissingKey(Refusal):
    """The request carries no key where this provider looks for one."""

    condition = "no_key"


class NoSuchPath(Refusal):
    """The provider has nothing at the path of the request."""

    condition = "no_such_path"


class Suspended(Refusal):
    """The key or its account is suspended. Google's words show the key."""

    condition = "suspended"


class OutOfCredit(Refusal):
    """The account has no credit left."""

    condition = "out_of_credit"


class Forbidden(Refusal):
    """The key may not use the model."""

    condition = "forbidden"


class RegionBlocked(Refusal):
    """The provider does not serve the place that the request comes from."""

    condition = "region_blocked"


class ModelMissing(Refusal):
    """There is no such model."""

    condition = "model_missing"


class ContextOverflow(Refusal):
    """The conversation is longer than the model's window."""

    condition = "context_overflow"


class TooLarge(Refusal):
    """The request alone is larger than what a minute allows; waiting does not help."""

    condition = "too_large"


class Overloaded(Refusal):
    """The provider has no capacity left: 503, 529, 498, or a code inside a 200."""

    condition = "overloaded"


class UpstreamLimited(Refusal):
    """A gateway's own supplier limits the gateway; the key is not to blame."""

    condition = "upstream_limited"


@dataclass(frozen=True, slots=True)
class RateLimited(Fault):
    """Too many requests. As a key's fault it lasts `seconds` from the first refusal."""

    seconds: float = 2.0
    form: Form = "own"
    """How the wait is said; by default as this provider says it, which may be not at all."""

    @property
    def lasts(self) -> float | None:
        """Seconds from the first refusal."""
        return self.seconds

    def play(self, scene: FaultContext) -> HttpReply:
        """Refuse, and say how long."""
        return scene.refuse("rate_limited", wait=scene.wait(self.seconds, self.form))


@dataclass(frozen=True, slots=True)
class DailyQuota(Fault):
    """The day's quota is used up, or whatever long window the provider has."""

    seconds: float = _DAY
    form: Form = "own"

    @property
    def lasts(self) -> float | None:
        """Seconds from the first refusal."""
        return self.seconds

    def play(self, scene: FaultContext) -> HttpReply:
        """Refuse; Anthropic gives no time, whatever the form."""
        wait = scene.wait(self.seconds, self.form)
        quiet = scene.house.dialect == "anthropic" and self.form == "own"
        return scene.refuse("daily_quota", wait=None if quiet else wait)


@dataclass(frozen=True, slots=True)
class BadRequest(Fault):
    """The request is wrong, for a reason of your choice."""

    message: str = "The request is malformed."
    code: str | None = None
    param: str | None = None

    def play(self, scene: FaultContext) -> HttpReply:
        """Refuse."""
        return scene.refuse("bad_request", message=self.message, code=self.code, param=self.param)


@dataclass(frozen=True, slots=True)
class ServerError(Fault):
    """The provider is broken; any status from 500 to 599."""

    status: int = 500

    def play(self, scene: FaultContext) -> HttpReply:
        """Fail."""
        return scene.refuse("server_error", status=self.status)
