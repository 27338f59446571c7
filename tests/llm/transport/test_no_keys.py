"""No key shows in an error of the transport, in a model or in a log."""

from __future__ import annotations

import pickle
from typing import Any

import httpx
import pytest

from scout_adapters.errors import ProviderError
from tests.llm.transport.exchanges import CANARY
from tests.support.fake_http import GROQ
from tests.support.key_leaks import attached_values, key_forms, key_leaks

pytestmark = pytest.mark.usefixtures("carried")


def echo(status: int) -> Any:
    """Answer with the key in the message, a header, a detail and outside of JSON."""

    def reply(request: httpx.Request) -> httpx.Response:
        error = {"message": f"Consumer 'api_key:{CANARY}' suspended", "code": CANARY}
        body = {"error": error | {"details": [{"metadata": {"consumer": CANARY}}]}}
        headers = {"x-request-id": CANARY, "retry-after": "99"}
        return httpx.Response(status, json=body, headers=headers)

    return reply


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
    assert not [
        x for x in attached_values(caught.value) if isinstance(x, httpx.Request | httpx.Response)
    ]
    assert key_leaks([CANARY], [caught.value]) == []
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
    assert [text for text in shown if any(part in text for part in key_forms(CANARY))] == []


@pytest.mark.parametrize("form", sorted(key_forms(CANARY))[:: len(CANARY) // 4])
def test_a_part_of_a_key_is_found_wherever_it_hangs(form: str) -> None:
    error = ValueError("outer")
    error.__context__ = KeyError({"details": [form]})
    assert key_leaks([CANARY], [error]) != []
    assert key_leaks([CANARY], [ValueError("outer")], ["nothing"]) == []
