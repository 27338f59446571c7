"""The keys of a call that come from sources: read before an attempt, and again after a refusal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scout_adapters.errors import ErrorKind, ProviderError, ScoutError, one_line, provider_error
from scout_adapters.llm.adapters.streamed_answer import StreamedAnswer
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.candidate_state import CandidateState, CandidateStates, RefusedSecret
from scout_adapters.llm.engine.key_reports import record_key_failure, record_refused_source
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.llm.engine.reported_call import ReportedCall
from scout_adapters.llm.engine.retry_policy import RetryUsage
from scout_adapters.llm.health.key_state import Lease
from scout_adapters.llm.health.source_fault import KeySourceFault
from scout_adapters.llm.timeouts import NEVER

if TYPE_CHECKING:
    from scout_adapters.llm.health.key_source import KeySource
    from scout_adapters.llm.health.source_values import Secret

MAX_RENEWALS = 3
"""How often a call reads the source of a key again after refusals, each of another secret."""


class SourcedCall(ReportedCall):
    """Reads the sources of keys for the attempts of a call.

    A secret that the provider refuses is read again before its key is put out of rotation: if it
    has changed, the attempt is repeated with the new one.
    """

    _usage: RetryUsage
    _candidate_states: CandidateStates
    _last_error: ScoutError | None
    _sent: int

    def _has_key(self, attempt: Attempt) -> bool:
        """Return whether the attempt has its key; read the source that the key comes from."""
        lease = attempt.lease
        if lease is None or (source := lease.state.source) is None:
            return True
        try:
            secret = source.fresh(self.clock.now())
            secret = secret or source.read(self.clock.now, self._usage.left())
        except KeySourceFault as fault:
            return self._pass_over_source(attempt, source, fault)
        return self._use_secret(attempt, source, secret)

    async def _ahas_key(self, attempt: Attempt) -> bool:
        """Twin of `_has_key`."""
        lease = attempt.lease
        if lease is None or (source := lease.state.source) is None:
            return True
        try:
            secret = source.fresh(self.clock.now())
            secret = secret or await source.aread(self.clock.now, self._usage.left())
        except KeySourceFault as fault:
            return self._pass_over_source(attempt, source, fault)
        return self._use_secret(attempt, source, secret)

    def _use_secret(self, attempt: Attempt, source: KeySource, secret: Secret) -> bool:
        """Let the attempt use a secret; return False if the provider has just refused it."""
        state, lease = self._candidate_states.of(attempt.candidate), attempt.lease
        assert lease is not None  # noqa: S101  # checked by the callers
        now, lease.secret = self.clock.now(), secret
        refusal = state.refusals.get(lease.key_id)
        if refusal is not None and refusal.secret.equals(secret):
            self._undo(state, attempt)
            record_key_failure(attempt.candidate, lease, refusal.error, now)
            self._last_error = refusal.error
            return False
        if source.is_refused(lease.state, secret, now):
            self._undo(state, attempt)
            record_refused_source(attempt.candidate, lease, now)
            reason = f"the key source {source.label} still returns the secret that was refused"
            self._last_error = _refused(attempt, lease, reason)
            self._add_record(state.skip(reason, self._sent, now))
            return False
        _install(attempt, secret, source)
        return True

    def _undo(self, state: CandidateState, attempt: Attempt) -> None:
        """Undo an attempt whose key the provider refuses; the call does not use it again."""
        attempt.report_circuit("neutral")
        self._held.attempt = None
        self._sent -= 1
        state.keys_tried -= 1
        self._usage.return_pause(attempt.waited)
        state.avoid[attempt.request.context.key_id or ""] = NEVER

    def _pass_over_source(self, attempt: Attempt, source: KeySource, fault: KeySourceFault) -> bool:
        """Record that a source returned no key, and start the key's cooldown; return False."""
        state, lease = self._candidate_states.of(attempt.candidate), attempt.lease
        assert lease is not None  # noqa: S101  # checked by the callers
        message = f"the key source {source.label} {fault}"
        error = _error(attempt, lease, ErrorKind.KEY_SOURCE, message)
        attempt.report_circuit("neutral")
        self._held.attempt = None
        state.keys_tried -= 1
        state.avoid[lease.key_id] = fault.ready_at
        attempt.candidate.endpoint.pool.rest(lease, fault.ready_at)
        self._last_error = error
        self._add_record(_record_of(attempt, error))
        return False

    def renews_key(self, attempt: Attempt, error: ProviderError) -> bool:
        """Return whether to read the key again after a refusal, before it is quarantined."""
        lease = attempt.lease
        if error.kind is not ErrorKind.AUTH_INVALID or lease is None or lease.secret is None:
            return False
        state, source = self._candidate_states.of(attempt.candidate), lease.state.source
        earlier = state.refusals.get(lease.key_id)
        number = earlier.number + 1 if earlier else 1
        if source is None or number > MAX_RENEWALS:
            return False
        if not source.renew(lease.secret, attempt.started):
            return False
        state.refusals[lease.key_id] = RefusedSecret(lease.secret, error, number)
        return True


def _install(attempt: Attempt, secret: Secret, source: KeySource) -> None:
    """Set the secret that the attempt's request will be sent with."""
    request = attempt.request
    attempt.request = replace(
        request,
        key=secret.text or None,
        credential=secret.credential,
        source=source,
        secret=secret,
        context=replace(request.context, redact=source.redact),
    )
    attempt.streamed_answer = StreamedAnswer(attempt.candidate.endpoint.adapter, attempt.request)


def _refused(attempt: Attempt, lease: Lease, message: str) -> ProviderError:
    """Return the error of a key whose secret is not sent, because it was refused before."""
    kind = ErrorKind.BILLING if lease.state.out_of_credit else ErrorKind.AUTH_INVALID
    return _error(attempt, lease, kind, message)


def _error(attempt: Attempt, lease: Lease, kind: ErrorKind, message: str) -> ProviderError:
    return provider_error(
        kind,
        message,
        phase="pre_send",
        provider=attempt.candidate.endpoint.name,
        model=attempt.candidate.model,
        key_id=lease.key_id,
    )


def _record_of(attempt: Attempt, error: ProviderError) -> AttemptRecord:
    return attempt.make_record(str(error.kind), billed="no", reason=one_line(error.message))
