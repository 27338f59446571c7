"""LangChain's standard suite for embeddings."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_tests.integration_tests import EmbeddingsIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

from scout_adapters import ScoutEmbeddings
from scout_adapters.testing import Emulator
from tests.embeddings.vector_models import SMALL

MODELS = (
    SMALL,
    "google/gemini-embedding-001",
    "mistral/mistral-embed",
    "together/BAAI/bge-m3",
    "ollama/nomic-embed-text",
)


class OnTheEmulator:
    """The class, and options that have no sockets."""

    model_name = SMALL

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return ScoutEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        transport = Emulator().transport()
        return {"model": self.model_name, "api_key": "sk-one", "transport": transport}


class TestUnit(OnTheEmulator, EmbeddingsUnitTests):
    @property
    def init_from_env_params(self) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        return {"OPENAI_API_KEY": "sk-one"}, {"model": SMALL}, {"model": SMALL}


class TestIntegration(OnTheEmulator, EmbeddingsIntegrationTests):
    @pytest.fixture(params=MODELS)
    def model(self, request: pytest.FixtureRequest) -> Embeddings:
        return self.embeddings_class(**self.embedding_model_params | {"model": request.param})
