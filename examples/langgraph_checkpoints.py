"""A graph whose conversation is in a checkpoint: the next turn may have another provider.

Runs offline. The first provider goes down between two turns; a budget holds for the thread.
"""

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph

from scout_adapters import ScoutBudgetCallbackHandler, ScoutRouterChatModel
from scout_adapters.testing import Emulator, Overloaded

emulator = Emulator()
transport = emulator.transport()
model = ScoutRouterChatModel(
    models=[
        {"model": "anthropic/claude-haiku-4-5", "api_key": "sk-ant-x", "transport": transport},
        {"model": "groq/openai/gpt-oss-120b", "api_key": "gsk_x", "transport": transport},
    ],
    max_tokens=200,
    max_retries=0,
)


def talk(state: MessagesState, config: RunnableConfig) -> MessagesState:
    return {"messages": [model.invoke(state["messages"], config)]}


builder = StateGraph(MessagesState)
builder.add_node("talk", talk)
builder.add_edge(START, "talk")
graph = builder.compile(checkpointer=InMemorySaver())

budget = ScoutBudgetCallbackHandler(0.10, per="thread")
config = {"configurable": {"thread_id": "ada-1"}, "callbacks": [budget]}
for question in ("What is a checkpoint?", "And a thread?"):
    last = graph.invoke({"messages": [("user", question)]}, config)["messages"][-1]
    print(last.response_metadata["scout"]["provider"], f"${budget.spent_usd:.5f}", last.text[:60])
    emulator.script("anthropic", [Overloaded()])
print(len(graph.get_state(config).values["messages"]), "messages in the checkpoint")
