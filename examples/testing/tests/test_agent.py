"""The agent: sync, async, in threads, and while a provider is down."""

import pytest
from shop.agent import make_agent

from scout_adapters.testing import Emulator

PARIS = {"messages": [("user", "What is the weather in Paris?")]}


@pytest.mark.scout_cassette
def test_the_agent_uses_its_tool():
    messages = make_agent().invoke(PARIS)["messages"]
    assert [message.type for message in messages] == ["human", "ai", "tool", "ai"]
    assert messages[2].text == "It is 21 °C and sunny in Paris."


@pytest.mark.scout_cassette
async def test_the_agent_streams():
    parts = [part async for part, _ in make_agent().astream(PARIS, stream_mode="messages")]
    assert "21 °C" in "".join(part.text for part in parts)


@pytest.mark.scout_cassette
@pytest.mark.parametrize("customers", [2, 4])
def test_customers_are_served_in_parallel(customers: int):
    answers = make_agent().batch([PARIS] * customers)
    assert [len(answer["messages"]) for answer in answers] == [4] * customers


@pytest.mark.scout_emulator(down=["groq"])
def test_the_second_provider_answers_while_the_first_is_down(scout_emulator: Emulator):
    assert make_agent().invoke(PARIS)["messages"][-1].text
    assert {sent.status for sent in scout_emulator.requests("anthropic")} == {200}
