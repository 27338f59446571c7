"""One call of a chat model as LiteLLM's loggers see it: `StandardLoggingPayload` and its kin.

https://docs.litellm.ai/docs/proxy/logging_spec
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, convert_to_openai_messages
from litellm.types.utils import (
    ModelResponse,
    StandardLoggingHiddenParams,
    StandardLoggingMetadata,
    StandardLoggingPayload,
)

from scout_adapters._internal.redaction import mask_secrets, mask_values
from scout_adapters.callbacks.run_handler import is_cached
from scout_adapters.litellm.answers import usage_fields
from scout_adapters.litellm.litellm_responses import filled_response
from scout_adapters.llm.engine.record import UNSENT, AttemptRecord, Run, total_cost

HIDDEN = "redacted-by-litellm"
"""LiteLLM's text in the place of messages that are not logged."""

NO_PARAMETERS = frozenset({"_type", "extra", "extra_body", "model_kwargs", "model", "model_name"})
"""Invocation parameters of LangChain that are no options of a request."""


@dataclass(slots=True)
class LoggedCall:
    """A call, from its start to its end."""

    run: Run
    trace_id: str
    """The outermost run around the call."""

    requested: str
    """The model that the caller named, or the first of a route."""

    provider: str
    messages: Sequence[BaseMessage]
    options: Mapping[str, Any]
    metadata: Mapping[str, Any]
    started: float
    """Seconds since 1970."""

    attempts: list[AttemptRecord] = field(default_factory=list)
    ended: float = 0.0
    is_async: bool = False
    answer: AIMessage | None = None
    error: BaseException | None = None
    stop_watching: Callable[[], None] | None = None
    """Called at the end: undoes what would end the call with its task."""

    @property
    def last(self) -> AttemptRecord | None:
        """The last attempt whose request was sent."""
        sent = (attempt for attempt in reversed(self.attempts) if attempt.outcome not in UNSENT)
        return next(sent, None)

    @property
    def model(self) -> str:
        """The model that answered, or received the last request."""
        return self.last.model if self.last else self.requested

    @property
    def cost_usd(self) -> float | None:
        """US dollars of all attempts whose cost is known; None if none is."""
        return total_cost(self.attempts)

    @property
    def first_token(self) -> float | None:
        """When the first token came, in seconds since 1970; None for an answer that was whole."""
        if self.last is None or self.last.first_token_s is None:
            return None
        return self.ended - (self.last.latency_s or 0.0) + self.last.first_token_s

    def response(self, *, is_hidden: bool) -> ModelResponse | None:
        """Return the answer in LiteLLM's form."""
        if self.answer is None:
            return None
        shown = AIMessage(HIDDEN, usage_metadata=self.answer.usage_metadata)
        response = filled_response(ModelResponse(), shown if is_hidden else self.answer)
        response.model, response.id = self.model, str(self.answer.id or response.id)
        return response


def logged_messages(call: LoggedCall, *, is_hidden: bool) -> list[Any]:
    """Return the prompt as OpenAI's messages; the text alone where a block has no equal."""
    if is_hidden:
        return [{"role": "user", "content": HIDDEN}]
    try:
        return list(convert_to_openai_messages(list(call.messages)))
    except (ValueError, TypeError, KeyError):
        return [{"role": message.type, "content": message.text} for message in call.messages]


def payload_of(call: LoggedCall, *, is_hidden: bool = False) -> StandardLoggingPayload:
    """Return the record of a call; fields without an equal are None.

    `is_hidden`: without the texts of messages.
    """
    response = call.response(is_hidden=is_hidden)
    fields: dict[str, Any] = dict.fromkeys(StandardLoggingPayload.__required_keys__)
    fields |= _identity(call) | _times(call) | _costs(call) | _outcome(call)
    fields |= {
        "messages": logged_messages(call, is_hidden=is_hidden),
        "response": response.model_dump() if response else None,
        "model_parameters": _parameters(call.options),
        "metadata": _metadata(call),
        "hidden_params": {
            **dict.fromkeys(StandardLoggingHiddenParams.__required_keys__),
            "response_cost": call.cost_usd,
            "litellm_model_name": call.model,
            "upstream_provider": call.provider,
            "usage_object": _usage(call),
        },
    }
    return StandardLoggingPayload(**fields)


def _identity(call: LoggedCall) -> dict[str, Any]:
    provider = call.last.provider if call.last else call.provider
    return {
        "id": str(call.answer.id if call.answer and call.answer.id else call.run.id),
        "trace_id": call.trace_id,
        "session_id": str(call.run.thread or call.metadata.get("session_id") or ""),
        "litellm_call_id": str(call.run.id),
        "call_type": "acompletion" if call.is_async else "completion",
        "stream": call.first_token is not None,
        "custom_llm_provider": provider,
        "model": call.model,
        "model_id": f"{provider}/{call.model}",
        "model_group": call.requested,
        "model_map_information": {"model_map_key": call.model, "model_map_value": None},
        "api_base": "",
        "cache_hit": True if call.answer is not None and is_cached(call.answer) else None,
        "request_tags": list(call.run.tags),
        "end_user": call.run.user,
    }


def _times(call: LoggedCall) -> dict[str, float]:
    first = call.first_token if call.first_token is not None else call.ended
    return {
        "startTime": call.started,
        "endTime": call.ended,
        "completionStartTime": first,
        "response_time": first - call.started,
    }


def _costs(call: LoggedCall) -> dict[str, Any]:
    """Return tokens and cost; LiteLLM writes 0 for an unknown cost, beside the reason."""
    usage = _usage(call)
    cost = call.cost_usd
    unknown = {"error_str": "the cost is unknown: no price, or no counts", "traceback_str": ""}
    return {
        "prompt_tokens": usage.get("prompt_tokens", 0),
        "completion_tokens": usage.get("completion_tokens", 0),
        "total_tokens": usage.get("total_tokens", 0),
        "response_cost": cost or 0.0,
        "cost_breakdown": None if cost is None else {"total_cost": cost},
        "response_cost_failure_debug_info": unknown if cost is None else None,
        "saved_cache_cost": 0.0,
    }


def _usage(call: LoggedCall) -> dict[str, Any]:
    """Return the token counts of the answer, else those of the last attempt."""
    if call.answer is not None and (counts := usage_fields(call.answer)):
        return counts
    if call.last is None or call.last.input_tokens is None:
        return {}
    written, read = call.last.output_tokens or 0, call.last.input_tokens
    totals = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    cached = {
        "cache_read_input_tokens": call.last.cache_read_tokens,
        "cache_creation_input_tokens": call.last.cache_write_tokens,
    }
    return totals | {name: count for name, count in cached.items() if count is not None}


def _outcome(call: LoggedCall) -> dict[str, Any]:
    if call.error is None:
        status = "success"
        error: dict[str, Any] = {"error_str": None, "error_information": None}
    else:
        status, last = "failure", call.last
        text = mask_secrets(str(call.error))
        information = {
            "error_code": str(last.status) if last and last.status else "",
            "error_class": type(call.error).__name__,
            "llm_provider": last.provider if last else call.provider,
            "traceback": "",
            "error_message": text,
            "error_provider_request_id": last.request_id if last else None,
        }
        error = {"error_str": text, "error_information": information}
    fields = {"llm_api_status": status, "guardrail_status": "not_run"}
    return {"status": status, "status_fields": fields, **error}


def _metadata(call: LoggedCall) -> dict[str, Any]:
    """Return LiteLLM's metadata; that of the run and the attempts are the requester's."""
    attempts = [attempt.as_dict() for attempt in call.attempts]
    own = {name: _plain(value) for name, value in call.metadata.items() if name != "lc_versions"}
    return {
        **dict.fromkeys(StandardLoggingMetadata.__required_keys__),
        "user_api_key_end_user_id": call.run.user,
        "requester_metadata": {**own, "scout_attempts": attempts},
        "usage_object": _usage(call) or None,
    }


def _parameters(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the request, with further fields of the body."""
    extra = options.get("extra")
    merged = {**(extra if isinstance(extra, Mapping) else {}), **options}
    return {
        name: _plain(value)
        for name, value in merged.items()
        if value is not None and name not in NO_PARAMETERS
    }


def _plain(value: Any) -> Any:
    """Return a value of JSON without secrets; other values as text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return mask_values(str(value))


def event_of(call: LoggedCall, *, is_hidden: bool) -> dict[str, Any]:
    """Return the `kwargs` of a logger's method, as LiteLLM passes them."""
    payload = payload_of(call, is_hidden=is_hidden)
    event = _parameters_of_event(call, payload) | {
        "user": call.run.user,
        "response_cost": call.cost_usd,
        "start_time": at(call.started),
        "end_time": at(call.ended),
        "completion_start_time": at(payload["completionStartTime"]),
        "standard_logging_object": payload,
        "additional_args": {},
        "log_event_type": "successful_api_call",
    }
    if call.error is not None:
        event |= {"exception": call.error, "traceback_exception": payload["error_str"]}
        event["log_event_type"] = "failed_api_call"
    return event


def _parameters_of_event(call: LoggedCall, payload: StandardLoggingPayload) -> dict[str, Any]:
    metadata = {
        **payload["metadata"]["requester_metadata"],
        "model_group": call.requested,
        "tags": list(call.run.tags),
    }
    return {
        "model": call.model,
        "messages": payload["messages"],
        "input": payload["messages"],
        "optional_params": payload["model_parameters"],
        "litellm_params": {"metadata": metadata, "api_base": ""},
        "litellm_call_id": payload["litellm_call_id"],
        "litellm_trace_id": payload["trace_id"],
        "call_type": payload["call_type"],
        "custom_llm_provider": payload["custom_llm_provider"],
        "stream": payload["stream"],
        "cache_hit": payload["cache_hit"],
    }


def at(seconds: float) -> datetime:
    """Return seconds since 1970 as a time without zone, as LiteLLM passes them."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().replace(tzinfo=None)
