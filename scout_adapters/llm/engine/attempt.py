"""One request with one key: a context manager that records the outcome on exit."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.clock import Clock
from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ErrorKind, ProviderError, one_line, provider_error
from scout_adapters.llm.adapters.adapter import AttemptRequest, PreparedRequest
from scout_adapters.llm.adapters.streamed_answer import StreamedAnswer, stream_interrupted
from scout_adapters.llm.engine.attempt_usage import billed_usage, partial_usage, usage_estimate
from scout_adapters.llm.engine.candidate import Candidate, Load
from scout_adapters.llm.engine.cost_bound import CostBound, cost_bound, limits_answer
from scout_adapters.llm.engine.key_reports import record_key_failure, record_quota_left
from scout_adapters.llm.engine.record import NOT_SENT, AttemptRecord
from scout_adapters.llm.health.circuit_breaker import CircuitBreaker, Outcome, Permit
from scout_adapters.llm.health.key_state import Lease
from scout_adapters.llm.pricing.price_list import is_cost
from scout_adapters.llm.types import AnswerT, ModelAnswer


class AttemptOwner(Protocol):
    """The call that an attempt belongs to. It decides what happens after the attempt."""

    clock: Clock

    @property
    def out_of_time(self) -> bool:
        """Whether the call's own deadline has passed."""

    @property
    def patience(self) -> float:
        """Seconds that the call may still wait before an attempt."""

    def renews_key(self, attempt: Attempt, error: ProviderError) -> bool:
        """Return whether the refused key is read again from its source before it is quarantined."""

    def on_attempt_start(self, attempt: Attempt) -> None:
        """Handle the start of an attempt, before the first byte leaves."""

    def check_answer(self, answer: ModelAnswer) -> None:
        """Raise `ContentRefused` if another candidate is to answer instead."""

    def on_attempt_end(self, record: AttemptRecord) -> None:
        """Handle an attempt that no other follows: a success, or a cancelled one."""

    def on_attempt_failure(
        self, attempt: Attempt, record: AttemptRecord, error: ProviderError
    ) -> None:
        """Handle a failure: decide whether and how to try again."""

    def summary(self, attempt: Attempt, record: AttemptRecord) -> Json:
        """Return the call's summary for `response_metadata["scout"]`."""


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
    circuit: CircuitBreaker  # of the endpoint, or of the key's own address
    started: float = 0.0
    first_token: float | None = None
    record: AttemptRecord | None = None
    streamed_answer: StreamedAnswer = field(init=False, repr=False)
    load: Load = field(init=False, repr=False)
    finished_at: float | None = None
    """When the terminal event of a stream arrived (monotonic seconds): the end of the latency."""

    is_counted: bool = False
    """Whether the endpoint's load counts this attempt as in flight."""

    is_started: bool = False
    is_first: bool = False  # whether the call has not tried the candidate before
    revised: PreparedRequest | None = field(default=None, repr=False)
    """After a refusal: the request as the refusal requires it, to be sent with the same key."""

    renews_key: bool = False
    """After a refusal: whether the key is read again from its source and the request repeated."""

    def __post_init__(self) -> None:
        # No reference back to this attempt: a cycle would wait for the garbage collector.
        endpoint = self.candidate.endpoint
        self.streamed_answer = StreamedAnswer(endpoint.adapter, self.request)
        self.load = endpoint.load(self.candidate.model)

    @property
    def about(self) -> Json:
        """Return number, provider, model and key id: what is known before the request leaves."""
        return {
            "number": self.number,
            "provider": self.candidate.endpoint.spec.name,
            "model": self.request.prepared.model,
            "key_id": self.request.context.key_id,
        }

    def cost_bound(self, answer_tokens: int | None = None) -> CostBound:
        """Return the most that this attempt can cost; see `ProposedAttempt`."""
        return cost_bound(self.candidate, self.request.prepared, answer_tokens)

    @property
    def limits_answer(self) -> bool:
        """Whether the request limits its answer, as by `max_tokens`."""
        return limits_answer(self.candidate, self.request.prepared)

    @property
    def patience(self) -> float:
        """Seconds that the call may still wait before this attempt."""
        return self.call.patience

    @property
    def ok(self) -> bool:
        """Whether the attempt succeeded."""
        return self.record is not None and self.record.outcome == "ok"

    def begin(self) -> None:
        """Count the attempt as in flight; its request has not left."""
        self.started = self.call.clock.now()
        self.load.begin(self)
        if self.is_first:
            self.candidate.endpoint.retries.deposit()

    def give_up(self) -> None:
        """Release key, circuit and load of an attempt whose request is not sent."""
        self.load.end(self)
        self._record_neutral(NOT_SENT)

    def __enter__(self) -> Self:
        try:
            self.begin()
            self.call.on_attempt_start(self)
            self.is_started = True
        except BaseException:  # includes cancellation: release everything, then re-raise
            self.give_up()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Record the outcome. Suppress a `ProviderError`: the call decides what happens next."""
        self.load.end(self)
        if error is None:
            self._record_success()
            return False
        if isinstance(error, ProviderError):
            # Frames hold the provider's answer, which may contain a key; crash reports show frames.
            error.__traceback__ = None
            self._record_failure(error)
            return True
        cancelled = not isinstance(error, Exception)
        self._record_neutral("cancelled" if cancelled else type(error).__name__)
        return False

    def abandon(self) -> None:
        """Release key, circuit and load after an exception, and report the end of the attempt."""
        self.load.end(self)
        self.candidate.endpoint.pool.refresh()
        self._record_neutral("cancelled" if self.is_started else NOT_SENT)

    def complete(self, answer: AnswerT) -> AnswerT:
        """Return the answer, priced, with the call's summary; raises what `check_answer` raises."""
        self._record_answer(answer.usage_metadata, answer)
        self.call.check_answer(answer)
        return answer

    def read_event(self, event: Json | None) -> AIMessageChunk | None:
        """Return the chunk of a stream event; None if it has nothing for the caller yet."""
        if event is None:
            self.finished_at = self.call.clock.now()
        chunk = self.streamed_answer.read(event)
        if chunk is not None and self.first_token is None:
            self.request.context.progress.has_content = True
            self.first_token = self.call.clock.now() - self.started
            self._set_model_name(chunk)
            if self.lease is not None:
                self.lease.accept()
        return chunk

    @property
    def committed(self) -> bool:
        """Whether the caller has received content of this answer."""
        return self.streamed_answer.committed

    def check_timeouts(self) -> None:
        """Check the deadline and the first-token timeout between network chunks.

        Read timeouts alone do not catch a server that sends keep-alives or never ends.

        Raises:
            ProviderTimeout: one of them has passed.
        """
        if self.call.out_of_time:
            raise provider_error(ErrorKind.TIMEOUT_RESPONSE, "the call's deadline has passed")
        if self.streamed_answer.committed or self.request.context.progress.tool_runs:
            return
        limit = self.request.context.timeouts.first_token
        if limit is not None and self.call.clock.now() - self.started > limit:
            raise provider_error(
                ErrorKind.TIMEOUT_RESPONSE, f"no token within {limit:g} s", phase="first_token"
            )

    def complete_stream(self) -> AIMessageChunk:
        """Return the last chunk, priced, with the call's summary.

        Raises:
            ProviderError: the stream ended without its terminal event.
        """
        last = self.streamed_answer.end()
        self._record_answer(self.streamed_answer.usage, last)
        if not self.committed:
            self.call.check_answer(last)
        return last

    def _record_answer(self, usage: UsageMetadata | None, answer: ModelAnswer) -> None:
        stated_cost = answer.response_metadata.pop("provider_cost_usd", None)
        if not self.streamed_answer.shown:
            self._set_model_name(answer)
        counted, prepared = usage, self.request.prepared
        if not (usage and usage["output_tokens"]) and not is_cost(stated_cost):
            usage = usage_estimate(prepared, self.streamed_answer, answer, counted)
        self.record = self.make_record(
            "ok",
            billed="yes",
            latency_s=round((self.finished_at or self.call.clock.now()) - self.started, 6),
            estimated=usage is not counted or None,
            **billed_usage(
                self.candidate.endpoint.spec,
                prepared,
                self.streamed_answer,
                usage,
                answer.response_metadata,
                stated_cost,
            ),
        )
        answer.response_metadata["scout"] = self.call.summary(self, self.record)

    def _set_model_name(self, answer: ModelAnswer) -> None:
        """Set the model's name where the answer has none: some servers leave it out."""
        if not answer.response_metadata.get("model_name"):
            answer.response_metadata["model_name"] = self.candidate.model

    def make_record(self, outcome: str, **fields: Any) -> AttemptRecord:
        """Return the attempt's record with an outcome and further fields."""
        return AttemptRecord(
            number=self.number,
            provider=self.candidate.endpoint.name,
            model=self.request.prepared.model,
            key_id=self.request.context.key_id,
            outcome=outcome,
            waited_s=round(self.waited, 6),
            first_token_s=None if self.first_token is None else round(self.first_token, 6),
            wire=self.request.prepared.wire,
            **fields,
        )

    def _usage_so_far(self, stated: float | None = None) -> Json:
        spec = self.candidate.endpoint.spec
        return partial_usage(spec, self.request.prepared, self.streamed_answer, stated)

    def _record_success(self) -> None:
        endpoint, now = self.candidate.endpoint, self.call.clock.now()
        self.load.record(now - self.started)
        self.circuit.report(self.permit, "good", now)
        if self.lease is not None:
            headers = self.request.context.progress.headers
            record_quota_left(self.candidate, self.lease, headers, now)
            endpoint.pool.succeed(self.lease, self.candidate.model, now)
        if self.record is not None:
            self.call.on_attempt_end(self.record)

    def _record_failure(self, error: ProviderError) -> None:
        endpoint, now = self.candidate.endpoint, self.call.clock.now()
        error.provider, error.model = endpoint.name, self.candidate.model
        error.key_id = self.request.context.key_id
        provider_fault = error.policy.trips_circuit and not self.call.out_of_time
        self.circuit.report(self.permit, "fault" if provider_fault else "neutral", now)
        if provider_fault:
            self.load.record_failure()
        if error.kind is ErrorKind.REGION_BLOCKED:
            self.circuit.set_aside(now)
        if not self.committed:
            self.revised = endpoint.adapter.revise(self.request.prepared, error)
        if self.revised is None:
            self.renews_key = self.call.renews_key(self, error)
        if self.lease is not None and (self.revised is not None or self.renews_key):
            endpoint.pool.release(self.lease)  # the request or an old secret was refused
        elif self.lease is not None:
            record_key_failure(self.candidate, self.lease, error, now)
        self.record = self._failure_record(error)
        failure = (
            stream_interrupted(error, self.streamed_answer.partial()) if self.committed else error
        )
        self.call.on_attempt_failure(self, self.record, failure)

    def _failure_record(self, error: ProviderError) -> AttemptRecord:
        whole = self.record  # of an answer that arrived, and was refused
        usage = whole.bill() if whole else self._usage_so_far(error.cost_usd)
        return self.make_record(
            str(ErrorKind.STREAM_INTERRUPTED if self.committed else error.kind),
            status=error.status,
            code=error.code,
            reason=one_line(error.message),
            latency_s=round(self.call.clock.now() - self.started, 6),
            retry_after=error.retry_after,
            request_id=error.request_id,
            billed="yes" if whole or self.committed or error.cost_usd else error.policy.billed,
            **usage,
        )

    def not_sent_record(self) -> AttemptRecord:
        """Return the record of an attempt that a budget or callback stopped before the start."""
        return self.make_record(NOT_SENT, billed="no")

    def report_circuit(self, outcome: Outcome) -> None:
        """Report an outcome to the circuit."""
        self.circuit.report(self.permit, outcome, self.call.clock.now())

    def release(self) -> None:
        """Release key and circuit without an outcome."""
        self.report_circuit("neutral")
        if self.lease is not None:
            self.candidate.endpoint.pool.release(self.lease, used=bool(self.started))

    def _record_neutral(self, outcome: str) -> None:
        now = self.call.clock.now()
        self.release()
        if self.record is None:
            self.record = self.make_record(
                outcome,
                billed="no" if outcome == NOT_SENT else "unknown",
                latency_s=round(now - (self.started or now), 6),
                **self._usage_so_far(),
            )
        self.call.on_attempt_end(self.record)
