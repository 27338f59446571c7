"""The tables of what providers refuse of Chat Completions, by the name of their dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scout_adapters.testing.unsupported import compatible_unsupported as compatible
from scout_adapters.testing.unsupported.groq_unsupported import GROQ_UNSUPPORTED
from scout_adapters.testing.unsupported.mistral_unsupported import MISTRAL_UNSUPPORTED
from scout_adapters.testing.unsupported.openai_unsupported import OPENAI_UNSUPPORTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scout_adapters.testing.unsupported.unsupported_row import UnsupportedRow

UNSUPPORTED: Mapping[str, Sequence[UnsupportedRow]] = {
    "azure": OPENAI_UNSUPPORTED,
    "cerebras": compatible.CEREBRAS_UNSUPPORTED,
    "deepseek": compatible.DEEPSEEK_UNSUPPORTED,
    "groq": GROQ_UNSUPPORTED,
    "minimax": compatible.MINIMAX_UNSUPPORTED,
    "mistral": MISTRAL_UNSUPPORTED,
    "ollama": compatible.OLLAMA_UNSUPPORTED,
    "openai": OPENAI_UNSUPPORTED,
    "openrouter": compatible.OPENROUTER_UNSUPPORTED,
    "vllm": compatible.VLLM_UNSUPPORTED,
    "xai": compatible.XAI_UNSUPPORTED,
}
