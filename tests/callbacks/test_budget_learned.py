"""Holds of calls without `max_tokens`: their size follows the earlier answers of each model."""

from __future__ import annotations

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from scout_adapters import ScoutAnthropicChatModel, ScoutBudgetCallbackHandler
from scout_adapters.budget.answer_lengths import (
    ENOUGH_ANSWERS,
    MIN_ANSWER_TOKENS,
    REMEMBERED_ANSWERS,
    AnswerLengths,
)
from scout_adapters.errors import BudgetExceeded, ConfigurationError
from scout_adapters.testing import Emulator

MODEL = "claude-opus-4-5"
"""Its answers cost 25 dollars for a million tokens, and the longest has 32,000."""


def opus(emulator: Emulator, **options: int) -> ScoutAnthropicChatModel:
    transport = emulator.transport()
    return ScoutAnthropicChatModel(model=MODEL, api_key="sk", transport=transport, **options)


def test_a_small_budget_lets_a_cheap_call_of_a_large_model_pass(emulator: Emulator) -> None:
    model = opus(emulator)
    with pytest.raises(BudgetExceeded):
        model.invoke("hi", {"callbacks": [ScoutBudgetCallbackHandler(0.5)]})
    budget = ScoutBudgetCallbackHandler(0.5, answer_tokens="learned")
    for _ in range(30):
        model.invoke("hi", {"callbacks": [budget]})
    assert len(emulator.log) == 30
    assert 0 < budget.spent_usd < 0.5


def test_the_assumption_of_a_user_replaces_the_limit_that_the_wire_must_send(
    emulator: Emulator,
) -> None:
    config = {"callbacks": [ScoutBudgetCallbackHandler(0.05, answer_tokens=500)]}
    opus(emulator).invoke("hi", config)  # type: ignore[arg-type]  # a plain dict
    with pytest.raises(BudgetExceeded):  # the caller's own limit is none to assume less of
        opus(emulator, max_tokens=4000).invoke("hi", config)  # type: ignore[arg-type]  # as above


def test_the_longest_of_the_last_answers_is_assumed_and_a_floor_until_enough_were_seen() -> None:
    lengths = AnswerLengths()
    assert lengths.longest("a") == MIN_ANSWER_TOKENS
    lengths.add("a", 9000)
    assert lengths.longest("a") == 9000
    for _ in range(REMEMBERED_ANSWERS - 1):
        lengths.add("a", 50)
    assert lengths.longest("a") == 9000
    lengths.add("a", 70)
    assert (lengths.longest("a"), lengths.longest("b")) == (70, MIN_ANSWER_TOKENS)


def test_the_floor_ends_with_enough_answers() -> None:
    lengths = AnswerLengths()
    for number in range(ENOUGH_ANSWERS):
        assert lengths.longest("a") == MIN_ANSWER_TOKENS, number
        lengths.add("a", 50)
    assert lengths.longest("a") == 50


def test_a_longer_answer_than_all_before_is_booked_as_it_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    budget = ScoutBudgetCallbackHandler(0.5, answer_tokens="learned", unpriced="allow")
    usage = [(10, 100)] * ENOUGH_ANSWERS + [(10, 20_000)]
    answers = [
        AIMessage(
            "hi",
            usage_metadata={"input_tokens": i, "output_tokens": o, "total_tokens": i + o},
            response_metadata={"model_name": MODEL, "model_provider": "anthropic"},
        )
        for i, o in usage
    ]
    model = GenericFakeChatModel(
        messages=iter(answers), metadata={"ls_provider": "anthropic", "ls_model_name": MODEL}
    )
    for _ in answers:
        model.invoke("hi", {"callbacks": [budget]})
    (balance,) = budget.balances
    assert balance.spent == sum(i * 5_000 + o * 25_000 for i, o in usage)
    assert 0 < balance.overage < balance.spent
    assert "more than was held for it" in caplog.text
    with pytest.raises(BudgetExceeded):
        model.invoke("hi", {"callbacks": [budget]})


def test_answers_count_for_the_model_that_was_called_whatever_version_they_name() -> None:
    budget = ScoutBudgetCallbackHandler(0.6, answer_tokens="learned")
    answer = AIMessage(
        "hi",
        usage_metadata={"input_tokens": 10, "output_tokens": 20_000, "total_tokens": 20_010},
        response_metadata={"model_name": f"{MODEL}-20251101", "model_provider": "anthropic"},
    )
    model = GenericFakeChatModel(
        messages=iter([answer]), metadata={"ls_provider": "anthropic", "ls_model_name": MODEL}
    )
    model.invoke("hi", {"callbacks": [budget]})
    with pytest.raises(BudgetExceeded) as refused:
        model.invoke("hi", {"callbacks": [budget]})
    assert refused.value.asked_usd is not None
    assert refused.value.asked_usd > 20_000 * 25 / 1_000_000


@pytest.mark.parametrize("value", ["usual", 0])
def test_nothing_else_can_be_assumed(value: object) -> None:
    with pytest.raises(ConfigurationError, match="answer_tokens="):
        ScoutBudgetCallbackHandler(1, answer_tokens=value)  # type: ignore[arg-type]  # on purpose
