"""Past dead keys and a dead provider, and what was tried: runs offline, on the emulator."""

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator, Overloaded, RateLimited, Revoked

emulator = Emulator(
    keys={"groq": {"gsk_revoked": Revoked(), "gsk_limited": RateLimited(60), "gsk_good": None}},
    down={"mistral": Overloaded()},
)
with emulator.serve():
    model = ScoutRouterChatModel(
        models=[
            {
                "model": "mistral/mistral-small-latest",
                "api_key": "mistral_key",
                "base_url": emulator.url("mistral"),
            },
            {
                "model": "groq/openai/gpt-oss-120b",
                "api_keys": ["gsk_revoked", "gsk_limited", "gsk_good"],
                "base_url": emulator.url("groq"),
            },
        ],
        max_retries=0,  # no second request with the same key
    )
    answer = model.invoke("Why is one key not enough?")
    print(answer.text)
    for attempt in answer.response_metadata["scout"]["attempts"]:
        name = f"{attempt['provider']} with key {attempt.get('key_id')}"
        print(f"{name}: {attempt['outcome']} {attempt.get('reason', '')}")
    print("What the next call would do:")
    print(model.explain("And now?"))
