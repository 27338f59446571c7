"""Models, keys and routes of this package in LiteLLM: register a `ScoutLiteLLM` there.

import litellm
from scout_adapters.litellm import ScoutLiteLLM
litellm.custom_provider_map = [{"provider": "scout", "custom_handler": ScoutLiteLLM()}]
litellm.completion(model="scout/groq/openai/gpt-oss-120b", messages=[...])

Its loggers receive calls of our chat models by a `LiteLLMLoggerHandler`.
"""

from scout_adapters.errors import ConfigurationError

try:
    from scout_adapters.litellm.handler import ScoutLiteLLM
    from scout_adapters.litellm.logger_handler import LiteLLMLoggerHandler
except ModuleNotFoundError as missing:  # the extra `litellm`
    if missing.name != "litellm":
        raise
    raise ConfigurationError("install LiteLLM: pip install 'scout-adapters[litellm]'") from missing

__all__ = ["LiteLLMLoggerHandler", "ScoutLiteLLM"]
