"""An agent with 8 cents for each thread, sub-agent included; at the end a cheap model sums up.

Runs offline: the emulator answers for the providers.
"""

from langchain.agents import create_agent
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

from scout_adapters import ScoutAnthropicChatModel, ScoutGroqChatModel
from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.testing import Emulator

emulator = Emulator()
model = ScoutAnthropicChatModel(
    model="claude-opus-4-5", api_key="sk-ant-x", transport=emulator.transport(), max_tokens=500
)
cheap = ScoutGroqChatModel(
    model="openai/gpt-oss-20b", api_key="gsk_x", transport=emulator.transport()
)
researcher = create_agent(model, [], system_prompt="Answer in one line.")


@tool
def research(topic: str) -> str:
    """Research a topic, by a sub-agent whose calls count for the agent."""
    state = researcher.invoke({"messages": [("user", f"What is known of {topic}?")]})
    return state["messages"][-1].text


budget = ScoutBudgetMiddleware(
    0.08,
    per="thread",  # in a file with path="budgets.db", for all processes and after restarts
    summary_model=cheap,
    summary_usd=0.005,
    tell="note",
)
agent = create_agent(model, [research], middleware=[budget], checkpointer=InMemorySaver())
thread = {"configurable": {"thread_id": "thread-1"}}
for turn in range(1, 20):
    question = {"messages": [("user", f"Do some research on agents, part {turn}. Use research.")]}
    last = agent.invoke(question, thread)["messages"][-1]
    print(f"turn {turn}, ${budget.spent_usd:.4f} spent: {last.text[:70]}")
    if reason := last.response_metadata.get("scout_budget"):
        print("ended:", reason)
        break
