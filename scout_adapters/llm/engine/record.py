"""Records of attempts, as users see them: on messages, on errors and in the audit log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.json_values import Json
from scout_adapters.errors import (
    POLICIES,
    AccessDenied,
    BudgetExceeded,
    ContextOverflow,
    ErrorKind,
    ErrorPolicy,
    ErrorResponse,
    KeyRejected,
    ModelNotFound,
    OutOfCredit,
    ProviderError,
    ScoutError,
    UnsupportedContent,
    one_line,
)
from scout_adapters.errors.option_values import text_value
from scout_adapters.llm.pricing.price_list import sum_usd

ATTEMPTS_HEADER = "X-LangSmith-Gateway-Metadata"
"""Header of an error's response from which LangChain's tracers read the attempts."""

NEVER_RETRYABLE = (
    *(AccessDenied, BudgetExceeded, ContextOverflow, KeyRejected, ModelNotFound, OutOfCredit),
)
"""Errors that LangChain's retry middleware must not repeat, however long it waits."""

OWNERS = re.compile(r" (refused|out of credit) \(")
"""Matches the reason of a skip that lists refused keys, or keys out of credit."""

MAX_REPAIRS = 8
"""Number of keys to repair that an error's text names; `attempts` of the error has all."""

NOT_SENT = "not_sent"
"""Outcome of an attempt whose request did not leave."""

UNSENT = frozenset({"skipped", NOT_SENT})
"""Outcomes of attempts whose request was not sent."""

LANGCHAIN_TAGS = (
    "seq:step:",
    "map:key:",
    "branch:",
    "condition:",
    "graph:step:",
    "langsmith:",
    "retry:",
)
"""Prefixes of tags that LangChain and LangGraph add themselves."""


class AttemptRecord(NamedTuple):
    """Outcome of one attempt. Units: seconds, US dollars, tokens; None is unknown.

    A new field becomes a column of the audit log; its type for exports stands in `audit/export.py`.
    """

    number: int
    """Counts the requests of a call, from 1. A skip has the number of the last request, or 0."""

    provider: str
    """Name of the provider, as in `"provider/model"`."""

    model: str
    """Name of the model that the request names."""

    outcome: str
    """`ok`; an `ErrorKind`; `skipped` (see `reason`); `not_sent` (a budget or callback stopped
    it); `cancelled`; or the class name of an exception from the caller's code."""

    key_id: str | None = None
    """Fingerprint of the key; None without a key."""

    status: int | None = None
    """HTTP status of a refusal."""

    code: str | None = None
    """The provider's own code of a refusal."""

    reason: str | None = None
    """Why it failed or was skipped, in one line; without keys."""

    waited_s: float = 0.0
    """Seconds waited for a retry, key or limit, since the previous request or the call's start."""

    latency_s: float | None = None
    """Seconds from the request to the end of the answer, or to the failure; without `waited_s`."""

    first_token_s: float | None = None
    """Seconds from the request to the first content of a stream."""

    retry_after: float | None = None
    """Seconds after which the provider accepts requests again, as the refusal states."""

    ready_in_s: float | None = None
    """Of a skipped candidate: seconds until it can be tried; None if waiting is no use."""

    request_id: str | None = None
    """The provider's id of a refused request, for its support."""

    cost_usd: float | None = None
    """Cost; for an attempt that failed, the cost of the tokens counted until then."""

    cost_source: str | None = None
    """Where the cost comes from: `provider` (stated in the answer), `user` (`PRICING`) or
    `genai-prices` (published)."""

    priced_by: str | None = None
    """Price list, unless the provider stated the cost itself."""

    billed: str | None = None
    """`yes`, `no`, or `unknown`: a request without an answer may still be billed."""

    price: Mapping[str, float] | None = None
    """Prices used: US dollars per million tokens of each kind, and fees per unit."""

    input_tokens: int | None = None
    """Tokens of the request, those read from a cache or written to it included."""

    output_tokens: int | None = None
    """Tokens of the answer, reasoning included."""

    cache_read_tokens: int | None = None
    """Tokens of the request that were read from the provider's prompt cache."""

    cache_write_tokens: int | None = None
    """Tokens of the request that were written to the provider's prompt cache."""

    reasoning_tokens: int | None = None
    """Reasoning tokens, included in `output_tokens`; cache tokens are included in the input."""

    estimated: bool | None = None
    """True if tokens and cost are estimates because the provider sent no final counts."""

    wire: str | None = None
    """The API that the request went over, where the provider has several."""

    def line(self) -> str:
        """Return the outcome as one line; it names the key by its fingerprint."""
        key = f" with key {self.key_id}" if self.key_id else ""
        parts = (self.outcome, self.status, self.code, self.reason and f"({self.reason})")
        what = " ".join(str(part) for part in parts if part is not None)
        return one_line(f"{self.provider}/{self.model}{key}: {what}")

    def bill(self) -> Json:
        """Return tokens and cost, as fields of another record of the same attempt."""
        return {name: getattr(self, name) for name in BILL_FIELDS}

    def as_dict(self) -> Json:
        """Return the fields that are not None."""
        fields = zip(self._fields, self, strict=True)
        return {name: value for name, value in fields if value is not None}


BILL_FIELDS = (
    *("cost_usd", "cost_source", "priced_by", "price", "input_tokens", "output_tokens"),
    *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "estimated"),
)
"""Fields about tokens and cost."""


class Run(NamedTuple):
    """The LangChain run that an attempt belongs to."""

    id: UUID
    parent: UUID | None = None
    tags: tuple[str, ...] = ()
    """The user's tags, without those that LangChain and LangGraph add themselves."""

    user: str | None = None
    """`user_id` or `user` of the run's metadata."""

    thread: str | None = None
    """`thread_id` of the run's metadata, where LangGraph copies its configuration's."""


RUN_FIELDS = frozenset({"user_id", "user", "thread_id"})
"""Names in a run's metadata that a `Run` has."""


def run_of(
    run_id: UUID,
    parent: UUID | None,
    tags: Sequence[str] | None,
    metadata: Mapping[str, Any] | None,
) -> Run:
    """Return a `Run` from the arguments that LangChain passes to handlers.

    Raises: `ConfigurationError` for a user, thread or tag that cannot be written as text.
    """
    user = thread = None
    if metadata and not RUN_FIELDS.isdisjoint(metadata):
        user = _text_of(metadata, "user_id") or _text_of(metadata, "user")
        thread = _text_of(metadata, "thread_id")
    own = (
        tuple(dict.fromkeys(t for t in map(_tag_text, tags) if not t.startswith(LANGCHAIN_TAGS)))
        if tags
        else ()
    )
    return Run(run_id, parent, own, user, thread)


def _text_of(metadata: Mapping[str, Any], name: str) -> str | None:
    value = metadata.get(name)
    if value is None or type(value) is str:
        return value
    return text_value(value, f"{name} in the metadata of a call")


def _tag_text(tag: Any) -> str:
    return tag if type(tag) is str else text_value(tag, "a tag of a call")


runs_with_attempts: BoundedDict[int, None] = BoundedDict()
"""Runs, by `run_id.int`, whose handlers received an attempt: LangChain's end-of-run callbacks add
nothing for them."""


def total_cost(records: Iterable[AttemptRecord]) -> float | None:
    """Return the US dollars of attempts, added exactly; None if none has a known cost."""
    costs = [record.cost_usd for record in records if record.cost_usd is not None]
    return float(sum_usd(costs)) if costs else None


def summary_of(
    record: AttemptRecord, before: Sequence[AttemptRecord], changes: Sequence[str]
) -> Json:
    """Return `response_metadata["scout"]` of a call whose successful attempt is `record`."""
    summary: Json = {
        "provider": record.provider,
        "model": record.model,
        "key_id": record.key_id,
        "cost_usd": record.cost_usd,
        "cost_source": record.cost_source,
        "priced_by": record.priced_by,
        **({"estimated": True} if record.estimated else {}),
        "latency_s": record.latency_s,
        "first_token_s": record.first_token_s,
        "attempts": [*map(AttemptRecord.as_dict, before), record.as_dict()],
    }
    if changes:
        summary["changes"] = list(changes)
    return summary


def with_attempts(
    error: ScoutError, records: Sequence[AttemptRecord], ready_in: float | None, *, retries: int
) -> ScoutError:
    """Return the error with the records of all attempts.

    `ready_in`: seconds until a candidate is ready; becomes `retry_after` of an error without one.
    `retries`: the call's own maximum. The error is retryable if it states a wait, or if its kind
    is retryable and `retries` is 0.
    """
    error.attempts = tuple(record.as_dict() for record in records)
    error.others = _other_lines(error, records)
    error.response = response_of(error, records)
    if ready_in is not None and error.retry_after is None:
        error.retry_after = ready_in
    waits = isinstance(error.retry_after, float | int) and error.retry_after > 0
    may_succeed = waits or (error.is_retryable and not retries)
    error.is_retryable = may_succeed and not isinstance(error, NEVER_RETRYABLE)
    return error


def _other_lines(error: ScoutError, records: Sequence[AttemptRecord]) -> tuple[str, ...]:
    """Return a line for each key to repair, refused ones first, and for each other candidate.

    A key has its last record; a candidate its last attempt, or its last skip. The error's own key
    has no line.
    """
    if not isinstance(error, ProviderError):
        return _all_lines(error, records)
    by_key = {(record.provider, record.key_id): record for record in records if record.key_id}
    if error.key_id:
        by_key.pop((error.provider, error.key_id), None)
    repairs = sorted(filter(_needs_repair, by_key.values()), key=_is_no_refusal)[:MAX_REPAIRS]
    name = error.provider, error.model
    own = next((r for r in reversed(records) if (r.provider, r.model) == name), None)
    last = _last_records(records)
    last.pop(name, None)
    if own and not repairs and OWNERS.search(own.reason or "") and own.outcome == "skipped":
        last = {("", ""): own, **last}
    advice = [f"{record.line()}: {_policy(record).advice}" for record in repairs]
    return (*advice, *(record.line() for record in last.values() if record not in repairs))


def _last_records(records: Sequence[AttemptRecord]) -> dict[tuple[str, str], AttemptRecord]:
    """Return the last attempt of each candidate, or its last skip if it was not tried."""
    last: dict[tuple[str, str], AttemptRecord] = {}
    for record in records:
        name = record.provider, record.model
        if record.outcome != "skipped" or name not in last or last[name].outcome == "skipped":
            last[name] = record
    return last


def _all_lines(error: ScoutError, records: Sequence[AttemptRecord]) -> tuple[str, ...]:
    """Return a line for each candidate, if there are several and the message does not have them."""
    last = _last_records(records)
    tried = any(record.outcome != "skipped" for record in records)
    if len(last) == 1 or not (tried or isinstance(error, UnsupportedContent)):
        return ()
    return tuple(record.line() for record in last.values())


def _policy(record: AttemptRecord) -> ErrorPolicy:
    return POLICIES[ErrorKind(record.outcome)]


def _needs_repair(record: AttemptRecord) -> bool:
    """Return whether the owner of the key or of its account must act."""
    return record.outcome in POLICIES and _policy(record).actor in {"key", "account"}


def _is_no_refusal(record: AttemptRecord) -> bool:
    return _policy(record).actor != "key"


def response_of(error: ScoutError, records: Sequence[AttemptRecord]) -> ErrorResponse:
    """Return the error's HTTP response with a header that tracers copy to the failed run."""
    response = getattr(error, "response", ErrorResponse(None))
    tried = [record for record in records if record.outcome != "skipped"] or list(records)
    summary = {
        "model": tried[-1].model if tried else None,
        "provider": tried[-1].provider if tried else None,
        "cost_usd": total_cost(records),
        "attempts": [record.as_dict() for record in records],
    }
    return replace(response, headers={**response.headers, ATTEMPTS_HEADER: json.dumps(summary)})
