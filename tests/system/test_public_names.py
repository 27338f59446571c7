"""The names that users import, whatever the files behind them are called."""

from __future__ import annotations

import logging
import sys
from importlib import import_module

import pytest

import scout_adapters

PUBLIC = {
    "scout_adapters": [
        "Limits",
        "ProviderSpec",
        "ScoutAnthropicChatModel",
        "ScoutAuditCallbackHandler",
        "ScoutBudgetCallbackHandler",
        "ScoutCerebrasChatModel",
        "ScoutCostCallbackHandler",
        "ScoutDeepSeekChatModel",
        "ScoutEmbeddings",
        "ScoutError",
        "ScoutFireworksChatModel",
        "ScoutGoogleChatModel",
        "ScoutGroqChatModel",
        "ScoutMiniMaxChatModel",
        "ScoutMistralChatModel",
        "ScoutOllamaChatModel",
        "ScoutOpenAIChatModel",
        "ScoutOpenAICompatibleChatModel",
        "ScoutOpenRouterChatModel",
        "ScoutRouterChatModel",
        "ScoutTogetherChatModel",
        "ScoutXAIChatModel",
        "get_scout_cost_callback",
        "init_scout_model",
        "registry",
    ],
    "scout_adapters.llm": [
        "LLMResponse",
        "call_anthropic_async",
        "call_google_async",
        "call_groq_async",
        "call_llm",
        "call_minimax_async",
        "call_mistral_async",
    ],
    "scout_adapters.llm.router": ["call_llm"],
    "scout_adapters.llm.providers": [
        "MAX_COOLDOWN_SECONDS",
        "PERMANENT_ERROR_PATTERNS",
        "CircuitOpenError",
        "KeyState",
        "ProviderClient",
        "ProviderRegistry",
        "ProviderResult",
        "ProviderSpec",
        "is_permanent_error",
        "is_provider_available",
        "record_failure",
        "record_success",
        "registry",
    ],
    "scout_adapters.llm.pricing": ["PRICING", "estimate_cost_usd"],
    "scout_adapters.llm.types": ["ChatRequest", "ProviderSpec"],
    "scout_adapters.llm.transport": ["Transport"],
    "scout_adapters.llm.wires.openai_chat": ["WIRE"],
    "scout_adapters.audit": ["AuditError", "AuditLog", "get_audit", "read_rows"],
    "scout_adapters.errors": [
        "AccessDenied",
        "AuditError",
        "BudgetError",
        "BudgetExceeded",
        "CannotConnect",
        "CircuitOpenError",
        "ConfigurationError",
        "ContentRefused",
        "ContextOverflow",
        "DeadlineExceeded",
        "ErrorKind",
        "InvalidKey",
        "InvalidModelName",
        "InvalidRequest",
        "KeyRejected",
        "MalformedResponse",
        "ModelNotFound",
        "NoKeyError",
        "NoWorkingKey",
        "OutOfCredit",
        "ProviderError",
        "ProviderTimeout",
        "ProviderUnavailable",
        "RateLimited",
        "ScoutError",
        "StreamInterrupted",
        "UnknownProvider",
        "UnsupportedContent",
    ],
    "scout_adapters.callbacks": [
        "ScoutAuditCallbackHandler",
        "ScoutBudgetCallbackHandler",
        "ScoutCostCallbackHandler",
        "get_scout_cost_callback",
    ],
    "scout_adapters.agents": ["ScoutBudgetMiddleware"],
    "scout_adapters.budget": ["MemoryBudgets", "SqliteBudgets"],
    "scout_adapters.testing": ["Emulator", "Exchange", "Fault", "RateLimited", "Revoked", "run"],
    "scout_adapters.testing.cassettes": ["cassette"],
    "scout_adapters.cli": ["app"],
}


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_can_be_imported(module: str) -> None:
    imported = import_module(module)
    assert [name for name in PUBLIC[module] if not hasattr(imported, name)] == []


def test_every_name_that_a_front_door_lists_can_be_imported() -> None:
    for module in PUBLIC:
        imported = import_module(module)
        listed = getattr(imported, "__all__", [])
        assert [name for name in listed if not hasattr(imported, name)] == [], module


def test_the_audit_log_warns_under_the_name_that_users_configure() -> None:
    import_module("scout_adapters.audit")
    assert "scout_adapters.audit.log" in logging.Logger.manager.loggerDict


def test_import_star_needs_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [*sys.modules]:
        if module.startswith("scout_adapters.telemetry"):
            monkeypatch.delitem(sys.modules, module)
        if module.partition(".")[0] == "opentelemetry":
            monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    for name in scout_adapters.WITH_EXTRA:
        monkeypatch.delitem(vars(scout_adapters), name, raising=False)
    names: dict[str, object] = {}
    exec("from scout_adapters import *", names)  # what a user writes
    assert set(scout_adapters.__all__) <= set(names)
    with pytest.raises(scout_adapters.ScoutError, match="otel"):
        _ = scout_adapters.ScoutTelemetryCallbackHandler
