"""Requests that mean the same as a recorded one, and requests that do not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from vcr.request import Request as Recorded

from scout_adapters.testing.replay.request_matching import compare, renamed

GROQ = "https://api.groq.com/openai/v1/chat/completions"
ONE, OTHER, THIRD = (
    "6f1c2f3e-8f5d-4e0c-9b7a-2f6f4f0d9a11",
    "0b0e7b64-9d0e-1b9b-8a55-0c8a5a5d3f22",
    "f2c6d1a0-0c7e-7d7f-9d3e-7d2f4c1b8e44",
)


def post(body: Any, url: str = GROQ, method: str = "POST") -> Recorded:
    return Recorded(method, url, json.dumps(body).encode(), {})


def same(recorded: Any, current: Any) -> bool:
    return compare(post(recorded), post(current)).same


@pytest.mark.parametrize(
    ("recorded", "current"),
    [
        ({"a": 1, "b": [{"c": 2, "d": 3}]}, {"b": [{"d": 3, "c": 2}], "a": 1}),
        ({"temperature": 0}, {"temperature": 0.0}),
        ([f"run {ONE} of {OTHER}"], [f"run {OTHER} of {THIRD}"]),
        ([ONE, ONE.replace("-", "")], [OTHER, OTHER.replace("-", "")]),
        (
            [{"id": "call_abc123defg"}, {"tool_call_id": "call_abc123defg"}],
            [{"id": "call_xyz789hijk"}, {"tool_call_id": "call_xyz789hijk"}],
        ),
        ([{"tool_use_id": "toolu_01A09q90qw"}], [{"tool_use_id": "lc_run--77e1aa02"}]),
        ({"content": "my key is KEY!"}, {"content": "my key is s3cr3t-of-mine!"}),
    ],
)
def test_the_same_meaning_matches(recorded: Any, current: Any) -> None:
    assert same(recorded, current)


@pytest.mark.parametrize(
    ("recorded", "current", "where"),
    [
        ({"a": [1, 2]}, {"a": [2, 1]}, "$.a[0]"),
        ({"a": None}, {}, "$.a"),
        ({"stream": True}, {"stream": 1}, "$.stream"),
        ([ONE, ONE], [OTHER, THIRD], "$[1]"),
        ([ONE, OTHER], [THIRD, THIRD], "$[1]"),
        ([f"delete {ONE}"], ["delete all"], "$[0]"),
        ({"model": "gpt-6"}, {"model": "gpt-5"}, "$.model"),
        ({"name": "call_abc123defg"}, {"name": "get_weather"}, "$.name"),
        ({"content": "my key is KEY!"}, {"content": "my key is a b!"}, "$.content"),
    ],
)
def test_another_meaning_differs_and_the_place_is_named(
    recorded: Any, current: Any, where: str
) -> None:
    assert where in [place for place, *_ in compare(post(recorded), post(current)).differences]


AZURE = "https://{}.openai.azure.com/openai/v1/chat/completions"
VERTEX = (
    "https://{1}-aiplatform.googleapis.com/v1/projects/{0}/locations/{1}"
    "/publishers/google/models/gemini-3.5-flash:generateContent"
)


@pytest.mark.parametrize(
    ("recorded", "current", "where"),
    [
        (AZURE.format("mine"), AZURE.format("yours"), None),
        (VERTEX.format("a", "us-central1"), VERTEX.format("b", "europe-west4"), None),
        ("http://127.0.0.1:8123/v1/messages", "http://localhost:9000/v1/messages", None),
        (f"{GROQ}?a=1&b=2", f"{GROQ}?b=2&a=1", None),
        (GROQ, "https://api.openai.com/openai/v1/chat/completions", "host"),
        (GROQ, GROQ.replace("chat/", ""), "path"),
        (f"{GROQ}?version=1", f"{GROQ}?version=2", "query"),
    ],
)
def test_hosts_of_a_provider_are_one(recorded: str, current: str, where: str | None) -> None:
    differences = compare(post({}, recorded), post({}, current)).differences
    assert [place for place, *_ in differences] == ([] if where is None else [where])


def test_the_answer_has_the_ids_of_the_request() -> None:
    comparison = compare(post([f"run {ONE}", OTHER]), post([f"run {OTHER}", ONE]))
    body = renamed(f"{ONE} and {OTHER} and {THIRD}".encode(), comparison.renaming.changes)
    assert body.decode() == f"{OTHER} and {ONE} and {THIRD}"


def test_a_recording_with_the_same_ids_is_nearer_than_one_with_others() -> None:
    current = post([ONE])
    ranks = [compare(post([recorded]), current).rank for recorded in (ONE, OTHER, "else")]
    assert ranks == sorted(ranks)
    assert ranks[0] < ranks[1]


def test_a_recording_of_the_same_words_is_nearer_than_a_masked_one() -> None:
    word = post({"content": "is hello a key?"})
    masked = compare(post({"content": "is KEY a key?"}), word)
    assert masked.same
    assert compare(word, word).rank < masked.rank
