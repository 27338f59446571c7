"""Which features are still beta, and must be named in a header.

https://platform.claude.com/docs/en/api/beta-headers
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scout_adapters.llm.types import ChatRequest

MCP = "mcp-client-2025-11-20"
BY_TOOL: Mapping[str, str] = {
    "mcp_toolset": MCP,
    "computer_20250124": "computer-use-2025-01-24",
    "computer_20251124": "computer-use-2025-11-24",
    "advisor_20260301": "advisor-tool-2026-03-01",
}


def beta_headers(request: ChatRequest) -> dict[str, str]:
    """Return the header for the features that the request uses; `betas` in `extra` adds to them."""
    names = dict.fromkeys(_used(request))
    return {"anthropic-beta": ",".join(names)} if names else {}


def _used(request: ChatRequest) -> Iterator[str]:
    asked = request.extra.get("betas") or ()
    yield from asked.split(",") if isinstance(asked, str) else asked
    if request.extra.get("mcp_servers"):
        yield MCP
    for tool in request.tools:
        if name := BY_TOOL.get(str(tool.get("type"))):
            yield name
