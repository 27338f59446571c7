"""A LiteLLM configuration as a router, unchanged: runs offline, on the emulator."""

import logging

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator, Overloaded

logging.basicConfig(format="%(message)s")
emulator = Emulator(down={"openai": Overloaded()})
with emulator.serve():
    config = {
        "model_list": [
            {
                "model_name": "gpt",
                "litellm_params": {
                    "model": "openai/gpt-4.1-mini",
                    "api_key": "sk-example",
                    "api_base": emulator.url("openai"),
                    "rpm": 60,
                },
            },
            {
                "model_name": "backup",
                "litellm_params": {
                    "model": "groq/openai/gpt-oss-120b",
                    "api_key": "gsk-example",
                    "api_base": emulator.url("groq"),
                },
            },
        ],
        "router_settings": {
            "fallbacks": [{"gpt": ["backup"]}],
            "num_retries": 0,
            "cooldown_time": 30,  # has no equal here: the log says so
        },
    }
    router = ScoutRouterChatModel.from_litellm(config)
    answer = router.invoke("Who answers?")
    for attempt in answer.response_metadata["scout"]["attempts"]:
        print(f"{attempt['provider']}/{attempt['model']}: {attempt['outcome']}")
    print(router.invoke("And this group?", model="backup").response_metadata["model_name"])
