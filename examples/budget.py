"""No more than half a dollar a day for each user, and the cheaper model where it gets tight.

Set ANTHROPIC_API_KEY and GROQ_API_KEY, or one of them.
"""

from scout_adapters import ScoutBudgetCallbackHandler, ScoutRouterChatModel
from scout_adapters.errors import BudgetExceeded

model = ScoutRouterChatModel(
    models=["anthropic/claude-haiku-4-5", "groq/openai/gpt-oss-120b"], max_tokens=500
)
budget = ScoutBudgetCallbackHandler(0.5, per="day", scope="user", on_exceeded="cheaper")
for user in ("ada", "bob"):
    try:
        answer = model.invoke(
            "What is a budget?", {"callbacks": [budget], "metadata": {"user_id": user}}
        )
        print(user, answer.text)
    except BudgetExceeded as error:
        print(user, error)
for balance in budget.balances:
    print(balance.account.scope, f"${balance.spent / 1e9:.6f} spent")
