"""Azure's deployments of embedding models, over both forms of its addresses."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters import ScoutCostCallbackHandler, ScoutEmbeddings
from scout_adapters.testing import Emulator
from scout_adapters.testing.model.vectors import vector_of
from tests.embeddings.conftest import Embed

HOST = "https://mine.openai.azure.com"
DEPLOYED = "/openai/deployments/embed-prod"
PLACES = {
    HOST: "/openai/v1/embeddings",
    f"{HOST}/openai/v1/": "/openai/v1/embeddings",
    f"{HOST}/openai/v1/chat/completions": "/openai/v1/embeddings",
    f"{HOST}?api-version=2024-10-21": f"{DEPLOYED}/embeddings",
    f"{HOST}{DEPLOYED}/chat/completions?api-version=2024-10-21": f"{DEPLOYED}/embeddings",
}


@pytest.mark.parametrize("address", PLACES)
def test_each_form_of_address_leads_to_embeddings(
    emulator: Emulator, embed: Embed, address: str
) -> None:
    costs = ScoutCostCallbackHandler()
    embeddings = ScoutEmbeddings(
        model="azure/embed-prod",
        base_model="text-embedding-3-small",
        base_url=address,
        api_key="k" * 32,
        transport=emulator.transport(),
        callbacks=[costs],
    )
    assert embed(embeddings, ["Hello"]) == [vector_of("embed-prod", "Hello")]
    (exchange,) = emulator.log
    assert exchange.path == PLACES[address]
    assert exchange.headers["api-key"] == "k" * 32
    assert costs.total_cost == pytest.approx(exchange.input_tokens * 0.02e-6)


def test_options_of_langchains_class_are_understood(emulator: Emulator) -> None:
    options: dict[str, Any] = {
        "azure_deployment": "embed-prod",
        "azure_endpoint": HOST,
        "api_version": "2024-10-21",
    }
    embeddings = ScoutEmbeddings(
        model="azure/text-embedding-3-small",
        api_key="k" * 32,
        transport=emulator.transport(),
        **options,
    )
    embeddings.embed_query("Hello")
    assert emulator.log[-1].path == f"{DEPLOYED}/embeddings"


def test_openai_and_a_deployment_of_the_same_model_fail_over(emulator: Emulator) -> None:
    transport = emulator.transport()
    deployment = {"model": "azure/embed-prod", "base_model": "text-embedding-3-small"}
    address = {"base_url": HOST, "api_key": "k" * 32, "transport": transport}
    openai = {"model": "openai/text-embedding-3-small", "api_key": "sk-one", "transport": transport}
    ScoutEmbeddings(models=[openai, {**deployment, **address}]).embed_query("Hello")
    assert [exchange.provider for exchange in emulator.log] == ["openai"]
