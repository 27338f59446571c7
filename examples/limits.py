"""Limits of your own: what may be sent to whom, and where a call goes when one is reached."""

from scout_adapters import Limits, ScoutRouterChatModel
from scout_adapters.errors import LimitReached
from scout_adapters.testing import Emulator

emulator = Emulator()
names = ["groq/openai/gpt-oss-120b", "openai/gpt-4.1-mini"]
model = ScoutRouterChatModel(
    models=[
        {"model": name, "api_key": "k", "base_url": emulator.url(name.partition("/")[0])}
        | {"transport": emulator.transport()}
        for name in names
    ],
    limits={"groq": Limits(rpm=1), "openai": {"rpm": 60, "tpm": 6000}, "tag:batch": {"rpm": 1}},
    max_wait=5,
)

for number in range(2):
    answer = model.invoke(f"Question {number}")
    for attempt in answer.response_metadata["scout"]["attempts"]:
        print(attempt["provider"], attempt["outcome"], attempt.get("reason", ""))

model.invoke("One of many", {"tags": ["batch"]})
try:
    model.invoke("One of many", {"tags": ["batch"]})
except LimitReached as error:
    print(f"nothing was sent; again in {error.retry_after:.0f} s")
