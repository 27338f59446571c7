"""What did that cost? By model and key, for everything inside a `with` block.

Set GROQ_API_KEY.
"""

from scout_adapters import ScoutGroqChatModel, get_scout_cost_callback

model = ScoutGroqChatModel(model="openai/gpt-oss-120b")
with get_scout_cost_callback() as costs:
    model.batch(["What is a key?", "What is a circuit?", "What is a route?"])
for row in costs.rows:
    print(f"{row.provider}/{row.model} key {row.key_id}: {row.calls} calls, ${row.cost_usd:.6f}")
