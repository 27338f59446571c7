"""A code base before its migration: models of langchain-litellm."""

import os

import litellm
from langchain_litellm import ChatLiteLLM, ChatLiteLLMRouter


def answers() -> list[str]:
    """Return an answer of each model."""
    parameters = {
        "model": "groq/openai/gpt-oss-20b",
        "api_key": "k-groq",
        "api_base": os.environ["URL_OF_GROQ"],
    }
    router = litellm.Router(model_list=[{"model_name": "main", "litellm_params": parameters}])
    first = ChatLiteLLM(
        model="openai/gpt-4.1-mini",
        api_key="k-openai",
        api_base=os.environ["URL_OF_OPENAI"],
        temperature=0.5,
        extra_headers={"X-Team": "a"},
    )
    second = ChatLiteLLMRouter(router=router, model="main")
    return [str(model.invoke("Hello").text) for model in (first, second)]
