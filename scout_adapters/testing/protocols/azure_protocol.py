"""Azure OpenAI's older paths, which name the deployment; the bodies are OpenAI's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from scout_adapters.testing.protocols.embeddings_protocol import OPENAI_EMBEDDINGS
from scout_adapters.testing.protocols.openai_protocol import OPENAI_CHAT
from scout_adapters.testing.protocols.protocol import EmulatedEndpoint

if TYPE_CHECKING:
    from scout_adapters.testing.emulated_provider import WireName
    from scout_adapters.testing.http_messages import HttpReply, Json
    from scout_adapters.testing.model.chat_request import ReceivedRequest
    from scout_adapters.testing.prompt_cache import PromptCache
    from scout_adapters.testing.protocols.protocol import EmulatedProtocol, EmulatedRequest
    from scout_adapters.testing.protocols.violation import Violation

Read = Callable[["EmulatedRequest", "Json"], "ReceivedRequest"]

_PATH = re.compile(r"/openai/deployments/([\w.-]+)(/chat/completions|/embeddings)")


def _with_model(read: Read) -> Read:
    return lambda request, body: read(request, {**body, "model": request.model})


def _of_deployment(protocol: EmulatedProtocol, name: WireName, path: str) -> EmulatedProtocol:
    """Return a protocol whose URL names the deployment, and whose body need not name the model."""

    def endpoint(requested: str) -> EmulatedEndpoint | None:
        match = _PATH.fullmatch(requested)
        return EmulatedEndpoint(match[1]) if match and match[2] == path else None

    def check(request: EmulatedRequest, body: Json) -> Violation | None:
        return protocol.check(request, {**body, "model": request.model})

    def answer(request: EmulatedRequest, body: Json, cache: PromptCache) -> HttpReply:
        return protocol.answer(request, {**body, "model": request.model}, cache)

    return replace(
        protocol,
        name=name,
        endpoint=endpoint,
        check=check,
        answer=answer,
        read=_with_model(protocol.read) if protocol.read else None,
    )


AZURE_DEPLOYMENTS = _of_deployment(OPENAI_CHAT, "azure-deployments", "/chat/completions")
AZURE_EMBEDDINGS = _of_deployment(OPENAI_EMBEDDINGS, "azure-embeddings", "/embeddings")
