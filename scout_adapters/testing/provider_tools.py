"""Tools that a provider runs itself: which of them run for a prompt, and what they cost.

The prompt sets how often: each word `search`, `open`, `files`, `code` or `maps` is one run of the
tool of that kind, if the request has it. The fees are those of the providers' price pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from scout_adapters.testing.http_messages import NO_RUNS, Json, ToolRuns
from scout_adapters.testing.model.chat_request import objects

KINDS: Mapping[str, re.Pattern[str]] = {
    "search": re.compile(r"(?:web|browser|google)_?search|x_search", re.IGNORECASE),
    "open": re.compile(r"browser_search"),
    "files": re.compile(r"file_search"),
    "code": re.compile(r"code_interpreter|code_execution"),
    "maps": re.compile(r"google_?maps", re.IGNORECASE),
}
"""Kinds of tools, and the types or keys of them in a request."""

FEES: Mapping[str, Mapping[str, int]] = {
    # https://platform.claude.com/docs/en/about-claude/pricing: $10 for 1,000 searches
    "anthropic": {"search": 10_000_000},
    # https://groq.com/pricing: $5 for 1,000 searches, $1 for 1,000 pages
    "groq": {"search": 5_000_000, "open": 1_000_000},
    # https://developers.openai.com/api/docs/pricing: $10 and $2.50 for 1,000 calls
    "openai": {"search": 10_000_000, "files": 2_500_000},
    # https://docs.x.ai/developers/pricing: $5 for 1,000 calls of each
    "xai": {"search": 5_000_000, "code": 5_000_000},
}
"""Nano-dollars of one run, by provider and kind."""

OPENAI_PREVIEW = 25_000_000
"""Nano-dollars of one search of the preview tool at models that do not reason."""

GROUNDED_PROMPT, GROUNDING_QUERY, MAPS_PROMPT = 35_000_000, 14_000_000, 25_000_000
"""Nano-dollars: a prompt grounded by Gemini 2, a query of Gemini 3, a prompt grounded in Maps by
Gemini 2: https://ai.google.dev/gemini-api/docs/pricing."""


def tool_runs(provider: str, model: str, body: Json, prompt: str) -> ToolRuns:
    """Return the runs of the provider's own tools that a request has and its prompt names."""
    types = _types(body)
    if not types:
        return NO_RUNS
    words = re.findall(r"[a-z]+", prompt.lower())
    kinds = [kind for kind, pattern in KINDS.items() if any(map(pattern.search, types))]
    times = {kind: words.count(kind) for kind in kinds if kind in words}
    return ToolRuns(times, _fees(provider, model, times, types))


def response_items(times: Mapping[str, int], make_id: Callable[[str, int], str]) -> Iterator[Json]:
    """Yield the runs as output items of a response, with the page that a search opens for free."""
    searches = times.get("search", 0)
    actions: list[Json] = [{"type": "search", "query": f"query {at}"} for at in range(searches)]
    actions += [{"type": "open_page", "url": "https://news.example"}] * bool(actions)
    for at, action in enumerate(actions):
        head = {"id": make_id("ws", at), "type": "web_search_call", "status": "completed"}
        yield head | {"action": action}
    for at in range(times.get("files", 0)):
        head = {"id": make_id("fs", at), "type": "file_search_call", "status": "completed"}
        yield head | {"queries": ["files"], "results": None}


def _types(body: Json) -> list[str]:
    """Return the types, or for Gemini the keys, of the tools that are no functions."""
    tools = objects(body.get("tools"))
    names = [str(tool["type"]) if "type" in tool else " ".join(tool) for tool in tools]
    return [name for name in names if name not in {"function", "custom", "functionDeclarations"}]


def _fees(provider: str, model: str, times: Mapping[str, int], types: list[str]) -> int:
    if provider == "google":
        return _google_fees(model, times)
    fees = dict(FEES.get(provider, {}))
    preview = any(name.startswith("web_search_preview") for name in types)
    if provider == "openai" and preview and model.startswith("gpt-4"):
        fees["search"] = OPENAI_PREVIEW
    return sum(count * fees.get(kind, 0) for kind, count in times.items())


def _google_fees(model: str, times: Mapping[str, int]) -> int:
    by_prompt = model.startswith("gemini-2")
    searches, maps = times.get("search", 0), times.get("maps", 0)
    if by_prompt:
        return bool(searches) * GROUNDED_PROMPT + bool(maps) * MAPS_PROMPT
    return (searches + maps) * GROUNDING_QUERY
