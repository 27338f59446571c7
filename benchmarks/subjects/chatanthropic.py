"""A peer: langchain-anthropic."""

from __future__ import annotations

from langchain_anthropic import ChatAnthropic

from subjects import KEY, Setup, Subject, of_model


def make(setup: Setup) -> Subject:
    """Set it up as it comes; the SDK adds `/v1` itself."""
    model = "claude-haiku-4-5"
    return of_model(setup, lambda: ChatAnthropic(model=model, api_key=KEY, base_url=setup.root))
