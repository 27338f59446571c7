"""Answers as the official LangChain packages leave them in a checkpoint."""

from __future__ import annotations

import functools
import gc
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_groq import ChatGroq
from langchain_openai import ChatOpenAI
from langchain_openrouter import ChatOpenRouter

from scout_adapters.testing import Emulator
from tests.system.conversations.histories import MODELS, QUESTION, TOOLS, Way, ask

Json = dict[str, Any]


def _anthropic(url: str, version: str) -> BaseChatModel:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    return ChatAnthropic(
        model=MODELS["anthropic"],
        api_key="k",
        base_url=url,
        thinking=thinking,
        max_tokens=2048,
        output_version=version,
    )


def _google(url: str, version: str) -> BaseChatModel:
    return ChatGoogleGenerativeAI(
        model=MODELS["google"],
        api_key="k",
        base_url=url,
        include_thoughts=True,
        output_version=version,
    )


def _groq(url: str, version: str) -> BaseChatModel:
    return ChatGroq(
        model=MODELS["groq"],
        api_key="k",
        base_url=url.removesuffix("/openai/v1"),
        reasoning_effort="low",
        output_version=version,
    )


def _openai(url: str, version: str) -> BaseChatModel:
    return ChatOpenAI(model=MODELS["openai"], api_key="k", base_url=url, output_version=version)


def _openrouter(url: str, version: str) -> BaseChatModel:
    return ChatOpenRouter(
        model=MODELS["openrouter"],
        api_key="k",
        base_url=url,
        reasoning={"effort": "low"},
        output_version=version,
    )


PEERS: Mapping[str, Callable[[str, str], BaseChatModel]] = {
    "anthropic": _anthropic,
    "google": _google,
    "groq": _groq,
    "openai": _openai,
    "openrouter": _openrouter,
}

RESPONSE: Json = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "model": "gpt-5-mini",
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "output": [
        {
            "id": "rs_1",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "It thinks aloud."}],
            "encrypted_content": "gAAAresponsesEncrypted==",
        },
        {
            "id": "ws_1",
            "type": "web_search_call",
            "status": "completed",
            "action": {"type": "search", "query": "Paris"},
        },
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "phase": "commentary",
            "content": [
                {
                    "type": "output_text",
                    "text": "Now the weather.",
                    "annotations": [
                        {
                            "type": "url_citation",
                            "url": "https://paris.example",
                            "title": "Paris",
                            "start_index": 0,
                            "end_index": 3,
                        }
                    ],
                }
            ],
        },
        *(
            {
                "id": f"fc_{'6' * 48}{place}",
                "type": "function_call",
                "status": "completed",
                "call_id": f"call_{place}",
                "name": name,
                "arguments": '{"location": "Paris"}',
            }
            for place, name in enumerate(("get_weather", "get_time"))
        ),
    ],
    "usage": {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 9,
        "output_tokens_details": {"reasoning_tokens": 4},
        "total_tokens": 18,
    },
}
"""An answer of OpenAI's Responses API; ChatOpenAI keeps its items as blocks with their ids."""


@functools.cache
def responses(version: str) -> AIMessage:
    """Return what ChatOpenAI makes of an answer of the Responses API."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=RESPONSE))
    with httpx.Client(transport=transport) as client:
        model = ChatOpenAI(
            model="gpt-5-mini",
            api_key="k",
            use_responses_api=True,
            output_version=version,
            http_client=client,
        )
        return model.bind_tools(TOOLS).invoke(QUESTION)


def called(emulator: Emulator, peer: str, way: Way, version: str) -> AIMessage:
    """Return what a package makes of two calls with thoughts before them."""
    model = PEERS[peer](emulator.url(peer), version).bind_tools(TOOLS)
    answer = ask(model, [HumanMessage(QUESTION)], way)
    del model
    with warnings.catch_warnings():
        # Packages leave connections open; nobody else's test shall find them.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return answer
