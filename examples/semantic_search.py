"""Search texts by meaning, with embeddings from two sets of keys; and what it costs.

Set GOOGLE_API_KEY, or write keys of yours in the place of `AIza-one` and `AIza-two`.
"""

from langchain_core.vectorstores import InMemoryVectorStore

from scout_adapters import ScoutEmbeddings, get_scout_cost_callback

NOTES = [
    "A dead key is rotated past.",
    "A stream fails over until its first word.",
    "A budget holds what a request may cost.",
]

embeddings = ScoutEmbeddings(
    models=[
        {"model": "google/gemini-embedding-001", "api_keys": ["AIza-one", "AIza-two"]},
        "google/gemini-embedding-001",  # with the keys of the environment
    ],
    dimensions=768,
)
with get_scout_cost_callback() as costs:
    store = InMemoryVectorStore(embeddings)
    store.add_texts(NOTES)
    found = store.similarity_search("money", k=1)

print(found[0].page_content)
print(f"{costs.calls} requests, {costs.total.input_tokens} tokens, ${costs.total_cost:.8f}")
print(embeddings.explain("money"))
