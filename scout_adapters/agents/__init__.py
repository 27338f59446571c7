"""Middleware of LangChain's agents: `create_agent`, deepagents. Needs the extra `agents`.

from scout_adapters.agents import ScoutBudgetMiddleware
agent = create_agent(model, tools, middleware=[ScoutBudgetMiddleware(0.05, per="thread")])
"""

from __future__ import annotations

try:
    import langchain.agents.middleware as _  # noqa: F401  # the base of every middleware
except ImportError as error:
    raise ImportError(
        'scout_adapters.agents needs langchain: pip install "scout-adapters[agents]"'
    ) from error

from scout_adapters.agents.budget_middleware import ScoutBudgetMiddleware as ScoutBudgetMiddleware
