"""A test of a chain without network and keys: `pytest examples/test_your_chain.py`."""

from collections.abc import Sequence
from typing import Any

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator, Overloaded

MODELS = ["groq/openai/gpt-oss-120b", "google/gemini-3.5-flash"]


def make_chain(models: Sequence[Any] = MODELS) -> Runnable[dict[str, str], str]:
    """Make the chain of your application."""
    model = ScoutRouterChatModel(models=models)
    return ChatPromptTemplate.from_template("Say in a word: {what}") | model | StrOutputParser()


def chain_on(emulator: Emulator) -> Runnable[dict[str, str], str]:
    """Make the same chain with the emulator in the place of the providers."""
    transport = emulator.transport()
    return make_chain(
        [{"model": name, "api_key": "any-key", "transport": transport} for name in MODELS]
    )


def test_the_chain_returns_the_answer_as_text() -> None:
    emulator = Emulator()
    assert "the sky" in chain_on(emulator).invoke({"what": "the sky"})
    assert emulator.log[0].body["messages"][0]["content"] == "Say in a word: the sky"


def test_another_provider_answers_where_the_first_is_down() -> None:
    emulator = Emulator(down={"groq": Overloaded()})
    assert chain_on(emulator).invoke({"what": "the sky"})
    assert [exchange.status for exchange in emulator.requests("google")] == [200]


if __name__ == "__main__":
    test_the_chain_returns_the_answer_as_text()
    test_another_provider_answers_where_the_first_is_down()
    print("2 passed")
