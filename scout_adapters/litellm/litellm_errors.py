"""Errors of ours as LiteLLM's, by which it retries, rests deployments and falls back."""

from __future__ import annotations

from typing import Any, NoReturn

import litellm

from scout_adapters.errors import (
    AccessDenied,
    BudgetExceeded,
    CannotConnect,
    CircuitOpenError,
    ConfigurationError,
    ContentRefused,
    ContextOverflow,
    DeadlineExceeded,
    InvalidRequest,
    KeyRejected,
    LimitReached,
    ModelNotFound,
    NoKeyError,
    NotSupported,
    NoWorkingKey,
    OutOfCredit,
    ProviderTimeout,
    RateLimited,
    ScoutError,
)

CLASSES: dict[type[ScoutError], Any] = {
    ContextOverflow: litellm.ContextWindowExceededError,
    ContentRefused: litellm.ContentPolicyViolationError,
    KeyRejected: litellm.AuthenticationError,
    NoKeyError: litellm.AuthenticationError,
    AccessDenied: litellm.PermissionDeniedError,
    OutOfCredit: litellm.RateLimitError,
    RateLimited: litellm.RateLimitError,
    NoWorkingKey: litellm.RateLimitError,
    LimitReached: litellm.RateLimitError,
    BudgetExceeded: litellm.RateLimitError,
    ModelNotFound: litellm.NotFoundError,
    NotSupported: litellm.BadRequestError,
    InvalidRequest: litellm.BadRequestError,
    ConfigurationError: litellm.BadRequestError,
    ProviderTimeout: litellm.Timeout,
    DeadlineExceeded: litellm.Timeout,
    CircuitOpenError: litellm.ServiceUnavailableError,
    CannotConnect: litellm.ServiceUnavailableError,
}
"""LiteLLM's class for each of ours; the first that an error is an instance of counts. A connection
that failed is no `APIConnectionError`: LiteLLM would not rest the deployment."""


def raise_as_litellm(error: ScoutError, model: str) -> NoReturn:
    """Raise LiteLLM's error for one of ours, without the request behind it."""
    found = next(
        (of_litellm for ours, of_litellm in CLASSES.items() if isinstance(error, ours)),
        litellm.InternalServerError,
    )
    raise found(message=str(error), model=model, llm_provider="scout") from error
