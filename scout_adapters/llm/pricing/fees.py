"""Fees of requests, searches and hosted tools that genai-prices does not list.

For searches, genai-prices lists the price of the largest search size only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def _by_size(low: str, medium: str, high: str) -> Mapping[str, Decimal]:
    return {"low": Decimal(low), "medium": Decimal(medium), "high": Decimal(high)}


REQUEST_FEES: Mapping[tuple[str, str], Mapping[str, Decimal]] = {
    ("perplexity", "sonar"): _by_size("0.005", "0.008", "0.012"),
    ("perplexity", "sonar-pro"): _by_size("0.006", "0.010", "0.014"),
    ("perplexity", "sonar-reasoning"): _by_size("0.005", "0.008", "0.012"),
    ("perplexity", "sonar-reasoning-pro"): _by_size("0.006", "0.010", "0.014"),
}
"""USD of one request by provider, model and the `search_context_size` that the answer states:
https://docs.perplexity.ai/getting-started/pricing, and recorded costs."""

SEARCH_FEES: Mapping[str, Decimal] = {
    "groq": Decimal("0.005"),
    "openai": Decimal("0.010"),
    "openrouter": Decimal("0.020"),
    "x-ai": Decimal("0.005"),
}
"""USD of one search by provider, where genai-prices has none for some models:
https://docs.x.ai/developers/pricing, https://groq.com/pricing,
https://developers.openai.com/api/docs/pricing. A call of xAI's code tool costs the same.
OpenRouter bills $4 for 1,000 results, by default five for a search:
https://openrouter.ai/docs/features/web-search"""


def missing_fees(provider: str, model: str, search_size: str) -> Mapping[str, Decimal]:
    """Return the fees, in US dollars by `request` and `web_search`, missing in genai-prices."""
    request_fee = REQUEST_FEES.get((provider, model), {}).get(search_size)
    fees = {"request": request_fee, "web_search": SEARCH_FEES.get(provider)}
    return {kind: fee for kind, fee in fees.items() if fee is not None}


EXECUTED_TOOLS = "executed_tools"
"""Key of `response_metadata`: number of runs by name of Groq's own tools."""

GROQ_TOOL_FEES: Mapping[str, Decimal | None] = {
    "browser.search": Decimal(0),  # has a fee in `SEARCH_FEES`
    "browser_search": Decimal(0),
    "browser.open": Decimal("0.001"),
    "browser.find": Decimal(0),  # reads a page that is open; the price list has no entry for it
    "visit": Decimal("0.001"),
    "search": None,  # $0.005 basic or $0.008 advanced: the answer does not state which
    "python": None,  # $0.18 an hour: the answer states no time
    "browser_automation": None,  # $0.08 an hour
}
"""USD of one run of a tool beside `SEARCH_FEES`: https://groq.com/pricing, as listed in 2026.
None where the answer does not show what is billed, as for all tools that are missing here."""

HOSTED_TOOLS = "hosted_tools"
"""Key of `response_metadata`: number of runs by name of the hosted tools of the Responses API."""

HOSTED_SEARCHES = ("web_search", "web_search_preview")

OPENAI_TOOL_FEES: Mapping[str, Decimal | None] = {
    "web_search": Decimal(0),  # has a fee in `SEARCH_FEES`
    "web_search_preview": Decimal("0.015"),  # beside the same fee: at models that do not reason
    "file_search": Decimal("0.0025"),
    "code_interpreter": None,  # by container and time: the answer does not state what was paid
    "image_generation": None,  # by the tokens of the image, which the usage does not contain
}
"""USD of one call of a hosted tool beside `SEARCH_FEES`:
https://developers.openai.com/api/docs/pricing, as listed in 2026. None where the answer does not
show what is billed, as for all tools that are missing here."""

GOOGLE_MAPS_FEE = Decimal("0.025")
"""USD of one prompt that Gemini before version 3 grounds in Google Maps. Since version 3 each query
is billed, and the answer does not state their number. The free quota of an account is not deducted:
https://ai.google.dev/gemini-api/docs/pricing, as listed in September 2026."""

_BILLED_BY_PROMPT = re.compile(r"gemini-[12]\b")
"""Matches Gemini models that bill a grounded prompt once, for any number of searches."""


def billed_searches(model: str, searches: int) -> int:
    """Return the number of billed searches, of `searches` in one answer of a model."""
    return 1 if searches > 1 and _BILLED_BY_PROMPT.search(model) else searches


def tool_fees(provider: str, model: str, metadata: Mapping[str, Any]) -> Decimal | None:
    """Return the fees in USD of the tools that the provider ran, without those of searches.

    `metadata` is the answer's `response_metadata`. None if a fee is unknown.
    """
    fees = _hosted_fees(provider, _hosted_tools(metadata))
    if fees is None:
        return None
    for name, times in _executed_tools(metadata).items():
        fee = GROQ_TOOL_FEES.get(name)
        if fee is None:
            return None
        fees += fee * _piece_count(times)
    if not _is_grounded_in_maps(metadata):
        return fees
    return fees + GOOGLE_MAPS_FEE if _BILLED_BY_PROMPT.search(model) else None


def _hosted_fees(provider: str, tools: Mapping[str, Any]) -> Decimal | None:
    """Return the fees in USD of hosted tools; None if one is unknown (all except OpenAI's)."""
    fees = Decimal(0)
    for name, times in tools.items():
        fee = OPENAI_TOOL_FEES.get(name) if provider == "openai" else None
        if fee is None:
            return None
        fees += fee * _piece_count(times)
    return fees


def _hosted_tools(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the number of runs by hosted tool; {} if the usage counts them, as xAI's does."""
    tools = metadata.get(HOSTED_TOOLS)
    counted = "num_server_side_tools_used" in native_usage(metadata)
    return tools if isinstance(tools, Mapping) and not counted else {}


def _is_grounded_in_maps(metadata: Mapping[str, Any]) -> bool:
    grounding = metadata.get("grounding_metadata")
    chunks = grounding.get("grounding_chunks") if isinstance(grounding, Mapping) else None
    items = chunks if isinstance(chunks, list) else []
    return any(isinstance(chunk, Mapping) and chunk.get("maps") for chunk in items)


def _google_searches(metadata: Mapping[str, Any], model: str) -> int:
    """Return the number of billed queries to Google Search: different ones that are not empty.

    https://ai.google.dev/gemini-api/docs/google-search#pricing
    """
    grounding = metadata["grounding_metadata"]
    queries = grounding.get("web_search_queries") if isinstance(grounding, Mapping) else None
    items = queries if isinstance(queries, list) else []
    different = {query for query in items if isinstance(query, str) and query}
    return billed_searches(str(metadata.get("model_name") or model), len(different))


def _groq_searches(metadata: Mapping[str, Any]) -> int:
    """Return the number of searches by Groq's own tools."""
    tools = _executed_tools(metadata)
    return sum(_piece_count(times) for name, times in tools.items() if "search" in name)


def _executed_tools(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    tools = metadata.get(EXECUTED_TOOLS)
    return tools if isinstance(tools, Mapping) else {}


def web_searches(metadata: Mapping[str, Any], model: str = "") -> int:
    """Return the number of searches in an answer that are billed in addition to tokens.

    `model` is used if `metadata` contains no model, as at the end of a stream.
    """
    if "grounding_metadata" in metadata:
        return _google_searches(metadata, model)
    if EXECUTED_TOOLS in metadata:
        return _groq_searches(metadata)
    if hosted := HOSTED_TOOLS in metadata and _hosted_tools(metadata):
        return sum(_piece_count(hosted.get(name)) for name in HOSTED_SEARCHES)
    return _counted_searches(native_usage(metadata))


def _counted_searches(usage: Mapping[str, Any]) -> int:
    """Return the number of searches that the provider's own `usage` states; 0 without one."""
    tools = usage.get("server_tool_use")  # Anthropic, and OpenRouter
    if tools is not None and isinstance(tools, Mapping):
        return _piece_count(tools.get("web_search_requests"))
    if "num_search_queries" in usage:  # Perplexity's deep research
        return _piece_count(usage["num_search_queries"])
    if "num_server_side_tools_used" not in usage:
        return 0
    calls = usage.get("server_side_tool_usage_details")  # xAI: those that succeeded
    if isinstance(calls, Mapping):
        return sum(_piece_count(calls.get(name)) for name in XAI_TOOLS)
    return _piece_count(usage["num_server_side_tools_used"])


XAI_TOOLS = ("web_search_calls", "x_search_calls", "code_interpreter_calls")
"""Names of xAI's counts of tools with the same fee: https://docs.x.ai/developers/pricing."""


def _piece_count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def native_usage(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the usage object in the provider's own format; {} without one."""
    usage = metadata.get("usage") or metadata.get("token_usage")
    return usage if isinstance(usage, dict | Mapping) else {}
