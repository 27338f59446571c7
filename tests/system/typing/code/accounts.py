"""Costs, budgets, the audit log, and errors, as users read them."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import assert_type

from langchain_core import exceptions as lc
from langchain_core.messages import AIMessageChunk

from scout_adapters import (
    ScoutAuditCallbackHandler,
    ScoutBudgetCallbackHandler,
    ScoutCostCallbackHandler,
    ScoutError,
    ScoutRouterChatModel,
    ScoutTelemetryCallbackHandler,
    get_scout_cost_callback,
)
from scout_adapters.audit import AuditLog, read_rows
from scout_adapters.audit.process_log import get_audit
from scout_adapters.errors import (
    AccessDenied,
    AnswerLost,
    AuditError,
    BudgetError,
    BudgetExceeded,
    CannotConnect,
    CircuitOpenError,
    ConfigurationError,
    ContentRefused,
    ContextOverflow,
    DeadlineExceeded,
    ErrorKind,
    InvalidKey,
    InvalidModelName,
    InvalidRequest,
    KeyRejected,
    MalformedResponse,
    ModelNotFound,
    NoKeyError,
    NotSupported,
    NoWorkingKey,
    OutOfCredit,
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
    StreamInterrupted,
    UnknownProvider,
    UnsupportedContent,
)
from scout_adapters.llm.pricing.price_list import PRICING, estimate_cost_usd

costs = ScoutCostCallbackHandler()
audit = ScoutAuditCallbackHandler(Path("audit.jsonl"))
model = ScoutRouterChatModel(models=["groq/some"])
with get_scout_cost_callback() as counted:
    model.invoke("hello", {"callbacks": [costs, audit]})
assert_type(counted.total_cost, float)
assert_type(counted.calls, int)
assert_type(counted.unpriced_calls, int)
assert_type(counted.by_model, dict[str, float])
assert_type(costs.rows[0].key_id, str | None)
assert_type(costs.by_tag, dict[str, float])
assert_type(costs.breakdown("run")["id"].cost, Decimal)
ScoutAuditCallbackHandler("audit.jsonl", chains=True, tools=True, prompts=str.upper)

ScoutTelemetryCallbackHandler(content=str.upper)

daily = ScoutBudgetCallbackHandler(5, per="day", scope="user", path="budgets.db")
ScoutBudgetCallbackHandler({"groq": "0.5", "*": Decimal(1)}, scope="provider", name="mine")
ScoutBudgetCallbackHandler(1.5, per="run", scope={"tag": "nightly"}, on_exceeded="cheaper")
assert_type(daily.spent_usd, float)
assert_type(daily.balances[0].left, int)

log = get_audit()
assert_type(log, AuditLog)
log.log("llm_call", cost=0.1, model="some", input_t=3, output_t=4, reason="mine", user="me")
assert_type(get_audit(on_failure="warn", durability="power", rotate="day"), AuditLog)
assert_type(AuditLog("audit.jsonl", on_failure="raise", rotate=1_000_000).lost, int)
spent = sum(row.get("cost", 0.0) for row in read_rows("audit.jsonl"))
PRICING["groq"] = {"some": {"input": 0.1, "output": 0.2}}
price = estimate_cost_usd(provider="groq", model="some", input_tokens=3, output_tokens=4)
assert_type(price, float | None)

CLASSES: list[type[lc.ModelError]] = [
    AccessDenied,
    BudgetExceeded,
    CannotConnect,
    CircuitOpenError,
    ContentRefused,
    ContextOverflow,
    DeadlineExceeded,
    InvalidModelName,
    InvalidRequest,
    KeyRejected,
    MalformedResponse,
    ModelNotFound,
    NoKeyError,
    NoWorkingKey,
    NotSupported,
    OutOfCredit,
    ProviderTimeout,
    ProviderUnavailable,
    RateLimited,
    StreamInterrupted,
    AnswerLost,
    UnsupportedContent,
]
MISTAKES: list[type[ConfigurationError]] = [InvalidKey, InvalidModelName, UnknownProvider]

try:
    model.invoke("hello")
except RateLimited as error:
    assert_type(error.retry_after, float | None)
    assert_type(error.key_id, str | None)
    assert_type(error.status, int | None)
    assert_type(error.kind, ErrorKind)
except StreamInterrupted as error:
    assert_type(error.partial, AIMessageChunk | None)
except AnswerLost as error:
    assert_type(error.answer_id, str)
except BudgetExceeded as error:
    assert_type(error.asked_usd, float | None)
    assert_type(error.left_usd, float)
    assert_type(error.opens_at, datetime | None)
except BudgetError as error:
    assert_type(error.is_retryable, bool)
except AuditError as error:
    disk_error: OSError = error
except ProviderError as error:
    assert_type(error.provider, str)
    assert_type(error.message, str)
except ScoutError as error:
    assert_type(error.is_retryable, bool)
