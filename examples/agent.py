"""An agent over three providers: the tool loop goes on whoever answers.

Set GROQ_API_KEYS, ANTHROPIC_API_KEY and GOOGLE_API_KEY, or some of them.
"""

from langchain.agents import create_agent
from langchain_core.tools import tool

from scout_adapters import ScoutRouterChatModel


@tool
def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"It is 21 °C and sunny in {city}."


model = ScoutRouterChatModel(
    models=["groq/openai/gpt-oss-120b", "anthropic/claude-haiku-4-5", "google/gemini-3.5-flash"]
)
agent = create_agent(model=model, tools=[get_weather], system_prompt="Use your tools.")
question = {"messages": [("user", "What is the weather in Paris?")]}
for part, _ in agent.stream(question, stream_mode="messages"):
    print(part.text, end="", flush=True)
print()
