"""Which names at different providers mean the same embedding model: only their vectors mix."""

from __future__ import annotations

from collections.abc import Mapping

SAME: Mapping[str, str] = {
    "nomic-embed-text": "nomic-embed-text-v1.5",
    "mxbai-embed-large": "mxbai-embed-large-v1",
    "snowflake-arctic-embed2": "snowflake-arctic-embed-l-v2.0",
    "embeddinggemma": "embeddinggemma-300m",
    "all-minilm": "all-minilm-l6-v2",
    "mistral-embed": "mistral-embed-2312",
    "codestral-embed": "codestral-embed-2505",
}
"""Ollama's and Mistral's short names, and the full names of the same models elsewhere.

https://ollama.com/search?c=embedding and https://docs.mistral.ai/getting-started/models
"""


def model_identity(model: str) -> str:
    """Return a name that is equal for the same model at all providers.

    It is the last part of the name (`openai/text-embedding-3-small` at OpenRouter), in lower case,
    without `:latest`; another tag of Ollama's counts as part of the name
    (`qwen3-embedding:0.6b` is `Qwen/Qwen3-Embedding-0.6B`).
    """
    name = model.rpartition("/")[2].lower().removesuffix(":latest").replace(":", "-")
    return SAME.get(name, name)
