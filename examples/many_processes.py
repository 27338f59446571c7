"""Two machines with one budget, and what one of them finds of a key; needs a Redis server."""

import os
import sys

from scout_adapters import ScoutBudgetCallbackHandler, ScoutRouterChatModel

store = os.environ.get("SCOUT_STORE", "")
if not store:
    print("start redis-server and set SCOUT_STORE=redis://localhost:6379 to run this")
    sys.exit()

model = ScoutRouterChatModel(models=["groq/openai/gpt-oss-120b"], max_tokens=200, store=store)
machines = [ScoutBudgetCallbackHandler(5, per="day", name="team", store=store) for _ in range(2)]
for machine in machines:
    print(model.invoke("Hello", {"callbacks": [machine]}).text)
print(f"${machines[0].spent_usd:.6f} spent by both, as {machines[0].store} says")
