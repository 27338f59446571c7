"""The protocols that the emulator plays, by name; a new one is a file and a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scout_adapters.testing.protocols.anthropic_protocol import ANTHROPIC_MESSAGES
from scout_adapters.testing.protocols.azure_protocol import AZURE_DEPLOYMENTS, AZURE_EMBEDDINGS
from scout_adapters.testing.protocols.converse_protocol import CONVERSE
from scout_adapters.testing.protocols.embeddings_protocol import (
    GEMINI_EMBEDDINGS,
    OPENAI_EMBEDDINGS,
)
from scout_adapters.testing.protocols.gemini_protocol import GEMINI
from scout_adapters.testing.protocols.openai_protocol import OPENAI_CHAT
from scout_adapters.testing.protocols.responses_protocol import OPENAI_RESPONSES
from scout_adapters.testing.protocols.vertex_protocols import VERTEX_ANTHROPIC, VERTEX_GEMINI

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scout_adapters.testing.emulated_provider import WireName
    from scout_adapters.testing.protocols.protocol import EmulatedProtocol

PROTOCOLS: Mapping[WireName, EmulatedProtocol] = {
    protocol.name: protocol
    for protocol in (
        *(OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES, GEMINI),
        *(AZURE_DEPLOYMENTS, VERTEX_GEMINI, VERTEX_ANTHROPIC),
        *(OPENAI_EMBEDDINGS, GEMINI_EMBEDDINGS, AZURE_EMBEDDINGS, CONVERSE),
    )
}
