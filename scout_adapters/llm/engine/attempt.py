"""One try with one key: a context manager that books the outcome and writes it down."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.clock import Clock
from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ErrorKind, ProviderError, RefusedInBand, one_line, provider_error
from scout_adapters.llm.adapters.adapter import AttemptRequest
from scout_adapters.llm.adapters.streamed_answer import StreamedAnswer, stream_interrupted
from scout_adapters.llm.engine.candidate import Candidate, Endpoint, Load
from scout_adapters.llm.engine.cost_bound import CostBound, cost_bound
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.llm.failures import error_from_response
from scout_adapters.llm.health.circuit_breaker import Outcome, Permit
from scout_adapters.llm.health.key_pool import MASS_REFUSAL_SECONDS
from scout_adapters.llm.health.key_state import Lease
from scout_adapters.llm.health.rate_limit_headers import quota_left
from scout_adapters.llm.pricing.bill import bill
from scout_adapters.llm.pricing.token_estimates import (
    answer_bytes,
    estimated_usage,
    tokens_in_bytes,
)

NOT_SENT = "not_sent"


class AttemptOwner(Protocol):
    """The call that an attempt belongs to: it decides what comes next."""

    clock: Clock

    @property
    def out_of_time(self) -> bool:
        """Whether the call's own deadline has passed."""

    def on_attempt_start(self, attempt: Attempt) -> None:
        """Hear that a request is about to leave."""

    def on_attempt_end(self, record: AttemptRecord) -> None:
        """Hear of an attempt after which nothing comes: a success, or one that was cancelled."""

    def on_attempt_failure(
        self, attempt: Attempt, record: AttemptRecord, error: ProviderError
    ) -> None:
        """Hear of a failure, and decide what comes next."""

    def summary(self, attempt: Attempt, record: AttemptRecord) -> Json:
        """Return what `response_metadata["scout"]` says of the call."""


@dataclass(slots=True, eq=False)
class Attempt:
    """One request to one candidate with one key."""

    call: AttemptOwner
    candidate: Candidate
    permit: Permit
    lease: Lease | None = field(repr=False)
    number: int
    waited: float
    request: AttemptRequest = field(repr=False)
    started: float = 0.0
    first_token: float | None = None
    record: AttemptRecord | None = None
    incoming: StreamedAnswer = field(init=False, repr=False)
    over_at: float | None = None
    """When the server said `[DONE]`: whatever it sends or waits after that is of no account."""

    def __post_init__(self) -> None:
        # Not this attempt itself: of a circle, only the garbage collector would make an end.
        self.incoming = StreamedAnswer(self.candidate.endpoint.adapter, self.request.prepared)

    @property
    def about(self) -> Json:
        """Say who is asked with which key, before it is known what comes of it."""
        return {
            "number": self.number,
            "provider": self.candidate.endpoint.spec.name,
            "model": self.candidate.model,
            "key_id": self.request.key_id,
        }

    def cost_bound(self, answer_tokens: int | None = None) -> CostBound:
        """Return the most that it can cost, as a budget asks before it is made."""
        return cost_bound(self.candidate, self.request.prepared, answer_tokens)

    @property
    def ok(self) -> bool:
        """Whether the provider answered."""
        return self.record is not None and self.record.outcome == "ok"

    @property
    def _load(self) -> Load:
        return self.candidate.endpoint.load(self.candidate.model)

    def __enter__(self) -> Self:
        self.started = self.call.clock.now()
        self._load.begin()
        try:
            self.call.on_attempt_start(self)
        except BaseException:  # a cancellation as well: whatever it is goes on, with nothing held
            self._load.end()
            self._book_nothing(NOT_SENT)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Book the outcome. A provider's failure is swallowed: the call decides what is next."""
        self._load.end()
        if error is None:
            self._book_success()
            return False
        if isinstance(error, RefusedInBand):
            error = self._named(error)
        if isinstance(error, ProviderError):
            # Its frames hold what the provider said, a key perhaps, as crash reports would show.
            error.__traceback__ = None
            self._book_failure(error)
            return True
        self._book_nothing(
            "cancelled" if not isinstance(error, Exception) else type(error).__name__
        )
        return False

    def answered(self, message: AIMessage) -> AIMessage:
        """Price the answer and write on it how it came about."""
        self._close_record(message.usage_metadata, message)
        return message

    def read(self, event: Json | None) -> AIMessageChunk | None:
        """Read one event; the first chunk with content commits this attempt to the caller."""
        if event is None:
            self.over_at = self.call.clock.now()
        chunk = self.incoming.read(event)
        if chunk is not None and self.first_token is None:
            self.request.watch.shown = True
            self.first_token = self.call.clock.now() - self.started
            self._name(chunk)
        return chunk

    @property
    def committed(self) -> bool:
        """Whether the caller has been shown content of this answer."""
        return self.incoming.committed

    def check_time(self) -> None:
        """Fail if the server keeps the line open and says nothing, or has no end."""
        if self.call.out_of_time:
            raise provider_error(ErrorKind.TIMEOUT_RESPONSE, "the call's deadline has passed")
        limit = self.request.timeouts.first_token
        if self.committed or limit is None:
            return
        if self.call.clock.now() - self.started > limit:
            raise provider_error(
                ErrorKind.TIMEOUT_RESPONSE, f"no token within {limit:g} s", phase="first_token"
            )

    def end(self) -> AIMessageChunk:
        """Make the last chunk; without its terminal event a stream has failed."""
        last = self.incoming.end()
        self._close_record(self.incoming.usage, last)
        return last

    def _close_record(self, usage: UsageMetadata | None, message: AIMessage) -> None:
        stated = message.response_metadata.pop("provider_cost_usd", None)
        if not self.incoming.shown:
            self._name(message)
        guessed = usage is None and stated is None
        if guessed:
            said = answer_bytes(self.incoming.shown or [message])
            usage = estimated_usage(self.request.prepared.tokens, tokens_in_bytes(said))
        self.record = self._record(
            "ok",
            billed="yes",
            latency_s=round((self.over_at or self.call.clock.now()) - self.started, 6),
            estimated=guessed or None,
            **self._bill(usage, message.response_metadata, stated),
        )
        message.response_metadata["scout"] = self.call.summary(self, self.record)

    def _name(self, message: AIMessage) -> None:
        """Name the model where the answer does not: some servers leave it out."""
        if not message.response_metadata.get("model_name"):
            message.response_metadata["model_name"] = self.candidate.model

    def _seen(self) -> Json:
        """Say what an answer that broke off had come to, as far as it is known, and its cost."""
        known = self.incoming.usage
        if known is None and not self.committed:
            return {}
        said = tokens_in_bytes(answer_bytes(self.incoming.shown))
        usage = estimated_usage(self.request.prepared.tokens, said, known)
        return {"estimated": True, **self._bill(usage, {})}

    def _bill(self, usage: UsageMetadata | None, told: Json, stated: float | None = None) -> Json:
        spec = self.candidate.endpoint.spec
        model = self.candidate.model
        return bill(spec.name, model, usage, told, stated=stated, prices=spec.prices)

    def _record(self, outcome: str, **known: Any) -> AttemptRecord:
        return AttemptRecord(
            number=self.number,
            provider=self.candidate.endpoint.name,
            model=self.candidate.model,
            key_id=self.lease.key_id if self.lease else None,
            outcome=outcome,
            waited_s=round(self.waited, 6),
            first_token_s=None if self.first_token is None else round(self.first_token, 6),
            **known,
        )

    def _book_success(self) -> None:
        endpoint, now = self.candidate.endpoint, self.call.clock.now()
        self._load.note(now - self.started)
        endpoint.circuit.report(self.permit, "good", now)
        if self.lease is not None:
            self._note_limits(self.lease, now)
            endpoint.pool.succeed(self.lease, self.candidate.model)
        if self.record is not None:
            self.call.on_attempt_end(self.record)

    def _note_limits(self, lease: Lease, now: float) -> None:
        """Let the answer's headers say what is left of the key."""
        spec, headers = self.candidate.endpoint.spec, self.request.watch.headers
        if spec.limits and headers:
            left = quota_left(spec.limits, headers, now)
            account = headers.get(spec.account, "") if spec.account else ""
            self.candidate.endpoint.pool.note(lease, self.candidate.model, left, account)

    def _book_failure(self, error: ProviderError) -> None:
        endpoint, now = self.candidate.endpoint, self.call.clock.now()
        error.provider, error.model = endpoint.name, self.candidate.model
        error.key_id = self.lease.key_id if self.lease else None
        policy = error.policy
        faulty = policy.trips_circuit and not self.call.out_of_time
        fault: Outcome = "fault" if faulty else "neutral"
        endpoint.circuit.report(self.permit, fault, now)
        if faulty:
            self._load.fail()
        if error.kind is ErrorKind.REGION_BLOCKED:
            endpoint.circuit.set_aside(now)
        if self.lease is not None:
            endpoint.pool.fail(
                self.lease,
                policy.key_effect,
                now=now,
                model=self.candidate.model,
                retry_after=error.retry_after,
                window=error.kind is ErrorKind.QUOTA_WINDOW,
            )
            if policy.key_effect == "refuse":
                self._suspect(endpoint, now)
        self.record = self._failed_record(error)
        failure = stream_interrupted(error, self.incoming.partial()) if self.committed else error
        self.call.on_attempt_failure(self, self.record, failure)

    @staticmethod
    def _suspect(endpoint: Endpoint, now: float) -> None:
        """Blame the provider where it refuses every key and nobody's has just worked."""
        proven = now - endpoint.circuit.last_good < MASS_REFUSAL_SECONDS
        if not proven and endpoint.pool.lift_mass_refusal(now):
            endpoint.circuit.trip(now)

    def _failed_record(self, error: ProviderError) -> AttemptRecord:
        return self._record(
            str(ErrorKind.STREAM_INTERRUPTED if self.committed else error.kind),
            status=error.status,
            code=error.code,
            reason=one_line(error.message),
            latency_s=round(self.call.clock.now() - self.started, 6),
            retry_after=error.retry_after,
            request_id=error.request_id,
            billed="yes" if self.committed else error.policy.billed,
            **self._seen(),
        )

    def unmade(self) -> AttemptRecord:
        """Return what came of it where it was not made."""
        return self._record(NOT_SENT, billed="no")

    def give_back(self) -> None:
        """Give back key and circuit with nothing learnt."""
        endpoint = self.candidate.endpoint
        endpoint.circuit.report(self.permit, "neutral", self.call.clock.now())
        if self.lease is not None:
            endpoint.pool.release(self.lease)

    def _book_nothing(self, outcome: str) -> None:
        now = self.call.clock.now()
        self.give_back()
        self.record = self._record(
            outcome,
            billed="no" if outcome == NOT_SENT else "unknown",
            latency_s=round(now - self.started, 6),
            **self._seen(),
        )
        self.call.on_attempt_end(self.record)

    def _named(self, error: RefusedInBand) -> ProviderError:
        return error_from_response(
            self.candidate.endpoint.name,
            status=200,
            headers=error.headers or self.request.watch.headers,
            body=error.payload,
            model=self.candidate.model,
            key_id=self.request.key_id,
            phase="mid_stream" if self.committed else "first_token",
            redact=self.request.redact,
        )


class ReleaseUnlessMade:
    """Gives back what an attempt holds that is not made: a callback raised, or a cancellation."""

    def __init__(self, step: object) -> None:
        self._step = step

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and isinstance(self._step, Attempt):
            self._step.give_back()
