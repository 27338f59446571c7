"""A route as a provider of LiteLLM, and a logger of LiteLLM for our calls: runs offline."""

import os
import warnings

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # LiteLLM fetches its prices on import else
warnings.simplefilter("ignore")  # its own, on import

import litellm  # noqa: E402  # after the variable
from litellm.integrations.custom_logger import CustomLogger  # noqa: E402  # as above

from scout_adapters import ScoutRouterChatModel  # noqa: E402  # as above
from scout_adapters.litellm import LiteLLMLoggerHandler, ScoutLiteLLM  # noqa: E402  # as above
from scout_adapters.testing import Emulator, Overloaded  # noqa: E402  # as above


class PrintedCalls(CustomLogger):
    """Stands for the Datadog, S3 or Langfuse logger that you have."""

    def log_success_event(self, kwargs, response_obj, start_time, end_time):  # noqa: ANN001, ANN201, ARG002  # LiteLLM's
        """Print a call."""
        call = kwargs["standard_logging_object"]
        print(call["custom_llm_provider"], call["model"], call["response_cost"])


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

    handler_of_logs = LiteLLMLoggerHandler(PrintedCalls())
    route.invoke("And here?", {"callbacks": [handler_of_logs]})
    handler_of_logs.flush()
