"""What is known of an attempt when it is over: a row of the table that users read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.json_values import Json
from scout_adapters.errors import (
    BudgetExceeded,
    ContextOverflow,
    ErrorResponse,
    KeyRejected,
    ScoutError,
)
from scout_adapters.llm.pricing.price_list import sum_usd

ATTEMPTS_HEADER = "X-LangSmith-Gateway-Metadata"
"""The header of an error's response in which LangChain's tracers look for who was asked."""

NEVER_RETRYABLE = (BudgetExceeded, ContextOverflow, KeyRejected)
"""However long one waits: middleware that tries again must not."""

LANGCHAIN_TAGS = (
    "seq:step:",
    "map:key:",
    "branch:",
    "condition:",
    "graph:step:",
    "langsmith:",
    "retry:",
)
"""How the tags begin that the frameworks add for themselves."""


class AttemptRecord(NamedTuple):
    """What came of one attempt. Seconds, US dollars, tokens; None is unknown."""

    number: int
    provider: str
    model: str
    outcome: str
    """`ok`; an `ErrorKind`; `skipped` (`reason` says why) or `not_sent` (a listener raised);
    `cancelled`, or the class of an exception that came from the caller's side."""

    key_id: str | None = None
    status: int | None = None
    code: str | None = None
    reason: str | None = None
    waited_s: float = 0.0
    latency_s: float | None = None
    first_token_s: float | None = None
    retry_after: float | None = None
    ready_in_s: float | None = None
    """Of what was skipped: how long until it can be asked; None where waiting does not help."""

    request_id: str | None = None
    cost_usd: float | None = None
    """Of an attempt that was not `ok`: what the tokens cost that it had counted by then."""

    cost_source: str | None = None
    priced_by: str | None = None
    """Which prices, where the provider did not name the cost itself."""

    billed: str | None = None
    """`yes`, `no`, or `unknown`: what was sent and not answered may be on the provider's bill."""

    price: Mapping[str, float] | None = None
    """Those prices: US dollars per million tokens of a kind, and fees for one each."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    """Of thoughts, which `output_tokens` hold; as those of the cache are part of the input's."""

    estimated: bool | None = None
    """True where the provider did not count to the end, and tokens and cost are estimates."""

    def as_dict(self) -> Json:
        """Return what is known, for metadata and logs."""
        known = zip(self._fields, self, strict=True)
        return {name: value for name, value in known if value is not None}


class Run(NamedTuple):
    """The LangChain run that an attempt belongs to: whose call it is."""

    id: UUID
    parent: UUID | None = None
    tags: tuple[str, ...] = ()
    """The user's own; those that LangChain and LangGraph add for themselves are left out."""

    user: str | None = None
    """What the run's metadata calls `user_id`, or `user`."""


def run_of(
    run_id: UUID,
    parent: UUID | None,
    tags: Sequence[str] | None,
    metadata: Mapping[str, Any] | None,
) -> Run:
    """Make a run of what LangChain tells its handlers."""
    user = (metadata.get("user_id") or metadata.get("user")) if metadata else None
    own = (
        tuple(dict.fromkeys(tag for tag in tags if not tag.startswith(LANGCHAIN_TAGS)))
        if tags
        else ()
    )
    return Run(run_id, parent, own, None if user is None else str(user))


runs_with_attempts: BoundedDict[int, None] = BoundedDict()
"""Runs whose handlers have been told of an attempt, by number: they need no word of core's."""


def summary_of(
    record: AttemptRecord, before: Sequence[AttemptRecord], changes: Sequence[str]
) -> Json:
    """Return what `response_metadata["scout"]` says of a call that `record` answered."""
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
        "attempts": [*(one.as_dict() for one in before), record.as_dict()],
    }
    return summary | ({"changes": list(changes)} if changes else {})


def with_attempts(
    error: ScoutError, records: Sequence[AttemptRecord], ready_in: float | None
) -> ScoutError:
    """Put the whole story on an error; it is retryable only where a wait is known to help."""
    error.attempts = tuple(record.as_dict() for record in records)
    error.response = response_of(error, records)
    if ready_in is not None and error.retry_after is None:
        error.retry_after = ready_in
    waits = isinstance(error.retry_after, float | int) and error.retry_after > 0
    error.is_retryable = waits and not isinstance(error, NEVER_RETRYABLE)
    return error


def response_of(error: ScoutError, records: Sequence[AttemptRecord]) -> ErrorResponse:
    """Return the answer behind an error, with what tracers copy to the run that failed."""
    response = getattr(error, "response", ErrorResponse(None))
    asked = [record for record in records if record.outcome != "skipped"] or list(records)
    costs = [record.cost_usd for record in records if record.cost_usd is not None]
    story = {
        "model": asked[-1].model if asked else None,
        "provider": asked[-1].provider if asked else None,
        "cost_usd": float(sum_usd(costs)) if costs else None,
        "attempts": [record.as_dict() for record in records],
    }
    return replace(response, headers={**response.headers, ATTEMPTS_HEADER: json.dumps(story)})
