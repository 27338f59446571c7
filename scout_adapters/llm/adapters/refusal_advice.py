"""Find the change of a request that a provider's refusal requires.

The patterns come from recorded traffic and users' reports.
"""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus

from scout_adapters.errors import ErrorKind, ProviderError
from scout_adapters.llm.adapters.request_fixes import EFFORTS, RequestFixes, effort_of_request
from scout_adapters.llm.failures.common_rules import OTHER_API
from scout_adapters.llm.failures.quoted_prompt import without_prompt
from scout_adapters.llm.types import PREVIOUS, ChatRequest, ProviderSpec

HARMLESS = (
    *("temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "seed"),
    *("reasoning_effort", "verbosity", "prompt_cache_key", "prompt_cache_retention"),
    *("safety_identifier", "user", "tool_choice"),
)
"""Options that may be left out: they change neither form nor subject of an answer. `tool_choice`
only if it forces a call: structured output raises an error if the model then makes no call."""

_UNFORCED = (None, "auto", "none")

_OF_REQUEST = frozenset(
    {ErrorKind.UNSUPPORTED, ErrorKind.INVALID_REQUEST, ErrorKind.MODEL_NOT_FOUND}
)
_NO_SUCH_PATH = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)
_LACKS = re.compile(
    r"(?:not|n.t) (?:currently |yet )?support|unsupported|deprecated|unknown|unrecognized"
    r"|not permitted|not allowed|only the default|only supports? |cannot both be|may not be"
    r"|not compatible|incompatible|must be one of",
    re.IGNORECASE,
)
_LACKS_API = re.compile(
    r"not (?:supported|enabled|accessible|implemented)|enabled only|only enabled|not support\b"
)
_OTHER_API = frozenset(OTHER_API.split())
_CAP = re.compile(
    r"max(?:imum)?[_ ](?:(?:completion|output|new)[_ ])?tokens|maxOutputTokens", re.IGNORECASE
)
_NEW_NAME = re.compile(
    r"'max_tokens' is not supported with this model\. Use '(max_\w{6,30})' instead"
)
_NUMBER = re.compile(r"(?<![\w.])\d{1,9}(?![\w.]*\d)(?! ?[kKmM](?![A-Za-z]))")
"""A number; not one in thousands as `128k`, which is rounded and mostly of the context."""

_LEAST_CAP = 256
"""Tokens: no model limits its output to less; lower numbers in a refusal are others."""

_BEYOND = re.compile(
    r"too large|[<>]=? ?\d|less than or equal|larger than|limited to|range|at most|maximum|exceed"
    r"|\u8303\u56f4|\u8d85\u8fc7",  # Chinese for range and to exceed
    re.IGNORECASE,
)
_THOUSANDS = re.compile(
    r"(?<![\[(\d,])\d{1,3}(?:,\d{3})+(?!\d)|(?<=[\[(])\d{1,3}(?:,\d{3}){2,}(?!\d)"
)
"""A number with commas; after a bracket only one with two, since `[1,512]` is a range."""

_TAKEN_EFFORTS = re.compile(
    r"(?:supported (?:values|levels)(?: are)?|must be one of|of the allowed values)[: ]*(.{3,160})",
    re.IGNORECASE,
)
_PREVIOUS_RESPONSE = re.compile(r"previous[_ ]response", re.IGNORECASE)
_CAMEL = re.compile(r"([a-z])([A-Z])")


def fixes_after(
    error: ProviderError,
    request: ChatRequest,
    fixes: RequestFixes,
    used: ProviderSpec,
    other: ProviderSpec | None,
) -> RequestFixes | None:
    """Return `fixes` with the change that a refusal requires; None if no change is known.

    `used` is the card with the wire of the request, `other` with the wire to change to, or None.
    """
    if not fixes.whole and _lost_previous_response(error, request):
        return replace(fixes, whole=True)
    if other is not None and fixes.wire is None and needs_wire(error, used, other):
        return replace(fixes, wire=other.wire)
    if error.kind is ErrorKind.STATE_MISMATCH and not fixes.unsigned:
        return replace(fixes, unsigned=True)
    if error.kind in {ErrorKind.UNSUPPORTED, ErrorKind.INVALID_REQUEST}:
        return _with_other_options(without_prompt(error.message), request, fixes)
    return None


def _lost_previous_response(error: ProviderError, request: ChatRequest) -> bool:
    """Return whether a provider has not stored the previous response that a request refers to."""
    return bool(
        request.extra.get(PREVIOUS)
        and (error.kind is ErrorKind.STATE_MISMATCH or error.kind in _OF_REQUEST)
        and _PREVIOUS_RESPONSE.search(f"{error.code} {error.message}")
    )


def _with_other_options(
    message: str, request: ChatRequest, fixes: RequestFixes
) -> RequestFixes | None:
    """Return `fixes` with the change for a refused option or value; None if there is none."""
    if (renamed := _NEW_NAME.search(message)) and request.max_tokens is not None:
        return replace(fixes, max_tokens_name=renamed[1])
    if (cap := _cap_in(message, request.max_tokens)) is not None:
        return replace(fixes, max_tokens=cap)
    efforts = _efforts_in(message, request)
    if "default" in efforts:  # a model whose reasoning can only be switched off
        return replace(fixes, without=fixes.without | {"reasoning_effort"})
    if efforts:
        return replace(fixes, efforts=efforts) if efforts != fixes.efforts else None
    if name := _refused_option(message, request):
        return replace(fixes, without=fixes.without | {name})
    return None


def needs_wire(error: ProviderError, used: ProviderSpec, other: ProviderSpec) -> bool:
    """Return whether a refusal states that only the other API works for the model or address."""
    status = error.status or 0
    if status in _NO_SUCH_PATH and "model" not in f"{error.code} {error.message}".lower():
        return True
    if error.kind not in _OF_REQUEST or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return False
    own_name, name = used.wire.refusals_name, other.wire.refusals_name
    if str(error.code).lower() in _OTHER_API or (name is not None and name.search(error.message)):
        return True
    lacks = _LACKS_API.search(error.message)
    return bool(lacks and own_name and own_name.search(error.message))


def _cap_in(message: str, requested: int | None) -> int | None:
    """Return the highest token limit below `requested` in a refusal; None if it has none."""
    if requested is None or not _CAP.search(message) or not _BEYOND.search(message):
        return None
    text = _THOUSANDS.sub(lambda number: number[0].replace(",", ""), message)
    numbers = [int(number) for number in _NUMBER.findall(text)]
    lower = [number for number in numbers if _LEAST_CAP <= number < requested]
    if not lower:
        return None
    return max(lower) - ("exclusive" in message)


def _efforts_in(message: str, request: ChatRequest) -> tuple[str, ...]:
    """Return the reasoning efforts that a refusal lists as allowed; () if it lists none."""
    effort = effort_of_request(request)
    listed = _TAKEN_EFFORTS.search(message) if effort and "effort" in message.lower() else None
    if listed is None:
        return ()
    words = frozenset(re.findall(r"[a-z]+", listed[1]))
    return () if effort in words else tuple(w for w in (*EFFORTS, "default") if w in words)


def _refused_option(message: str, request: ChatRequest) -> str | None:
    """Return the option in `HARMLESS` that a refusal names and the request sets; or None."""
    if not _LACKS.search(message) or "/v1/" in message:
        return None
    words = _CAMEL.sub(r"\1_\2", message).lower().replace("reasoning.effort", "reasoning_effort")
    names = frozenset(re.findall(r"[a-z_]{4,30}", words[:300]))
    if "effort" in names:
        names |= {"reasoning_effort"}
    named = [name for name in HARMLESS if name in names and _is_set(name, request)]
    # "`temperature` and `top_p` cannot both be specified": the second one goes.
    return named[-1] if named else None


def _is_set(name: str, request: ChatRequest) -> bool:
    if name == "reasoning_effort":
        return bool(effort_of_request(request))
    if name == "tool_choice":
        return request.tool_choice not in _UNFORCED
    return getattr(request, name, None) is not None or name in request.extra
