"""Azure OpenAI's older paths, which name the deployment; the bodies are OpenAI's."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from scout_adapters.testing.protocols.openai_protocol import OPENAI_CHAT
from scout_adapters.testing.protocols.protocol import EmulatedEndpoint

if TYPE_CHECKING:
    from scout_adapters.testing.http_messages import HttpReply, Json
    from scout_adapters.testing.prompt_cache import PromptCache
    from scout_adapters.testing.protocols.protocol import EmulatedRequest
    from scout_adapters.testing.protocols.violation import Violation

_PATH = re.compile(r"/openai/deployments/([\w.-]+)/chat/completions")


def _endpoint(path: str) -> EmulatedEndpoint | None:
    match = _PATH.fullmatch(path)
    return EmulatedEndpoint(match[1]) if match else None


def _check(request: EmulatedRequest, body: Json) -> Violation | None:
    return OPENAI_CHAT.check(request, {**body, "model": request.model})


def _answer(request: EmulatedRequest, body: Json, cache: PromptCache) -> HttpReply:
    return OPENAI_CHAT.answer(request, {**body, "model": request.model}, cache)


AZURE_DEPLOYMENTS = replace(
    OPENAI_CHAT, name="azure-deployments", endpoint=_endpoint, check=_check, answer=_answer
)
