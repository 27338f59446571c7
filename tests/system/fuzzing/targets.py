"""What is fuzzed: each target makes cases (JSON values) of a seed, and judges them.

The result of a case is a good value or a named error, and nothing else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any

import orjson
from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters.errors import MalformedResponse, ProviderError, ProviderRefusal
from scout_adapters.llm.failures import error_from_response, is_permanent_error
from scout_adapters.llm.failures.error_body import read_error_body
from scout_adapters.llm.failures.provider_rules import PROVIDERS
from scout_adapters.llm.failures.retry_after import retry_after
from scout_adapters.llm.transport.body import EventBody
from scout_adapters.llm.transport.sse import EventDecoder
from tests.support.verbs import merge_chunks
from tests.system.fuzzing import seeds
from tests.system.fuzzing.mutate import (
    Rng,
    garbled,
    monster,
    rarely_monstrous,
    scalar,
    shuffled,
    spoil,
    spoilt,
    value,
)

NAMED = (ProviderRefusal, MalformedResponse)
"""All that a wire may raise: of these alone the engine knows what to do."""

NOW = datetime(2026, 5, 15, 12, 0, tzinfo=UTC)
LONGEST = 700
"""Bytes of a stream: what is cut at every place need not be long."""

Case = Any


EMPTY = AIMessageChunk(content="")
"""What a stream without events adds up to."""


@dataclass(frozen=True)
class Target:
    """Cases to try, and what to try with them; `run` raises where something is wrong."""

    make: Callable[[Rng], Case]
    run: Callable[[Case], None]


def make_whole(wire: str, rng: Rng) -> Case:
    return spoilt(rng, seeds.wholes(wire))


def run_whole(wire: str, body: Case) -> None:
    spec = seeds.card(wire)
    try:
        message = spec.wire.parse_response(body, spec)
    except NAMED:
        return
    _check_message(message)


def make_events(wire: str, rng: Rng) -> Case:
    events = orjson.loads(rng.choice(seeds.event_lists(wire)))
    for _ in range(rng.randrange(4)):
        if not events:
            break
        at = rng.randrange(len(events))
        events[at] = spoil(rng, events[at], _firsts(wire))
    return rarely_monstrous(rng, shuffled(rng, events))


def _firsts(wire: str) -> Sequence[bytes]:
    return seeds.wholes(wire)


def run_events(wire: str, events: Case) -> None:
    spec = seeds.card(wire)
    reader = spec.wire.reader(spec)
    chunks: list[AIMessageChunk] = []
    try:
        chunks.extend(chunk for event in events if (chunk := reader.feed(event)) is not None)
    except NAMED:
        finished = False
    else:
        finished = reader.finished
    if not finished:
        merge_chunks(chunks or [EMPTY])
        return
    last = reader.close()
    assert last.chunk_position == "last"
    _check_message(merge_chunks([*chunks, last]))


def _check_message(message: AIMessage) -> None:
    assert isinstance(message, AIMessage)
    assert isinstance(message.text, str)
    assert isinstance(message.content_blocks, list)
    usage = message.usage_metadata
    if usage is not None:
        counts = (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"])
        assert all(type(count) is int for count in counts), counts
    for call in message.tool_calls:
        assert isinstance(call["name"], str)
        assert isinstance(call["args"], dict)


def make_sse(rng: Rng) -> Case:
    wire = rng.choice(list(seeds.SPEAKERS))
    data = rng.choice(seeds.streams(wire))
    if len(data) > LONGEST:
        at = rng.randrange(len(data) - LONGEST)
        data = data[at : at + LONGEST]
    data = garbled(rng, data)
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(1, 9)))
    return {"stream": data.decode("latin-1"), "cuts": cuts, "limit": rng.choice((20, 2000, 10**6))}


def run_sse(case: Case) -> None:
    """The same bytes give the same events, however cut; none is longer than allowed."""
    data, limit = case["stream"].encode("latin-1"), case["limit"]
    edges = [0, *case["cuts"], len(data)]
    pieces = [data[a:b] for a, b in pairwise(edges)]
    split, whole = _decoded(pieces, limit), _decoded([data], limit)
    bytewise = split if len(data) % 4 else _decoded([bytes([byte]) for byte in data], limit)
    if None not in (split, whole, bytewise):
        assert split == whole == bytewise
        assert all(len(event) <= limit + event.count(b"\n") for event in whole or ())
    _end(pieces)


def _decoded(pieces: list[bytes], limit: int) -> list[bytes] | None:
    decoder = EventDecoder(limit)
    try:
        return [event for piece in pieces for event in decoder.feed(piece)] + decoder.finish()
    except MalformedResponse:
        return None


def _end(pieces: list[bytes]) -> None:
    """Read the same as the body of an answer."""
    body = EventBody()
    try:
        for piece in pieces:
            body.add(piece)
            if body.done:
                return
        body.finish()
    except MalformedResponse:
        return


HEADERS = (
    "Retry-After", "retry-after", "retry-after-ms", "Date", "date", "x-ratelimit-reset",
    "x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens", "ratelimit", "x-request-id",
    "anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining", "content-type",
)  # fmt: skip
HEADER_VALUES = (
    "0", "2", "61", "-1", "1e400", "nan", "inf", "20s", "1m26.4s", "2m59.56s", "34.07s", "644ms",
    "Fri, 15 May 2026 12:00:26 GMT", "Fri, 15 May 99999 12:00:26 GMT", "2026-05-15T15:00:00Z",
    "2026-05-15T15:00:00+99:00", '"10";r=0;t=26', '"a";q=1;r=0;t=9999999999', "1779000000",
    "1779000000000", "9" * 400, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", " 7 ", "٣",
    "Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359", "\x00", "😀", "",
)  # fmt: skip
SENTENCES = (
    "Please try again in 7m12s.", "try again in 99999999999 days", "resets at 2026-05-15",
    "resets on 0001-01-01 at 00:00", "access resumes on 9999-12-31T23:59:59-12:00", "Limit 1",
    "Rate limit reached for m on tokens per day (TPD): Limit 5, Used 5, Requested 9. try again in",
    "invalid api key", "insufficient_quota", "wait about 1 hour, 30 minutes", "(1008)", "429",
)  # fmt: skip


def headers_of(rng: Rng) -> dict[str, str]:
    """Make the headers of a refusal."""
    chosen = rng.sample(HEADERS, rng.randrange(5))
    return {name: _header(rng) for name in chosen}


def _header(rng: Rng) -> str:
    value = rng.choice(HEADER_VALUES)
    if rng.random() < 0.3 and value:
        at = rng.randrange(len(value))
        return value[:at] + rng.choice(("", "9", "-", " ", ",", ".")) + value[at + 1 :]
    return value


def error_body(rng: Rng) -> Any:
    """Make the body of a refusal, of those that are known, spoilt."""
    body = spoilt(rng, ERRORS)
    if rng.random() < 0.3 and isinstance(body, dict):
        holder = body["error"] if isinstance(body.get("error"), dict) else body
        tail = "x" * 3000 if rng.random() < 0.02 else rng.choice(("", " ", "!"))
        holder["message"] = rng.choice(SENTENCES) + tail
        names = ("retry_after", "resets_at", "resets_in_seconds", "estimated_time", "details")
        holder[rng.choice(names)] = rng.choice((_header(rng), scalar(rng), value(rng)))
    return body


def _known_errors() -> list[bytes]:
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "26s"}
    quota = {"violations": [{"quotaId": "PerDay", "quotaValue": "0"}], "reason": "X"}
    upstream = {"provider_name": "Groq", "raw": '{"error":{"message":"limit"}}'}
    errors: list[Any] = [
        {"error": {"message": "Rate limit", "type": "tokens", "code": "rate_limit_exceeded"}},
        {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [detail, quota]}},
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        {"base_resp": {"status_code": 1002, "status_msg": "limit (1002)"}, "choices": None},
        {"error": {"message": "m", "code": 429, "metadata": upstream}},
        {"detail": [{"loc": ["body", 0], "msg": "bad", "type": "t"}], "request_id": "r"},
        {"error": "a sentence", "message": "beside it", "x_groq": {"error": "e"}},
        {"choices": [{"error": {"code": 502, "message": "m", "metadata": {"raw": {"error": 1}}}}]},
        {"error": {"innererror": {"code": "ResponsibleAIPolicyViolation"}, "metadata": {}}},
    ]
    return [json.dumps(body).encode() for body in errors]


ERRORS = _known_errors()
FORMS = ("json", "json", "parsed", "parsed", "bytes", "page", "event", "utf-16")


def make_refusal(rng: Rng) -> Case:
    status = rng.choice((200, 302, 400, 401, 402, 403, 404, 413, 429, 498, 500, 503, 529, 0, 999))
    body = monster(rng) if rng.random() < 0.002 else error_body(rng)
    return {
        "provider": rng.choice((*PROVIDERS, "deepseek", "any", "")),
        "status": status,
        "headers": headers_of(rng),
        "body": body,
        "form": rng.choice(FORMS),
    }


def _in_form(body: Any, form: str) -> Any:
    if form == "parsed":
        return body
    try:
        text = json.dumps(body)
    except RecursionError:
        text = '{"error":' * 5000
    match form:
        case "page":
            return f"<html><title>{text}</title></html>".encode()
        case "event":
            return f"event: error\ndata: {text}\n\n".encode()
        case "utf-16":
            return text.encode("utf-16")
        case "bytes":
            return text.encode()[: len(text) // 2] + b"\xff\xfe"
    return text.encode()


def run_refusal(case: Case) -> None:
    error = error_from_response(
        case["provider"],
        status=case["status"],
        headers=case["headers"],
        body=_in_form(case["body"], case["form"]),
        now=NOW,
    )
    _check_refusal(error)


def _check_refusal(error: ProviderError) -> None:
    assert len(error.message) <= 512
    assert len(error.response.text) <= 4096
    assert len(error.code or "") <= 100
    assert len(error.request_id or "") <= 128
    assert str(error).isprintable() or "\u2028" in str(error) or not str(error).isascii()
    str(error).encode()
    _check_wait(error.retry_after)
    is_permanent_error(error)


def _check_wait(seconds: float | None) -> None:
    assert seconds is None or (math.isfinite(seconds) and 0 <= seconds <= 32 * 86400), seconds


def make_wait(rng: Rng) -> Case:
    provider = rng.choice((*PROVIDERS, "cerebras", "any"))
    moment = rng.choice((0.0, 1.0, 1_779_000_000.0, 253_402_300_799.0, -62_135_596_800.0))
    body, message = error_body(rng), rng.choice((*SENTENCES, *HEADER_VALUES))
    headers = {name.lower(): value for name, value in headers_of(rng).items()}
    return {"of": provider, "at": moment, "headers": headers, "body": body, "message": message}


def run_wait(case: Case) -> None:
    now = datetime.fromtimestamp(case["at"], UTC)
    report = read_error_body(case["body"])
    for payload in (case["body"], report.error):
        _check_wait(retry_after(case["of"], case["headers"], payload, case["message"], now))


class Foreign(Exception):  # an error of another library
    """An exception with a response, as HTTP libraries and SDKs raise it."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        super().__init__(case["text"])
        self.response = type("Response", (), dict(case["response"]))()


def make_exception(rng: Rng) -> Case:
    content = _in_form(error_body(rng), rng.choice(FORMS))
    arguments: dict[str, Any] = {"status_code": rng.choice((401, 429, 200, None, "401", True))}
    if rng.random() < 0.8:
        arguments["headers"] = rng.choice((headers_of(rng), None, [], value(rng)))
    if rng.random() < 0.8:
        arguments["content"] = content.decode("latin-1") if isinstance(content, bytes) else content
    return {"text": str(rng.choice((*SENTENCES, scalar(rng)))), "response": arguments}


def run_exception(case: Case) -> None:
    assert is_permanent_error(Foreign(case)) in {True, False}
    assert is_permanent_error(RuntimeError(case["text"])) in {True, False}


def wired(make: Callable[..., Any], run: Callable[..., Any], name: str) -> dict[str, Target]:
    """Make one target for each wire."""
    wires = seeds.SPEAKERS
    return {f"{w}-{name}": Target(partial(make, w), partial(run, w)) for w in wires}


TARGETS: dict[str, Target] = {
    **wired(make_whole, run_whole, "whole"),
    **wired(make_events, run_events, "stream"),
    "sse": Target(make_sse, run_sse),
    "refusal": Target(make_refusal, run_refusal),
    "retry-after": Target(make_wait, run_wait),
    "permanent": Target(make_exception, run_exception),
}
