"""A peer: langchain-litellm over LiteLLM's router, a deployment for each key of our route."""

from __future__ import annotations

from typing import Any

from canned.answers import MODEL
from langchain_litellm import ChatLiteLLMRouter
from litellm import Router

from subjects import KEY, Setup, Subject, of_model

ROUTE = (f"openai/{MODEL}", "groq/openai/gpt-oss-120b", "mistral/mistral-small-latest")


def make(setup: Setup) -> Subject:
    """Set up a router over one group of fifteen deployments, all else as it comes."""

    def construct() -> ChatLiteLLMRouter:
        deployments = [
            deployment(setup, model, number) for model in ROUTE for number in range(setup.keys)
        ]
        return ChatLiteLLMRouter(router=Router(model_list=deployments), model_name="all")

    return of_model(setup, construct)


def deployment(setup: Setup, model: str, number: int) -> dict[str, Any]:
    """Return one model with one key, in LiteLLM's words."""
    options = {"model": model, "api_key": f"{KEY}-{number}", "api_base": f"{setup.root}/v1"}
    return {"model_name": "all", "litellm_params": options}
