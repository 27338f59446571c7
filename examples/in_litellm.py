"""A route of this package as a provider of LiteLLM: runs offline, on the emulator."""

import os
import warnings

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # LiteLLM fetches its prices on import else
warnings.simplefilter("ignore")  # its own, on import

import litellm  # noqa: E402  # after the variable

from scout_adapters import ScoutRouterChatModel  # noqa: E402
from scout_adapters.litellm import ScoutLiteLLM  # noqa: E402
from scout_adapters.testing import Emulator, Overloaded  # noqa: E402

emulator = Emulator(down={"groq": Overloaded()})
with emulator.serve():
    route = ScoutRouterChatModel(
        models=[
            {
                "model": "groq/openai/gpt-oss-120b",
                "api_key": "gsk-example",
                "base_url": emulator.url("groq"),
            },
            {
                "model": "openai/gpt-4.1-mini",
                "api_key": "sk-example",
                "base_url": emulator.url("openai"),
            },
        ],
        max_retries=0,
    )
    handler = ScoutLiteLLM(routes={"fast": route})
    litellm.custom_provider_map = [{"provider": "scout", "custom_handler": handler}]
    messages = [{"role": "user", "content": "Who answers?"}]
    answer = litellm.completion("scout/fast", messages)
    print(answer.model, answer._hidden_params["response_cost"])  # noqa: SLF001  # LiteLLM's place
    for chunk in litellm.completion("scout/fast", messages, stream=True):
        print(chunk.choices[0].delta.content or "", end="")
    print()
