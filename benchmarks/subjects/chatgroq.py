"""A peer: langchain-groq."""

from __future__ import annotations

from langchain_groq import ChatGroq

from subjects import KEY, Setup, Subject, of_model


def make(setup: Setup) -> Subject:
    """Set it up as it comes; the SDK adds `/openai/v1` itself."""
    model = "openai/gpt-oss-120b"
    return of_model(setup, lambda: ChatGroq(model=model, api_key=KEY, base_url=setup.root))
