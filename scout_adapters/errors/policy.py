"""The kinds of failure, and what the engine does about each: one table for the retry loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class ErrorKind(StrEnum):
    """Kinds of failure, finer than exception classes; audit rows and attempts contain the value."""

    INVALID_REQUEST = "invalid_request"
    REQUEST_TOO_LARGE = "request_too_large"
    CONTEXT_OVERFLOW = "context_overflow"
    CONTENT_INPUT = "content_input"
    CONTENT_OUTPUT = "content_output"
    MODEL_NOT_FOUND = "model_not_found"
    MODEL_RETIRED = "model_retired"
    PERMISSION = "permission"
    AUTH_INVALID = "auth_invalid"
    AUTH_SUSPENDED = "auth_suspended"
    REGION_BLOCKED = "region_blocked"
    RATE_LIMIT = "rate_limit"
    QUOTA_WINDOW = "quota_window"
    BILLING = "billing"
    CAPACITY = "capacity"
    SERVER_ERROR = "server_error"
    CONNECT = "connect"
    TIMEOUT_RESPONSE = "timeout_response"
    PROTOCOL = "protocol"
    STREAM_INTERRUPTED = "stream_interrupted"
    ANSWER_LOST = "answer_lost"
    TOOL_CALL_INVALID = "tool_call_invalid"
    STATE_MISMATCH = "state_mismatch"
    UNSUPPORTED = "unsupported"
    QUEUE_FULL = "queue_full"
    KEY_SOURCE = "key_source"
    UNKNOWN = "unknown"


Actor = Literal["key", "account", "provider", "caller", "nobody"]
KeyEffect = Literal["none", "cooldown", "refuse", "quarantine", "mask"]
"""What happens to the key. `refuse`: quarantine, unless many keys are refused at once, which is the
provider's fault. `quarantine`: out of rotation. `mask`: not used for this model. `cooldown`: rests
for the wait that the server states; without one, after several failures in a row.

How long: `llm/health/key_penalties.py`. Which refusal is which kind: `llm/failures/`."""


@dataclass(frozen=True, slots=True)
class ErrorPolicy:
    """What the engine does about a kind of failure."""

    actor: Actor
    advice: str
    """What the actor should do; the end of the error message."""

    same_key: bool = False
    """Whether a retry with the same key, after a pause, may succeed."""

    next_key: bool = False
    next_candidate: bool = False
    trips_circuit: bool = False
    key_effect: KeyEffect = "none"
    billed: Literal["no", "yes", "unknown"] = "no"


K = ErrorKind
POLICIES: Mapping[ErrorKind, ErrorPolicy] = {
    K.INVALID_REQUEST: ErrorPolicy("caller", "change the request"),
    K.REQUEST_TOO_LARGE: ErrorPolicy("caller", "send less in one request", next_candidate=True),
    K.CONTEXT_OVERFLOW: ErrorPolicy(
        "caller",
        "shorten the conversation or add a model with a larger window",
        next_candidate=True,
    ),
    K.CONTENT_INPUT: ErrorPolicy("caller", "the provider's policy refuses this input"),
    K.CONTENT_OUTPUT: ErrorPolicy(
        "caller", "the provider's policy withheld the answer", billed="yes"
    ),
    K.MODEL_NOT_FOUND: ErrorPolicy(
        "caller",
        "check the model's name, the base_url, and whether the account may use the model",
        next_key=True,
        next_candidate=True,
        key_effect="mask",
    ),
    K.MODEL_RETIRED: ErrorPolicy(
        "caller",
        "the provider has retired this model: use the one that replaces it",
        next_candidate=True,
        key_effect="mask",
    ),
    K.PERMISSION: ErrorPolicy(
        "key",
        "use a key that may use this model",
        next_key=True,
        next_candidate=True,
        key_effect="mask",
    ),
    K.AUTH_INVALID: ErrorPolicy(
        "key", "replace the key", next_key=True, next_candidate=True, key_effect="refuse"
    ),
    K.AUTH_SUSPENDED: ErrorPolicy(
        "key",
        "the provider has suspended this key: replace it or write to them",
        next_key=True,
        next_candidate=True,
        key_effect="quarantine",
    ),
    K.REGION_BLOCKED: ErrorPolicy(
        "caller", "the provider does not serve this location", next_candidate=True
    ),
    K.RATE_LIMIT: ErrorPolicy(
        "nobody",
        "wait, or add a key of another account",
        next_key=True,
        next_candidate=True,
        key_effect="cooldown",
    ),
    K.QUOTA_WINDOW: ErrorPolicy(
        "nobody",
        "wait until the quota resets, or add a key of another account",
        next_key=True,
        next_candidate=True,
        key_effect="cooldown",
    ),
    K.BILLING: ErrorPolicy(
        "account",
        "add credit to the account or raise its limit",
        next_key=True,
        next_candidate=True,
        key_effect="quarantine",
    ),
    K.CAPACITY: ErrorPolicy(
        "provider", "try again later", same_key=True, next_candidate=True, trips_circuit=True
    ),
    K.SERVER_ERROR: ErrorPolicy(
        "provider", "try again later", same_key=True, next_candidate=True, trips_circuit=True
    ),
    K.CONNECT: ErrorPolicy(
        "provider",
        "check the network and the base_url",
        same_key=True,
        next_candidate=True,
        trips_circuit=True,
    ),
    K.TIMEOUT_RESPONSE: ErrorPolicy(
        "provider",
        "allow more time or use a faster model",
        next_candidate=True,
        trips_circuit=True,
        billed="unknown",
    ),
    K.PROTOCOL: ErrorPolicy(
        "provider",
        "the answer broke off, or does not have the documented form: try again later",
        same_key=True,
        next_candidate=True,
        trips_circuit=True,
        billed="unknown",
    ),
    K.STREAM_INTERRUPTED: ErrorPolicy(
        "provider", "the partial answer is in .partial", trips_circuit=True, billed="yes"
    ),
    K.ANSWER_LOST: ErrorPolicy(
        "caller",
        "the provider may bill the answer: send the request again only if that is acceptable",
        billed="unknown",
    ),
    K.TOOL_CALL_INVALID: ErrorPolicy(
        "nobody",
        "the model wrote a broken tool call; try again",
        same_key=True,
        billed="unknown",
    ),
    K.STATE_MISMATCH: ErrorPolicy(
        "caller", "the conversation holds state that belongs to another account"
    ),
    K.UNSUPPORTED: ErrorPolicy(
        "caller",
        "this model or provider cannot do what the request needs: change it, or add another model",
        next_candidate=True,
    ),
    K.QUEUE_FULL: ErrorPolicy(
        "caller", "fewer calls at once on this machine, or a longer timeout", same_key=True
    ),
    K.KEY_SOURCE: ErrorPolicy(
        "key",
        "repair the file, variable or function that the key comes from",
        next_key=True,
        next_candidate=True,
        key_effect="cooldown",
    ),
    K.UNKNOWN: ErrorPolicy(
        "provider", "see the message", next_candidate=True, trips_circuit=True, billed="unknown"
    ),
}
