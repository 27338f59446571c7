"""Options of one call: by `invoke`, by `stream`, and bound; the model itself stays as it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError
from tests.chat_models.models import ROUTE, entry
from tests.chat_models.request_parts import providers_of, sent_option
from tests.support.verbs import VERBS, call_model

OTHER = {
    "groq": "openai/gpt-oss-120b",
    "google": "gemini-2.5-pro",
    "minimax": "MiniMax-M2.7",
    "anthropic": "claude-sonnet-4-5",
    "openai": "gpt-4.1",
    "openrouter": "anthropic/claude-sonnet-4.5",
}


def other_model(name: str) -> str:
    return "anthropic/claude-haiku-4-5" if name == "router" else OTHER[name]


@pytest.mark.parametrize("how", ["called", "bound"])
@pytest.mark.parametrize("verb", VERBS)
async def test_a_calls_options_are_sent_and_win_over_the_models(
    verb, how, name, make, emulator
) -> None:
    model = make(temperature=0.9, max_tokens=999, stop=["never"])
    options = {"temperature": 0.25, "max_tokens": 33, "stop": ["emulator"]}
    message = await call_model(*_arguments(model, options, how, verb))
    await call_model(model, verb)
    first, second = emulator.log
    provider = providers_of(name)[0]
    for exchange, expected in ((first, (0.25, 33, ["emulator"])), (second, (0.9, 999, ["never"]))):
        sent = [
            sent_option(provider, exchange.body, option)
            for option in ("temperature", "max_tokens", "stop")
        ]
        assert tuple(sent) == expected
    assert message.text == "This is the "


def _arguments(model: Any, options: Any, how: str, verb: str) -> tuple[Any, ...]:
    return (model.bind(**options), verb) if how == "bound" else (_With(model, options), verb)


class _With:
    """Calls a model with options by any verb."""

    def __init__(self, model: Any, options: Any) -> None:
        self._model, self._options = model, options

    def __getattr__(self, verb: str) -> Any:
        method = getattr(self._model, verb)
        return lambda messages, config: method(messages, config, **self._options)


@pytest.mark.parametrize("how", ["called", "bound"])
@pytest.mark.parametrize("verb", VERBS)
async def test_a_call_can_name_another_model(verb, how, name, make, emulator) -> None:
    model = make()
    message = await call_model(*_arguments(model, {"model": other_model(name)}, how, verb))
    (exchange,) = emulator.log
    expected = (
        other_model(name).removeprefix("anthropic/") if name == "router" else other_model(name)
    )
    assert exchange.model == expected
    assert message.response_metadata["scout"]["model"] == expected
    assert message.response_metadata["model_name"].startswith(expected)
    await call_model(model, verb)
    assert emulator.log[-1].model != expected


def test_a_route_answers_by_the_candidate_that_a_call_names(emulator) -> None:
    models = [entry(provider, emulator) for provider in ROUTE]
    router = ScoutRouterChatModel(models=models)
    for each in models:
        by_name = router.invoke("Hello", model=each["model"])
        assert emulator.log[-1].provider == each["model"].partition("/")[0]
        assert emulator.log[-1].key == each["api_key"]
        bare = router.invoke("Hello", model=each["model"].partition("/")[2])
        assert by_name.text.partition(". ")[0] == bare.text.partition(". ")[0]


async def test_the_stop_words_of_a_call_may_be_one_text(name, model, emulator) -> None:
    await model.ainvoke("Hello", stop=["emulator"])
    model.bind(stop="emulator").invoke("Hello")
    provider = providers_of(name)[0]
    sent = [sent_option(provider, exchange.body, "stop") for exchange in emulator.log]
    assert sent == [["emulator"], ["emulator"]]


def test_bound_options_reach_every_part_of_a_batch(name, model, emulator) -> None:
    model.bind(max_tokens=7).batch(["Hello", "Hey", "Good day"])
    provider = providers_of(name)[0]
    assert [sent_option(provider, e.body, "max_tokens") for e in emulator.log] == [7, 7, 7]


async def test_an_option_that_the_provider_documents_goes_into_the_body(
    name, model, emulator
) -> None:
    option = "top_k" if providers_of(name)[0] == "anthropic" else "seed"
    await model.bind(**{option: 7}).ainvoke("Hello")
    (exchange,) = emulator.log
    fields = exchange.body.get("generationConfig", exchange.body)
    assert fields[option] == 7


@pytest.mark.parametrize("value", ["100", 1.5, True, [5]])
def test_a_bound_of_the_answer_that_is_no_whole_number_is_refused(value: Any, emulator) -> None:
    model = ScoutRouterChatModel(models=[entry(provider, emulator) for provider in ROUTE])
    with pytest.raises(ConfigurationError, match=r"max_tokens= takes a whole number"):
        model.invoke("hi", max_tokens=value)
    assert emulator.log == []


NO_NUMBERS = ["0.5", "hot", date(2026, 1, 1), Decimal("0.5"), [1], {}]
NO_TEXTS = [7, 0.5, True, [1, 2], ["END", None], b"END", date(2026, 1, 1)]
WRONG = {
    "temperature": (NO_NUMBERS, "temperature= takes a number: "),
    "top_p": (NO_NUMBERS, "top_p= takes a number: "),
    "stop": (NO_TEXTS, "stop= takes a text or a list of texts: "),
}


@pytest.mark.parametrize("where", ["call", "bind", "entry"])
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [(option, value, text) for option, (values, text) in WRONG.items() for value in values],
)
def test_an_option_of_another_type_is_refused_by_its_name(
    option: str, value: Any, message: str, where: str, emulator
) -> None:
    own = {option: value}

    def call() -> None:
        first = entry(ROUTE[0], emulator) | (own if where == "entry" else {})
        model = ScoutRouterChatModel(models=[first])
        (model.bind(**own) if where == "bind" else model).invoke("hi", **call_options)

    call_options = own if where == "call" else {}
    with pytest.raises(ConfigurationError, match=message):
        call()
    assert emulator.log == []


@pytest.mark.parametrize("stop", ["END", ["END"], ("END",), iter(["END"])])
def test_stop_texts_may_come_in_any_iterable(stop: Any, emulator) -> None:
    ScoutRouterChatModel(models=[entry("groq", emulator)]).invoke("hi", stop=stop)
    assert emulator.log[0].body["stop"] == ["END"]
