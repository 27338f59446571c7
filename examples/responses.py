"""The Responses API: reasoning over turns, stored answers, answers in the background; offline."""

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool

from scout_adapters import ScoutOpenAIChatModel
from scout_adapters.testing import Emulator


@tool
def get_weather(city: str) -> str:
    """Return the weather in a city."""
    return f"Mild in {city}."


emulator = Emulator(background_polls=1)
with emulator.serve():
    options = {"model": "gpt-6-luna", "api_key": "k", "base_url": emulator.url("openai")}
    model = ScoutOpenAIChatModel(**options)

    # Tools since GPT-5.4 need this API, which is chosen by itself. The reasoning comes encrypted,
    # and goes back with the answer; nothing is stored.
    bound = model.bind_tools([get_weather])
    question = HumanMessage("What is the weather in Oslo?")
    answer = bound.invoke([question])
    attempt = answer.response_metadata["scout"]["attempts"][0]
    print("over", attempt["wire"], "with", [block["type"] for block in answer.content])
    results = [
        ToolMessage(get_weather.invoke(call["args"]), tool_call_id=call["id"])
        for call in answer.tool_calls
    ]
    print(bound.invoke([question, answer, *results]).text)

    # The provider stores answers; only what follows the last one is sent.
    stored = ScoutOpenAIChatModel(**options, use_previous_response_id=True)
    history = [HumanMessage("Hello")]
    history += [stored.invoke(history), HumanMessage("And now?")]
    stored.invoke(history)
    print("sent:", len(emulator.log[-1].body["input"]), "message of", len(history))

    # An answer that takes minutes is polled for, and cancelled if the call ends before it is ready.
    slow = ScoutOpenAIChatModel(**options, background=True, timeout=1800, reasoning_effort="high")
    print(slow.invoke("Why is one key not enough?").text)
    print("requests:", [f"{each.method} {each.status}" for each in emulator.log[-2:]])
