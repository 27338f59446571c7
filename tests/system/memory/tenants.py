"""Calls in which callers and providers choose a new name for everything that has one."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpx
from langchain_core.messages import AIMessage

from scout_adapters import (
    ScoutBudgetCallbackHandler,
    ScoutCostCallbackHandler,
    ScoutOpenAIChatModel,
)
from scout_adapters.errors import ScoutError
from scout_adapters.llm.transport.http_transport import Transport

LONG_EVERY, LONG = 50, 20_000
"""One name in so many has so many characters."""


def name_of(kind: str, number: int) -> str:
    return f"{kind}-{number}-" + "x" * (LONG if number % LONG_EVERY == 0 else 0)


class NewNames(httpx.BaseTransport):
    """Answers each request with a new organisation, tier, model and id; some with a refusal."""

    def __init__(self) -> None:
        self.requests = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        number = self.requests = self.requests + 1
        headers = {
            "openai-organization": name_of("org", number),
            "x-request-id": name_of("request", number),
            "x-ratelimit-remaining-requests": "900",
            "x-ratelimit-reset-requests": "1h",
        }
        if number % 5 == 1:
            body = {"error": {"message": name_of("limit", number), "code": "rate_limit_exceeded"}}
            return httpx.Response(429, headers={**headers, "retry-after": "60"}, json=body)
        if number % 5 == 2:
            body = {"error": {"message": "no such model", "code": "model_not_found"}}
            return httpx.Response(404, headers=headers, json=body)
        return httpx.Response(200, headers=headers, json=_answer(number))


def _answer(number: int) -> dict[str, Any]:
    message = {"role": "assistant", "content": "hello"}
    return {
        "id": name_of("answer", number),
        "model": name_of("served", number),
        "service_tier": name_of("tier", number),
        "system_fingerprint": name_of("print", number),
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
    }


class Tenants:
    """An application that serves many tenants, with handlers that live as long as it does."""

    def __init__(self) -> None:
        self.names = NewNames()
        self.costs = ScoutCostCallbackHandler()
        self.budget = ScoutBudgetCallbackHandler(9, per="call", unpriced="allow")
        self.shared = self._model(model="gpt-5-mini", api_key="sk-shared-0123456789")
        self.answered = 0

    def _model(self, **options: Any) -> ScoutOpenAIChatModel:
        return ScoutOpenAIChatModel(**{"transport": self.names, "max_retries": 0, **options})

    def _config(self, number: int) -> Any:
        return {
            "callbacks": [self.costs, self.budget],
            "tags": [name_of("tag", number)],
            "metadata": {"user_id": name_of("user", number)},
        }

    def call(self, number: int) -> None:
        """Call the shared model for a new model, and a new model with a key and address of its own.

        One in ten new models has a transport of its own.
        """
        transport = Transport(self.names) if number % 10 == 0 else self.names
        own = self._model(
            model=name_of("model", number),
            api_key=f"sk-tenant-{number:09}",
            base_url=f"https://tenant-{number}.example/v1",
            default_headers={"x-tenant": f"t{number}"},
            transport=transport,
        )
        for model, options in ((self.shared, {"model": f"shared-{number}"}), (own, {})):
            with suppress(ScoutError):
                answer: AIMessage = model.invoke("hi", self._config(number), **options)
                self.answered += bool(answer.text)


def play(tenants: Tenants, numbers: Iterable[int]) -> None:
    """Make the calls of these numbers, without log messages."""
    logging.disable(logging.CRITICAL)
    try:
        for number in numbers:
            tenants.call(number)
    finally:
        logging.disable(logging.NOTSET)
