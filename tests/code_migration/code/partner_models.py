"""A code base before its migration: classes of partner packages, with aliases and modules."""

import os

import langchain_google_genai as google_models
from langchain.chat_models import init_chat_model
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI as OpenAIModel

COMMENT = "ChatAnthropic(model='only a string')"


def answers() -> list[str]:
    """Return an answer of each model."""
    first = OpenAIModel(
        model="gpt-4.1-mini",  # ChatOpenAI(model="only a comment")
        api_key="k-openai",
        base_url=os.environ["URL_OF_OPENAI"],
        temperature=0.5,
    )
    second = google_models.ChatGoogleGenerativeAI(
        model="gemini-2.5-flash",
        google_api_key="k-google",
        base_url=os.environ["URL_OF_GOOGLE"],
        max_tokens=200,
    )
    third = ChatAnthropic(
        model_name="claude-haiku-4-5",
        api_key="k-anthropic",
        base_url=os.environ["URL_OF_ANTHROPIC"],
        max_tokens=200,
    )
    fourth = init_chat_model(
        "gpt-4.1",
        model_provider="openai",
        api_key="k-openai",
        base_url=os.environ["URL_OF_OPENAI"],
    )
    return [str(model.invoke("Hello").text) for model in (first, second, third, fourth)]
