"""Which candidate a call tries first: rules, the prompt's cache, a function of yours; offline."""

from collections.abc import Sequence

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from scout_adapters import ScoutRouterChatModel
from scout_adapters.strategies import CallContext, Candidate, RoutingRule, cache, rules
from scout_adapters.testing import Emulator, RateLimited

emulator = Emulator()
names = ["openai/gpt-4.1-mini", "groq/openai/gpt-oss-120b", "anthropic/claude-sonnet-4-6"]


def router(strategy: object) -> ScoutRouterChatModel:
    entries = [
        {"model": name, "api_key": "k", "base_url": emulator.url(name.partition("/")[0])}
        for name in names
    ]
    return ScoutRouterChatModel(models=entries, strategy=strategy, cache="auto", max_tokens=100)


def spare_free_users(
    candidates: Sequence[Candidate], _request: object, context: CallContext
) -> Sequence[Candidate]:
    """Give free users the cheapest candidate that is ready, and all others the usual order."""
    if context.metadata.get("plan") != "free":
        return candidates
    ready = [each for each in candidates if context.health(each).ready_in_s == 0]
    return sorted(ready, key=lambda each: context.expected_cost(each) or 0.0)


def who(answer: AIMessage) -> str:
    return answer.response_metadata["scout"]["provider"]


with emulator.serve():
    careful = RoutingRule(tag="careful", use="anthropic")
    by_rule = router(rules([careful, RoutingRule(user=["ada"], max_tokens=2000, use="groq")]))
    print("tag:", who(by_rule.invoke("Hello", {"tags": ["careful"]})))
    print("user:", who(by_rule.invoke("Hello", {"metadata": {"user_id": "ada"}})))
    print("others:", who(by_rule.invoke("Hello")))

    own = router(spare_free_users)
    print("free plan:", who(own.invoke("Hello", {"metadata": {"plan": "free"}})))

    # The first provider refuses; the conversation stays where its prompt is cached from then on.
    sticky = router(cache())
    history = [SystemMessage("You know a long document. " * 400), HumanMessage("What is in it?")]
    emulator.script("openai", [RateLimited(20)])
    for question in ("And then?", "And at the end?", "Why?"):
        answer = sticky.invoke(history)
        read = answer.usage_metadata.get("input_token_details", {}).get("cache_read", 0)
        print(f"{who(answer)}: {read} tokens from the cache")
        history += [answer, HumanMessage(question)]
    print(sticky.explain(history))
