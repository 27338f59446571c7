"""A code base before its migration: a model with fallbacks of other providers."""

import os

from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI

MODEL = "gpt-4.1-mini"


def answers() -> list[str]:
    """Return two answers of a model whose provider may be down."""
    model = ChatOpenAI(
        model=MODEL,
        api_key="k-openai",
        base_url=os.environ["URL_OF_OPENAI"],
        temperature=0.5,
        max_retries=0,
    ).with_fallbacks(
        [
            ChatAnthropic(
                model="claude-haiku-4-5",
                api_key="k-anthropic",
                base_url=os.environ["URL_OF_ANTHROPIC"],
                max_tokens=200,
            )
        ]
    )
    streamed = "".join(str(chunk.text) for chunk in model.stream("Hello"))
    return [str(model.invoke("Hello").text), streamed]
