"""A user's code for embeddings."""

from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore

from scout_adapters import ScoutCostCallbackHandler, ScoutEmbeddings

costs = ScoutCostCallbackHandler()
embeddings = ScoutEmbeddings(
    model="openai/text-embedding-3-small",
    api_keys=["key-1", "key-2"],
    dimensions=256,
    callbacks=[costs],
)
other: Embeddings = ScoutEmbeddings(
    models=["mistral/mistral-embed", {"model": "mistral/mistral-embed", "api_key": "key-3"}],
    user="me",
)
store = InMemoryVectorStore(embeddings)


async def find(text: str) -> list[list[float]]:
    planned = embeddings.explain(["one", "two"]).chosen
    assert planned is not None
    vectors = [embeddings.embed_query(text), *embeddings.embed_documents([text])]
    return [*vectors, await embeddings.aembed_query(text), *await other.aembed_documents([text])]
