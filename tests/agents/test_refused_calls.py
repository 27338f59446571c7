"""What an agent's last message states of the call that its budget refused, with real prices."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackHandler

from scout_adapters import ScoutRouterChatModel
from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.errors import BudgetExceeded, ConfigurationError
from scout_adapters.testing import Emulator
from scout_adapters.testing.isolation.emulator_session import EmulatorSettings, emulator_session
from scout_adapters.testing.isolation.virtual_time import VirtualTime
from tests.agents.agents import QUESTION, last
from tests.support.weather import get_weather
from tests.system.docs.pages import PAGES

HAIKU = "anthropic/claude-haiku-4-5"
OSS = "groq/openai/gpt-oss-120b"
DOWN = {"provider": "groq", "model": "openai/gpt-oss-120b", "outcome": "capacity"}


def route(emulator: Emulator, **options: Any) -> ScoutRouterChatModel:
    entries = [
        {"model": name, "api_key": "k", "transport": emulator.transport()} for name in (OSS, HAIKU)
    ]
    return ScoutRouterChatModel(models=entries, max_retries=0, **options)


def test_the_agent_of_the_page_fails_over_within_its_budget() -> None:
    names: dict[str, Any] = {}
    settings = EmulatorSettings(down=["groq"])
    with emulator_session(settings, VirtualTime()) as emulator:
        exec(PAGES["docs/agents.md"].program, names)  # our own page
    assert "scout_budget" not in last(names["state"]).response_metadata
    assert names["limit"].spent_usd > 0
    assert {exchange.status for exchange in emulator.requests("anthropic")} == {200}


def test_the_last_message_names_the_model_the_missing_limit_and_the_attempts_before() -> None:
    emulator = Emulator(down=["groq"])
    agent = create_agent(route(emulator), [get_weather], middleware=[ScoutBudgetMiddleware("0.05")])
    message = last(agent.invoke(QUESTION))
    budget = message.response_metadata["scout_budget"]
    assert message.text == (
        "I stop here: the budget of $0.05 for this run does not allow the next call: "
        f"{HAIKU} may cost ${budget['asked_usd']:.6f} (its longest answer is held: set max_tokens "
        f'or answer_tokens="learned"), $0 is spent. Tried before: {OSS} (capacity).'
    )
    assert (budget["model"], budget["max_tokens_set"]) == (HAIKU, False)
    assert budget["attempts"] == [DOWN]


def test_with_a_limit_of_the_answer_the_message_does_not_advise_one() -> None:
    emulator = Emulator()
    model = route(emulator, max_tokens=500)
    agent = create_agent(model, [get_weather], middleware=[ScoutBudgetMiddleware("0.000001")])
    message = last(agent.invoke(QUESTION))
    assert "max_tokens" not in message.text
    assert message.response_metadata["scout_budget"]["max_tokens_set"] is True
    assert emulator.log == []


def test_a_misspelt_option_is_refused_with_the_nearest_one() -> None:
    misspelt: Any = {"answer_token": 5}
    with pytest.raises(ConfigurationError, match=r"no answer_token=; did you mean answer_tokens="):
        ScoutBudgetMiddleware(1, **misspelt)
    misspelt = {"perr": "day"}
    with pytest.raises(ConfigurationError, match=r"no perr=; did you mean per=\?"):
        ScoutBudgetMiddleware(1, **misspelt)


def test_cheaper_is_accepted_as_an_end_too_and_goes_on_to_what_the_money_allows() -> None:
    emulator = Emulator()
    entry = {"api_key": "k", "transport": emulator.transport()}
    entries: Any = [
        {"model": HAIKU, **entry},  # its longest answer is beyond the limit
        {"model": OSS, "max_tokens": 50, **entry},
    ]
    model = ScoutRouterChatModel(models=entries, max_retries=0)
    budget = ScoutBudgetMiddleware("0.01", on_exceeded="cheaper")
    message = last(create_agent(model, [get_weather], middleware=[budget]).invoke(QUESTION))
    assert "scout_budget" not in message.response_metadata
    assert {exchange.provider for exchange in emulator.log} == {"groq"}


def test_what_is_held_is_shown_while_a_call_runs() -> None:
    emulator = Emulator()
    budget = ScoutBudgetMiddleware("0.05")
    held: list[float] = []

    class Watched(BaseCallbackHandler):
        def on_scout_attempt_start(self, run: Any, attempt: Any) -> None:
            held.append(budget.held_usd)

        def on_scout_attempt_end(self, run: Any, record: Any) -> None:
            pass

    agent = create_agent(route(emulator, max_tokens=500), middleware=[budget])
    agent.invoke({"messages": [("user", "Hello")]}, {"callbacks": [Watched()]})
    assert held[0] > 0
    assert budget.held_usd == 0


def test_the_error_names_the_model_and_what_to_set() -> None:
    budget = ScoutBudgetMiddleware("0.0001", on_exceeded="raise", name="mine")
    agent = create_agent(route(Emulator()), [get_weather], middleware=[budget])
    with pytest.raises(
        BudgetExceeded, match=rf"^budget 'mine': {OSS} may cost .* \(its longest answer is held"
    ) as raised:
        agent.invoke(QUESTION)
    assert (raised.value.model, raised.value.limits_answer) == (OSS, False)
