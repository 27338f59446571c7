"""Requests for embeddings: keys, failover, batches and their order, by the emulator's log."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore

from scout_adapters import ScoutEmbeddings
from scout_adapters.errors import (
    AccessDenied,
    ConfigurationError,
    ContextOverflow,
    DeadlineExceeded,
    KeyRejected,
    NotSupported,
    UnsupportedContent,
)
from scout_adapters.testing import Emulator, Overloaded, RateLimited, Revoked, Slow
from scout_adapters.testing.model.vectors import vector_of
from tests.embeddings.conftest import Embed
from tests.embeddings.vector_models import SMALL, embeddings_of, entry, sizes
from tests.support.clock import FakeTime

PROVIDERS = {
    "openai/text-embedding-3-small": "/openai/v1/embeddings",
    "google/gemini-embedding-2": "/google/v1beta/models/gemini-embedding-2:batchEmbedContents",
    "mistral/mistral-embed": "/mistral/v1/embeddings",
    "together/BAAI/bge-m3": "/together/v1/embeddings",
    "fireworks/nomic-ai/nomic-embed-text-v1.5": "/fireworks/inference/v1/embeddings",
    "openrouter/openai/text-embedding-3-small": "/openrouter/api/v1/embeddings",
    "ollama/nomic-embed-text": "/ollama/v1/embeddings",
}


@pytest.mark.parametrize("model", PROVIDERS)
def test_each_provider_returns_one_vector_per_text_in_order(
    emulator: Emulator, model: str, embed: Embed
) -> None:
    embeddings = embeddings_of(emulator, model)
    embeddings.base_url = emulator.url(model.partition("/")[0])
    vectors = embed(embeddings, ["one", "two", "three"])
    name = model.partition("/")[2]
    task = "RETRIEVAL_DOCUMENT" if "gemini" in model else ""
    assert vectors == [vector_of(name, text, task=task) for text in ("one", "two", "three")]
    assert [exchange.path for exchange in emulator.log] == [PROVIDERS[model]]


def test_queries_and_documents_have_the_task_types_of_gemini(emulator: Emulator) -> None:
    embeddings = embeddings_of(emulator, "google/gemini-embedding-001")
    query, (document,) = embeddings.embed_query("Hello"), embeddings.embed_documents(["Hello"])
    tasks = [exchange.body["requests"][0]["taskType"] for exchange in emulator.log]
    assert tasks == ["RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT"]
    assert query != document


def test_queries_and_passages_have_the_input_types_of_nvidia(emulator: Emulator) -> None:
    address = emulator.url("nvidia")
    embeddings = embeddings_of(emulator, "nvidia/nvidia/nv-embedqa-e5-v5", base_url=address)
    embeddings.embed_query("Hello")
    embeddings.embed_documents(["Hello"])
    assert [exchange.body["input_type"] for exchange in emulator.log] == ["query", "passage"]


def test_a_compatible_server_needs_no_key_and_may_be_given_by_its_chat_endpoint(
    emulator: Emulator,
) -> None:
    address = f"{emulator.url('mine')}/chat/completions?tenant=one"
    embeddings = ScoutEmbeddings(
        model="openai_compatible/bge-m3", base_url=address, transport=emulator.transport()
    )
    assert embeddings.embed_query("Hello") == vector_of("bge-m3", "Hello")
    assert [exchange.path for exchange in emulator.log] == ["/mine/v1/embeddings"]


def test_a_dead_key_is_used_once_and_a_limited_one_rests(embed: Embed) -> None:
    keys = {"sk-dead": Revoked(), "sk-limited": RateLimited(seconds=60.0), "sk-good": None}
    emulator = Emulator(keys={"openai": keys})
    embeddings = embeddings_of(emulator, api_keys=[*keys])
    for number in range(5):
        assert len(embed(embeddings, [f"text {number}"])) == 1
    used = Counter(exchange.key for exchange in emulator.log)
    assert used == {"sk-dead": 1, "sk-limited": 1, "sk-good": 5}


def test_health_of_keys_is_shared_with_chat_models() -> None:
    from scout_adapters import ScoutOpenAIChatModel

    emulator = Emulator(keys={"openai": {"sk-dead": Revoked(), "sk-good": None}})
    keys, transport = ["sk-dead", "sk-good"], emulator.transport()
    ScoutOpenAIChatModel(api_keys=keys, transport=transport).invoke("Hello")
    embeddings_of(emulator, api_keys=keys).embed_query("Hello")
    assert [exchange.status for exchange in emulator.log] == [401, 200, 200]


def test_another_provider_of_the_same_model_takes_over(embed: Embed) -> None:
    emulator = Emulator(down={"openai": Overloaded()})
    embeddings = ScoutEmbeddings(
        models=[
            entry(emulator, SMALL, "sk-one"),
            entry(emulator, "openrouter/openai/text-embedding-3-small", "sk-or-two"),
        ],
        max_retries=0,
    )
    assert embed(embeddings, ["Hello"]) == [vector_of("text-embedding-3-small", "Hello")]
    statuses = [(exchange.provider, exchange.status) for exchange in emulator.log]
    assert statuses[-1] == ("openrouter", 200)
    assert {provider for provider, status in statuses if status != 200} == {"openai"}


def test_when_every_key_is_refused_the_error_has_all_attempts(embed: Embed) -> None:
    emulator = Emulator(keys={"openai": {"sk-dead": Revoked()}})
    with pytest.raises(KeyRejected) as raised:
        embed(embeddings_of(emulator, api_keys=["sk-dead"]), ["Hello"])
    assert next(iter(raised.value.attempts))["outcome"] == "auth_invalid"


def test_no_texts_need_no_request(emulator: Emulator, embed: Embed) -> None:
    assert embed(embeddings_of(emulator), []) == []
    assert emulator.log == []


def test_batches_have_at_most_as_many_texts_as_the_provider_takes(
    emulator: Emulator, embed: Embed
) -> None:
    texts = [str(number) for number in range(2050)]
    vectors = embed(embeddings_of(emulator, dimensions=2), texts)
    assert sorted(sizes(emulator)) == [2, 2048]
    assert vectors == [vector_of("text-embedding-3-small", text, 2) for text in texts]


@pytest.mark.parametrize(
    ("model", "number", "expected"),
    [
        ("google/gemini-embedding-001", 101, 2),
        ("mistral/mistral-embed", 257, 2),
        ("alibaba/text-embedding-v4", 21, 3),
    ],
)
def test_limits_of_other_providers_are_kept(
    emulator: Emulator, model: str, number: int, expected: int
) -> None:
    address = emulator.url(model.partition("/")[0])
    embeddings = embeddings_of(emulator, model, base_url=address)
    assert len(embeddings.embed_documents(["a"] * number)) == number
    assert [exchange.status for exchange in emulator.log] == [200] * expected


def test_chunk_size_is_the_most_of_one_request_up_to_the_providers_own(emulator: Emulator) -> None:
    embeddings_of(emulator, chunk_size=2, dimensions=2).embed_documents(["a", "b", "c", "d", "e"])
    embeddings_of(emulator, chunk_size=9999, dimensions=2).embed_documents(["a"] * 2049)
    assert sizes(emulator) == [2, 2, 1, 2048, 1]


def test_batches_keep_below_the_tokens_of_one_request(emulator: Emulator) -> None:
    texts = ["word " * 2000] * 130  # 325,000 tokens by the emulator's count
    assert len(embeddings_of(emulator, dimensions=2).embed_documents(texts)) == 130
    assert all(exchange.status == 200 for exchange in emulator.log)
    assert max(exchange.input_tokens for exchange in emulator.log) <= 300_000


def test_a_batch_with_more_tokens_than_estimated_is_sent_in_parts(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, embed: Embed
) -> None:
    monkeypatch.setattr("scout_adapters.embeddings.batches.BYTES_PER_TOKEN", 40)
    texts = [f"{number} {'word ' * 2000}" for number in range(130)]
    vectors = embed(embeddings_of(emulator, dimensions=2), texts)
    assert vectors == [vector_of("text-embedding-3-small", text, 2) for text in texts]
    good = [exchange for exchange in emulator.log if exchange.status == 200]
    assert sum(len(exchange.body["input"]) for exchange in good) == 130  # none is paid twice
    assert [exchange.status for exchange in emulator.log].count(400) == 1


def test_a_text_that_is_too_long_is_named_and_no_other_is_paid(
    emulator: Emulator, embed: Embed
) -> None:
    texts = ["fits", "x" * 40_000, "fits too"]
    with pytest.raises(ContextOverflow, match="text 1: This model's maximum context length"):
        embed(embeddings_of(emulator), texts)
    assert [exchange.billed for exchange in emulator.log] == [False, False]


@pytest.mark.parametrize("model", [SMALL, "google/gemini-embedding-001"])
def test_an_empty_text_is_named_before_a_request(
    emulator: Emulator, model: str, embed: Embed
) -> None:
    with pytest.raises(UnsupportedContent, match="text 2: cannot send an empty text"):
        embed(embeddings_of(emulator, model), ["a", "b", ""])
    assert emulator.log == []


def test_a_refused_request_is_not_repeated(emulator: Emulator) -> None:
    embeddings = embeddings_of(emulator, "openai/text-embedding-ada-002", dimensions=3)
    with pytest.raises(NotSupported, match="does not support specifying dimensions"):
        embeddings.embed_query("Hello")
    assert len(emulator.log) == 1


def test_requests_at_the_same_time_are_limited() -> None:
    running = most = 0

    class Counting(Emulator):
        def answer(self, request: Any) -> Any:
            nonlocal running, most
            running += 1
            most = max(most, running)
            return super().answer(request)

    async def asleep(_: float) -> None:
        nonlocal running
        for _ in range(3):
            await asyncio.sleep(0)
        running -= 1

    emulator = Counting(down={"openai": Slow(first=1.0)}, asleep=asleep)
    embeddings = embeddings_of(emulator, chunk_size=1, dimensions=2, max_concurrency=3)
    texts = [str(number) for number in range(12)]
    vectors = asyncio.run(embeddings.aembed_documents(texts))
    assert vectors == [vector_of("text-embedding-3-small", text, 2) for text in texts]
    assert most == 3


def test_a_failure_ends_the_other_requests_of_the_call() -> None:
    emulator = Emulator(keys={"openai": {"sk-one": None}})
    emulator.script("openai", [Revoked()])
    embeddings = embeddings_of(emulator, chunk_size=1, dimensions=2, max_concurrency=1)
    with pytest.raises(KeyRejected):
        asyncio.run(embeddings.aembed_documents(["a", "b", "c", "d"]))
    assert len(emulator.log) == 1


def test_the_deadline_is_that_of_all_requests_of_a_call() -> None:
    time = FakeTime()

    class Late(Emulator):
        def answer(self, request: Any) -> Any:
            time.go_by(4.0)
            return super().answer(request)

    emulator = Late()
    embeddings = embeddings_of(
        emulator, chunk_size=1, dimensions=2, deadline=10.0, clock=time.clock
    )
    with pytest.raises(DeadlineExceeded):
        embeddings.embed_documents(["a", "b", "c", "d", "e", "f"])
    assert len(emulator.log) == 3


def test_a_vector_store_finds_what_was_embedded(emulator: Emulator) -> None:
    store = InMemoryVectorStore(embeddings_of(emulator))
    store.add_documents([Document(text) for text in ("apples", "pears")])
    assert store.similarity_search("pears", k=1)[0].page_content == "pears"


def test_explain_plans_the_first_request_and_sends_nothing(emulator: Emulator) -> None:
    embeddings = embeddings_of(emulator, api_keys=["sk-one", "sk-two"])
    rows = embeddings.explain(["a" * 300, "b"]).rows
    assert [row.outcome for row in rows] == ["chosen", "next"]
    assert (rows[0].input_tokens, rows[0].output_tokens) == (102, 0)
    assert rows[0].cost_usd == pytest.approx(102 * 0.02e-6)
    assert emulator.log == []


def test_async_calls_need_a_loop_of_asyncio(emulator: Emulator) -> None:
    call = embeddings_of(emulator).aembed_query("Hello")
    with pytest.raises(ConfigurationError, match="asyncio event loop"):
        call.send(None)


def test_a_chat_model_makes_no_embeddings(emulator: Emulator, embed: Embed) -> None:
    with pytest.raises(AccessDenied, match="not allowed to generate embeddings"):
        embed(embeddings_of(emulator, "openai/gpt-6-luna"), ["a"])
