"""The first call: a route of two models, what was tried, and what it cost; runs offline.

The emulator answers. With keys in GROQ_API_KEYS and ANTHROPIC_API_KEY, leave out `transport`.
"""

from scout_adapters import ScoutRouterChatModel, get_scout_cost_callback
from scout_adapters.testing import Emulator, Revoked

emulator = Emulator(keys={"groq": {"gsk_revoked": Revoked()}})
transport = emulator.transport()
model = ScoutRouterChatModel(
    models=[
        {"model": "groq/openai/gpt-oss-120b", "api_key": "gsk_revoked", "transport": transport},
        {"model": "anthropic/claude-haiku-4-5", "api_key": "sk-ant-x", "transport": transport},
    ]
)
with get_scout_cost_callback() as costs:
    answer = model.invoke("Why is one key not enough?")
print(answer.text)
for attempt in answer.response_metadata["scout"]["attempts"]:
    print(f"{attempt['provider']}: {attempt['outcome']} {attempt.get('reason', '')}")
print(f"{costs.calls} call, ${costs.total_cost:.6f}")
