"""No key shows in an error of the transport, in a model or in a log."""

from __future__ import annotations

import base64
import pickle
import traceback
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from scout_adapters.errors import ProviderError
from tests.llm.transport.exchanges import CANARY
from tests.support.fake_http import GROQ

pytestmark = pytest.mark.usefixtures("carried")


def graph(error: BaseException) -> Iterator[Any]:
    """Walk all that hangs on an exception: causes, contexts, notes, arguments, attributes."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, type | int | float | bool | None):
            continue
        seen.add(id(value))
        yield value
        if isinstance(value, BaseException):
            waiting += [value.__cause__, value.__context__, value.args]
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            waiting += value
        elif hasattr(value, "__dict__"):
            waiting += vars(value).values()
        elif hasattr(value, "__slots__"):
            waiting += [getattr(value, name, None) for name in value.__slots__]


def disguises(key: str) -> set[str]:
    coded = base64.b64encode(key.encode()).decode().rstrip("=")
    return {key[i : i + 8] for i in range(4, len(key) - 7)} | {key, quote(key), coded}


def echo(status: int) -> Any:
    """Answer with the key in the message, a header, a detail and outside of JSON."""

    def reply(request: httpx.Request) -> httpx.Response:
        error = {"message": f"Consumer 'api_key:{CANARY}' suspended", "code": CANARY}
        body = {"error": error | {"details": [{"metadata": {"consumer": CANARY}}]}}
        headers = {"x-request-id": CANARY, "retry-after": "99"}
        return httpx.Response(status, json=body, headers=headers)

    return reply


def leaks(error: BaseException) -> list[str]:
    texts = [f"{x!r} {x}" if not isinstance(x, str | bytes) else repr(x) for x in graph(error)]
    texts += traceback.format_exception(error)
    return [text[:200] for text in texts if any(part in text for part in disguises(CANARY))]


@pytest.mark.parametrize(
    "failure",
    [
        "401",
        "403",
        "429",
        "500",
        "network",
        "timeout",
        "rubbish that echoes",
        "page",
        "interrupted",
    ],
)
async def test_an_error_holds_neither_the_request_nor_the_key(
    failure, providers, wire, groq, ask
) -> None:
    replies = {
        "network": wire.fail(httpx.ConnectError),
        "timeout": wire.fail(httpx.ReadTimeout),
        "rubbish that echoes": lambda request: httpx.Response(200, text=f"{{{CANARY}"),
        "page": lambda request: httpx.Response(502, html=f"<html>{CANARY}</html>"),
        "interrupted": wire.sse(wire.delta("to"), httpx.ReadError("cut")),
    }
    providers.on(GROQ, replies.get(failure) or echo(int(failure)))
    with pytest.raises(ProviderError) as caught:
        await ask(groq(CANARY, max_retries=0))
    assert not [x for x in graph(caught.value) if isinstance(x, httpx.Request | httpx.Response)]
    assert leaks(caught.value) == []
    assert CANARY.encode() not in pickle.dumps(caught.value)


async def test_neither_model_nor_logs_show_a_key(providers, wire, groq, ask, caplog) -> None:
    from langchain_core.load import dumps

    caplog.set_level(0)
    providers.on(GROQ, echo(401))
    model = groq(CANARY, default_headers={"x-secret": CANARY})
    with pytest.raises(ProviderError):
        await ask(model)
    shown = [
        repr(model),
        str(model),
        dumps(model),
        str(model.model_dump()),
        model.model_dump_json(),
    ]
    shown += [repr(model.client), repr(model.client.keys), repr(model.client.endpoint), caplog.text]
    shown += [repr(model._identifying_params), repr(model._get_llm_string())]
    shown += [pickle.dumps(model).decode("latin1")] if not model.client._api_keys else []
    assert [text for text in shown if any(part in text for part in disguises(CANARY))] == []
