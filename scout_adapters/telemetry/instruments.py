"""The metrics of calls and attempts."""

from __future__ import annotations

from opentelemetry.metrics import Histogram, Meter

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.telemetry import semantic_conventions as names

CHAT = "chat"
EMBEDDINGS = "embeddings"


class CallInstruments:
    """Histograms and counters; labels are providers, models, outcomes: never a run, user or key."""

    def __init__(self, meter: Meter) -> None:
        self._duration = _histogram(
            meter, names.DURATION_METRIC, "s", "Duration of a model call with all its attempts"
        )
        self._tokens = _histogram(
            meter, names.TOKENS_METRIC, "{token}", "Input and output tokens of an attempt"
        )
        self._first_chunk = _histogram(
            meter, names.FIRST_CHUNK_METRIC, "s", "From the request to a stream's first content"
        )
        self._cost = meter.create_counter(
            names.COST_METRIC, "{USD}", "US dollars, those of failed attempts included"
        )
        self._token_kinds = meter.create_counter(
            names.TOKEN_KINDS_METRIC, "{token}", "Cache reads, cache writes and reasoning"
        )
        self._attempts = meter.create_counter(
            names.ATTEMPTS_METRIC, "{attempt}", "Requests sent, by outcome"
        )
        self._switches = meter.create_counter(
            names.SWITCHES_METRIC, "{switch}", "Attempts that followed a failed one, by kind"
        )

    def record_attempt(self, record: AttemptRecord, operation: str = CHAT) -> None:
        """Record the outcome, tokens and cost of one attempt that was sent."""
        labels = {
            names.PROVIDER: names.provider_name(record.provider),
            names.REQUEST_MODEL: record.model,
        }
        self._attempts.add(1, {**labels, names.OUTCOME: record.outcome})
        if record.cost_usd:
            self._cost.add(record.cost_usd, labels)
        labels[names.OPERATION] = operation
        if record.first_token_s is not None:
            self._first_chunk.record(record.first_token_s, labels)
        self._record_tokens(record, labels)

    def _record_tokens(self, record: AttemptRecord, labels: Json) -> None:
        counts = {"input": record.input_tokens, "output": record.output_tokens}
        for kind, count in counts.items():
            if count:
                self._tokens.record(count, {**labels, names.TOKEN_TYPE: kind})
        kinds = {
            "cache_read": record.cache_read_tokens,
            "cache_write": record.cache_write_tokens,
            "reasoning": record.reasoning_tokens,
        }
        for kind, count in kinds.items():
            if count:
                self._token_kinds.add(count, {**labels, names.KIND_OF_TOKENS: kind})

    def record_switch(self, kind: str, record: AttemptRecord) -> None:
        """Record that another attempt follows a failed one."""
        labels = {
            names.PROVIDER: names.provider_name(record.provider),
            names.KIND_OF_SWITCH: kind,
            names.OUTCOME: record.outcome,
        }
        self._switches.add(1, labels)

    def record_call(self, seconds: float, labels: Json) -> None:
        """Record the duration of a call."""
        self._duration.record(seconds, labels)


def _histogram(meter: Meter, name: str, unit: str, description: str) -> Histogram:
    buckets = names.DURATION_BUCKETS if unit == "s" else names.TOKEN_BUCKETS
    return meter.create_histogram(
        name, unit, description, explicit_bucket_boundaries_advisory=buckets
    )
