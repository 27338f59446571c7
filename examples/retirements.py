"""Plan ahead: which models of a route will have ended by a day, and what takes their place."""

from scout_adapters import ScoutRouterChatModel

model = ScoutRouterChatModel(models=["openai/gpt-5-mini", "groq/openai/gpt-oss-120b"])

for row in model.explain("hello", on="2026-12-12"):
    print(f"{row.provider}/{row.model}: {row.outcome} {row.reason or ''}")
