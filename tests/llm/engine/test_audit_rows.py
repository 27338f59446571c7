"""Every attempt is two rows of the audit log, on every path."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from scout_adapters import ScoutAuditCallbackHandler
from scout_adapters.errors import StreamInterrupted
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.llm.providers import registry
from tests.llm.engine.runs import ROUTE, call
from tests.support.fake_http import GROQ, OPENAI


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set an audit log in the environment, in a folder that does not exist yet."""
    path = tmp_path / "deep" / "audit.jsonl"
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(path))
    return path


def rows(path: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("by", ["handler", "environment", "both"])
@pytest.mark.parametrize("path", ["invoke", "ainvoke", "stream", "astream", "invoke(stream=True)"])
async def test_every_attempt_is_an_intent_and_an_outcome(
    path, by, providers, wire, router, log
) -> None:
    if by == "handler":
        del os.environ["SCOUT_AUDIT_PATH"]
    config = {"callbacks": [ScoutAuditCallbackHandler(str(log))]} if by != "environment" else {}
    providers.on(GROQ, wire.refuse(500))
    providers.on(OPENAI, wire.say())
    await call(path, router(*ROUTE, max_retries=0), config)
    written = rows(log)
    assert [(r["event"], r["provider"]) for r in written] == [
        ("llm_intent", "groq"),
        ("llm_attempt", "groq"),
        ("llm_intent", "openai"),
        ("llm_attempt", "openai"),
    ]
    assert [written[1]["outcome"], written[3]["outcome"]] == ["server_error", "ok"]
    assert (written[3]["input_t"], written[3]["output_t"]) == (10, 5)
    assert written[3]["cost"] > 0
    assert len({r["run_id"] for r in written}) == 1
    text = log.read_text()
    assert "key-of-openai" not in text
    assert fingerprint("key-of-openai") in text


async def test_the_intent_is_written_before_the_request_leaves(
    providers, wire, groq, ask, log
) -> None:
    before: list[list[str]] = []

    def reply(request: Any) -> Any:
        before.append([row["event"] for row in rows(log)])
        return wire.say()(request)

    providers.on(GROQ, reply)
    await ask(groq())
    assert before == [["llm_intent"]]


def test_a_stream_that_is_left_early_has_an_outcome(providers, wire, groq, log) -> None:
    providers.on(GROQ, wire.say("hello"))
    stream = groq().stream("hi")
    next(stream)
    stream.close()
    assert [r.get("outcome") for r in rows(log)] == [None, "cancelled"]


def test_a_broken_stream_has_an_outcome_with_what_is_known(providers, wire, groq, log) -> None:
    providers.on(GROQ, wire.sse(wire.delta("to", usage=wire.USAGE)))
    with pytest.raises(StreamInterrupted):
        list(groq().stream("hi"))
    outcome = rows(log)[1]
    assert (outcome["outcome"], outcome["input_t"]) == ("stream_interrupted", 10)


async def test_calls_without_langchain_are_audited_too(
    providers, wire, log, monkeypatch, respx_mock
) -> None:
    from scout_adapters.llm import call_llm

    monkeypatch.setenv("GROQ_API_KEY", "gsk_a")
    respx_mock.post("https://api.groq.com/openai/v1/chat/completions").mock(side_effect=wire.say())
    await call_llm("hi", provider="groq")
    assert [r["event"] for r in rows(log)] == ["llm_intent", "llm_attempt"]
    await registry.get("groq").call(model="m", prompt="hi")
    assert [r["event"] for r in rows(log)] == ["llm_intent", "llm_attempt"] * 2


async def test_other_peoples_models_are_logged_by_call(tmp_path) -> None:
    log = tmp_path / "audit.jsonl"
    usage = {"input_tokens": 1000, "output_tokens": 1000, "total_tokens": 2000}
    about = {"model_name": "gpt-4o-mini", "model_provider": "openai"}
    message = AIMessage("x", usage_metadata=usage, response_metadata=about)
    model = GenericFakeChatModel(messages=iter([message]))
    model.invoke("hi", {"callbacks": [ScoutAuditCallbackHandler(str(log))]})
    intent, outcome = rows(log)
    assert (intent["event"], intent["run_id"]) == ("llm_intent", outcome["run_id"])
    assert (outcome["outcome"], outcome["provider"], outcome["input_t"]) == ("ok", "openai", 1000)


def test_rows_of_many_threads_do_not_mix(tmp_path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from scout_adapters.audit.process_log import get_audit

    log = tmp_path / "audit.jsonl"
    with ThreadPoolExecutor(8) as threads:
        for number in range(400):
            threads.submit(get_audit(log).log, "e", reason="x" * 500, number=number)
    assert sorted(row["number"] for row in rows(log)) == list(range(400))
