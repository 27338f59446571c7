"""Options of `ScoutEmbeddings`: the names of other packages, refusals, secrets, one model."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from scout_adapters import ProviderSpec, ScoutEmbeddings, registry
from scout_adapters.embeddings.same_model import model_identity
from scout_adapters.errors import (
    ConfigurationError,
    NoKeyError,
    UnknownProvider,
    UnsupportedContent,
)
from scout_adapters.llm.providers.client import ProviderClient
from scout_adapters.llm.wires.openai_chat import WIRE
from scout_adapters.testing import Emulator
from tests.embeddings.vector_models import SMALL, embeddings_of, entry

OTHER = "openrouter/openai/text-embedding-3-small"


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        ({"dimensions": 2, "user": "me"}, "user", "me"),
        ({"dimensions": 2, "model_kwargs": {"user": "me"}}, "user", "me"),
        ({"dimensions": 2}, "dimensions", 2),
        ({"output_dimensionality": 2}, "dimensions", 2),
    ],
)
def test_options_become_fields_of_the_body(
    emulator: Emulator, options: dict[str, Any], field: str, value: Any
) -> None:
    embeddings_of(emulator, **options).embed_query("Hello")
    assert emulator.log[-1].body[field] == value


def test_dimensions_have_the_name_that_each_api_has(emulator: Emulator) -> None:
    embeddings_of(emulator, "mistral/codestral-embed", dimensions=3).embed_query("Hello")
    embeddings_of(emulator, "google/gemini-embedding-001", dimensions=3).embed_query("Hello")
    first, second = (exchange.body for exchange in emulator.log)
    assert first["output_dimension"] == 3
    assert second["requests"][0]["outputDimensionality"] == 3


def test_a_task_type_of_gemini_replaces_both(emulator: Emulator) -> None:
    name = "google/gemini-embedding-001"
    embeddings_of(emulator, name, task_type="CLUSTERING").embed_documents(["Hello"])
    assert emulator.log[-1].body["requests"][0]["taskType"] == "CLUSTERING"


@pytest.mark.parametrize(
    "model", ["text-embedding-3-small", "openai:text-embedding-3-small", SMALL]
)
def test_a_model_may_have_the_names_that_langchain_takes(emulator: Emulator, model: str) -> None:
    embeddings = ScoutEmbeddings(model_name=model, openai_api_key="sk-one", dimensions=2)
    embeddings.transport = emulator.transport()
    assert len(embeddings.embed_query("Hello")) == 2


def test_keys_come_from_the_environment(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    embeddings = ScoutEmbeddings(model=SMALL, transport=emulator.transport())
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(NoKeyError, match="OPENAI_API_KEYS"):
        embeddings.embed_query("Hello")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    embeddings.embed_query("Hello")
    assert [exchange.key for exchange in emulator.log] == ["sk-environment"]


def test_a_key_may_come_from_a_file(emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-file-one")
    embeddings_of(emulator, api_keys=[f"file:{file}"], dimensions=2).embed_query("Hello")
    assert [exchange.key for exchange in emulator.log] == ["sk-file-one"]


def test_what_changes_nothing_is_accepted() -> None:
    ScoutEmbeddings(model=SMALL, check_embedding_ctx_length=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, 'needs model="provider/model"'),
        ({"model": SMALL, "models": [SMALL]}, "pass model= in the entries"),
        ({"models": [SMALL], "base_url": "http://x"}, "pass base_url= in the entries"),
        ({"models": []}, "needs model="),
        ({"models": SMALL}, "must be a list"),
        ({"models": [7]}, "cannot contain a int"),
        ({"models": [{"model": SMALL, "temperature": 1}]}, "has no temperature="),
        ({"models": [{"model": SMALL, "max_retries": 1}]}, "applies to a whole call"),
        ({"model": SMALL, "dimension": 3}, "did you mean dimensions="),
        ({"model": SMALL, "temperature": 3}, "has no temperature="),
        ({"model": SMALL, "check_embedding_ctx_length": True}, "split them before"),
        ({"model": SMALL, "embedding_ctx_length": 9}, "texts are sent whole"),
        ({"model": SMALL, "user_api_key": "x"}, "keys and headers belong to the model"),
        ({"model": "groq/llama-3.3-70b-versatile"}, "groq has no embeddings API"),
        ({"model": "anthropic/claude-haiku-4-5"}, "anthropic has no embeddings API"),
        ({"models": [SMALL, "xai/v1"]}, "xai has no embeddings API"),
    ],
)
def test_what_cannot_be_used_is_refused_at_construction(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ScoutEmbeddings(**options)


def test_an_unknown_provider_is_refused_at_construction() -> None:
    with pytest.raises(UnknownProvider):
        ScoutEmbeddings(model="nebula/embed")


def test_a_provider_made_of_a_function_has_no_embeddings() -> None:
    async def call(**_: Any) -> Any: ...

    registry.register("mine", ProviderClient(name="mine", call=call))
    with pytest.raises(ConfigurationError, match="mine has no embeddings API"):
        ScoutEmbeddings(model="mine/embed")


def test_a_card_of_the_users_own_has_the_embeddings_of_its_wire(emulator: Emulator) -> None:
    url = emulator.url("nebula")
    registry.register(ProviderSpec(name="nebula", docs="", wire=WIRE, base_url=url))
    assert len(embeddings_of(emulator, "nebula/embed").embed_query("Hello")) == 384


@pytest.mark.parametrize("texts", [[7], ["a", None], ["a", b"b"]])
def test_what_is_no_text_is_named(emulator: Emulator, texts: list[Any]) -> None:
    with pytest.raises(ConfigurationError, match=f"text {len(texts) - 1} is a "):
        embeddings_of(emulator).embed_documents(texts)


def test_one_text_in_place_of_a_list_is_refused(emulator: Emulator) -> None:
    with pytest.raises(ConfigurationError, match="takes a list of texts"):
        embeddings_of(emulator).embed_documents("abc")  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("text-embedding-3-small", "openai/text-embedding-3-small"),
        ("bge-m3", "BAAI/bge-m3"),
        ("bge-m3:latest", "BAAI/bge-m3"),
        ("nomic-embed-text", "nomic-ai/nomic-embed-text-v1.5"),
        ("qwen3-embedding:0.6b", "Qwen/Qwen3-Embedding-0.6B"),
        ("models/gemini-embedding-001", "google/gemini-embedding-001"),
        ("mistral-embed", "mistralai/mistral-embed-2312"),
    ],
)
def test_the_same_model_is_recognised_under_its_names(one: str, other: str) -> None:
    assert model_identity(one) == model_identity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("text-embedding-3-small", "text-embedding-3-large"),
        ("gemini-embedding-001", "gemini-embedding-2"),
        ("qwen3-embedding:0.6b", "Qwen/Qwen3-Embedding-8B"),
    ],
)
def test_vectors_of_two_models_do_not_mix(one: str, other: str) -> None:
    with pytest.raises(ConfigurationError, match="vectors of two models do not mix"):
        ScoutEmbeddings(models=[f"openai_compatible/{one}", f"openrouter/{other}"])


def test_a_model_under_a_name_of_its_own_is_declared_by_base_model(emulator: Emulator) -> None:
    own = {"base_url": emulator.url("mine"), "base_model": "text-embedding-3-small"}
    ScoutEmbeddings(models=[SMALL, entry(emulator, "openai_compatible/prod-7", "k", **own)])


def test_dimensions_must_agree(emulator: Emulator) -> None:
    entries = [{"model": SMALL, "dimensions": 2}, {"model": OTHER, "dimensions": 3}]
    for models in (entries, [SMALL, entries[1]]):
        with pytest.raises(ConfigurationError, match="dimensions= must be the same"):
            ScoutEmbeddings(models=models)
    with pytest.raises(ConfigurationError, match="dimensions= must be the same"):
        ScoutEmbeddings(models=[entries[0]], dimensions=3)
    embeddings = ScoutEmbeddings(models=[entry(emulator, SMALL, "sk-one", dimensions=2)])
    assert len(embeddings.embed_query("Hello")) == 2


def test_no_key_is_shown_or_pickled() -> None:
    embeddings = ScoutEmbeddings(model=SMALL, api_keys=["sk-secret-one"])
    many = ScoutEmbeddings(models=[{"model": SMALL, "api_key": "sk-secret-one"}])
    for each in (embeddings, many):
        assert "sk-secret" not in f"{each!r}{each}{each.model_dump()}"
        pickled = pickle.dumps(each)
        assert b"sk-secret" not in pickled
        with pytest.raises(NoKeyError, match="secrets are not pickled"):
            pickle.loads(pickled).embed_query("Hello")


def test_texts_may_come_from_any_iterable(emulator: Emulator) -> None:
    embeddings = embeddings_of(emulator, dimensions=2)
    texts: Any = (text for text in ("a", "b"))
    assert len(embeddings.embed_documents(texts)) == 2


def test_a_text_that_is_no_unicode_is_named(emulator: Emulator) -> None:
    with pytest.raises(UnsupportedContent, match="text 1: cannot send half of a character"):
        embeddings_of(emulator).embed_documents(["a", "b\ud800"])
    assert emulator.log == []


def test_a_copy_may_have_other_dimensions(emulator: Emulator) -> None:
    embeddings = embeddings_of(emulator)
    assert len(embeddings.embed_query("Hello")) == 1536
    assert len(embeddings.model_copy(update={"dimensions": 5}).embed_query("Hello")) == 5
    assert len(embeddings.embed_query("Hello")) == 1536
