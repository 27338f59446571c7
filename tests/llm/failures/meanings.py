"""The meaning of each kind of failure: who must act, what is tried next, the LangChain class.

Written down a second time, in the reference's words, so that a change of the product's own table
does not pass unseen.
"""

from __future__ import annotations

from dataclasses import dataclass

from langchain_core import exceptions as lc

# kind | LangChain's class | retryable | who acts | tried again with | the key | the circuit
TABLE = """
invalid_request | ModelInvalidRequestError | no | caller | - | none | stays
request_too_large | ModelInvalidRequestError | no | caller | candidate | none | stays
context_overflow | ContextOverflowError | no | caller | candidate | none | stays
content_input | ModelInvalidRequestError | no | caller | - | none | stays
content_output | ModelInvalidRequestError | no | caller | - | none | stays
model_not_found | ModelNotFoundError | no | caller | key, candidate | mask | stays
model_retired | ModelNotFoundError | no | caller | candidate | mask | stays
permission | ModelPermissionDeniedError | no | key | key, candidate | mask | stays
auth_invalid | ModelAuthenticationError | no | key | key, candidate | refuse | stays
auth_suspended | ModelAuthenticationError | no | key | key, candidate | quarantine | stays
region_blocked | ModelPermissionDeniedError | no | caller | candidate | none | stays
rate_limit | ModelRateLimitError | yes | nobody | key, candidate | cooldown | stays
quota_window | ModelRateLimitError | no | nobody | key, candidate | cooldown | stays
billing | ModelRateLimitError | no | account | key, candidate | quarantine | stays
capacity | ModelAPIError | yes | provider | same, candidate | none | counts
server_error | ModelAPIError | yes | provider | same, candidate | none | counts
connect | ModelConnectionError | yes | provider | same, candidate | none | counts
timeout_response | ModelTimeoutError | yes | provider | candidate | none | counts
protocol | ModelAPIError | yes | provider | same, candidate | none | counts
tool_call_invalid | ModelInvalidRequestError | yes | nobody | same | none | stays
state_mismatch | ModelInvalidRequestError | no | caller | - | none | stays
unsupported | ModelInvalidRequestError | no | caller | candidate | none | stays
key_source | ModelAuthenticationError | no | key | key, candidate | cooldown | stays
unknown | ModelAPIError | no | provider | candidate | none | counts
"""


@dataclass(frozen=True)
class Meaning:
    """One line of the table."""

    langchain: type[Exception]
    retryable: bool
    actor: str
    tried: frozenset[str]
    key_effect: str
    counts: bool


def _meaning(cells: list[str]) -> Meaning:
    langchain, retryable, actor, tried, key_effect, circuit = cells
    return Meaning(
        langchain=getattr(lc, langchain),
        retryable=retryable == "yes",
        actor=actor,
        tried=frozenset(tried.split(", ")) - {"-"},
        key_effect=key_effect,
        counts=circuit == "counts",
    )


_LINES = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]
MEANINGS = {line[0]: _meaning(line[1:]) for line in _LINES}
"""By kind, every kind that an answer can have."""
