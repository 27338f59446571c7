"""The floor of LangChain: its own fake model, which sends no request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import repeat
from typing import Any

from canned.answers import TEXT
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from subjects import Setup, Subject, of_model


class Fake(GenericFakeChatModel):
    """The fake model with async methods of its own: core's would go through threads."""

    async def _agenerate(self, *args: Any, **options: Any) -> ChatResult:
        options.pop("run_manager", None)
        return self._generate(*args, **options)

    async def _astream(self, *args: Any, **options: Any) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._stream(*args, **options):
            yield chunk


def make(setup: Setup) -> Subject:
    """Set up two fake models: one with the server's answer, one that streams as many pieces."""
    # It streams words and the blanks between them, each as a piece.
    words = setup.events // 2
    streaming_model = Fake(messages=repeat(" ".join(["word"] * words)))
    streaming = of_model(setup, lambda: streaming_model)
    whole = of_model(setup, lambda: Fake(messages=repeat(TEXT)))
    return Subject(
        text=whole.text,
        construct=whole.construct,
        invoke=whole.invoke,
        ainvoke=whole.ainvoke,
        stream=streaming.stream,
        astream=streaming.astream,
        requests=0,
        events=2 * words - 1,
    )
