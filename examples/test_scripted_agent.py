"""An agent's answers as a script: `pytest examples/test_scripted_agent.py`."""

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import tool

from scout_adapters import ScoutGroqChatModel
from scout_adapters.testing import AnswerScript, Emulator, Overloaded, ScoutFakeChatModel


@tool
def get_weather(city: str) -> str:
    """Return the weather in a city."""
    return f"21 °C in {city}"


def ask(model: Runnable[list[BaseMessage], AIMessage], question: str) -> str:
    """Answer a question with tools, as the agent of your application does."""
    messages: list[BaseMessage] = [HumanMessage(question)]
    while True:
        answer = model.invoke(messages)
        messages.append(answer)
        if not answer.tool_calls:
            return str(answer.text)
        messages += [get_weather.invoke(call) for call in answer.tool_calls]


def test_the_agent_calls_its_tool() -> None:
    emulator = Emulator()
    rule = emulator.on("groq", contains="weather").fails(Overloaded())
    rule.then_calls("get_weather", city="Paris").then_says("It is 21 °C.")
    model = ScoutGroqChatModel(api_key="any-key", transport=emulator.transport())
    assert ask(model.bind_tools([get_weather]), "How is the weather?") == "It is 21 °C."
    assert emulator.log[-1].body["messages"][-1]["content"] == "21 °C in Paris"
    emulator.check()


def test_the_same_without_http() -> None:
    script = AnswerScript()
    script.on(contains="weather").calls("get_weather", city="Paris").then_says("It is 21 °C.")
    model = ScoutFakeChatModel(script=script).bind_tools([get_weather])
    assert ask(model, "How is the weather?") == "It is 21 °C."


if __name__ == "__main__":
    test_the_agent_calls_its_tool()
    test_the_same_without_http()
    print("2 passed")
