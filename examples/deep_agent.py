"""A deep agent over two providers, with a limit that its sub-agents share; runs offline.

Needs deepagents. The emulator answers, so the plan is short.
"""

from deepagents import create_deep_agent

from scout_adapters import ScoutRouterChatModel
from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.testing import Emulator, RateLimited

emulator = Emulator(keys={"anthropic": {"sk-ant-limited": RateLimited(60), "sk-ant-good": None}})
transport = emulator.transport()
model = ScoutRouterChatModel(
    models=[
        {
            "model": "anthropic/claude-haiku-4-5",
            "api_keys": ["sk-ant-limited", "sk-ant-good"],
            "transport": transport,
        },
        {"model": "openai/gpt-4.1-mini", "api_key": "sk-x", "transport": transport},
    ],
    max_tokens=1000,
    cache="auto",  # marks the long system text of a deep agent for Claude's cache
)
writer = {
    "name": "writer",
    "description": "Writes a paragraph.",
    "system_prompt": "Write one paragraph.",
}
budget = ScoutBudgetMiddleware(0.50, tell="note")
agent = create_deep_agent(model, subagents=[writer], middleware=[budget])
state = agent.invoke({"messages": [("user", "Say in one line what a deep agent is.")]})
last = state["messages"][-1]
print(last.text[:100])
for attempt in last.response_metadata["scout"]["attempts"]:
    print(f"{attempt['provider']} with key {attempt['key_id']}: {attempt['outcome']}")
print(f"${budget.spent_usd:.5f} spent")
