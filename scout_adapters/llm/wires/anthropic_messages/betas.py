"""Beta features of a request, which a header must name.

https://platform.claude.com/docs/en/api/beta-headers
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.types import ChatRequest

NAME = re.compile(r"[A-Za-z0-9._-]+")
MCP = "mcp-client-2025-11-20"
USER_PROFILES = "user-profiles-2026-03-24"
BY_TOOL: Mapping[str, str] = {
    "mcp_toolset": MCP,
    "computer_20250124": "computer-use-2025-01-24",
    "computer_20251124": "computer-use-2025-11-24",
    "advisor_20260301": "advisor-tool-2026-03-01",
}


def beta_headers(request: ChatRequest) -> dict[str, str]:
    """Return the header with the features that the request uses, and the `betas` in its `extra`."""
    names = dict.fromkeys(_features(request))
    return {"anthropic-beta": ",".join(names)} if names else {}


def _features(request: ChatRequest) -> Iterator[str]:
    betas = request.extra.get("betas") or ()
    for name in betas.split(",") if isinstance(betas, str) else betas:
        if not (isinstance(name, str) and NAME.fullmatch(name.strip())):
            raise ConfigurationError("betas= must be names of letters, digits and hyphens")
        yield name.strip()
    if request.extra.get("mcp_servers"):
        yield MCP
    if request.extra.get("user_profile_id"):
        yield USER_PROFILES
    for tool in request.tools:
        if name := BY_TOOL.get(str(tool.get("type"))):
            yield name
