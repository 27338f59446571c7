"""Chat models of other LangChain packages as candidates: runs offline, on the emulator."""

from langchain_core.language_models import FakeListChatModel
from langchain_openai import ChatOpenAI

from scout_adapters import ScoutRouterChatModel, get_scout_cost_callback
from scout_adapters.testing import Emulator, Overloaded

emulator = Emulator(down={"groq": Overloaded()})
with emulator.serve():
    model = ScoutRouterChatModel(
        models=[
            # a model of this package, with its pool of keys
            {
                "model": "groq/openai/gpt-oss-120b",
                "api_keys": ["gsk_one", "gsk_two"],
                "base_url": emulator.url("groq"),
            },
            # what you have configured already; ChatBedrockConverse(...) goes here as well
            {
                "model": ChatOpenAI(
                    model="gpt-4o-mini",
                    api_key="sk-example",
                    base_url=emulator.url("openai"),
                    stream_usage=True,  # without it, tokens of streams are estimated
                ),
                "temperature": 0,
                "timeout": 20,
            },
            # anything that is a chat model of LangChain
            FakeListChatModel(responses=["Nobody else was there."]),
        ],
        max_retries=0,
    )
    with get_scout_cost_callback() as costs:
        for chunk in model.stream("Who answers?"):
            print(chunk.text, end="", flush=True)
    print(f"\n{costs.calls} call, ${costs.total_cost:.6f}")
    answer = model.invoke("And now?")
    for attempt in answer.response_metadata["scout"]["attempts"]:
        print(f"{attempt['provider']}/{attempt['model']}: {attempt['outcome']}")
    print(model.explain("What would the next call do?"))
