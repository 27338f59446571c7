"""Errors of a 400 that LangChain has a more exact class for than `ModelInvalidRequestError`.

LangChain's packages choose a class by the status, so a 400 is always their
`ModelInvalidRequestError`: also if it states that the model does not exist (OpenAI, xAI), that the
key is wrong (xAI, Gemini), or that the account has no credit (Anthropic). Ours are of both classes:
code that was written for either catches them.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from langchain_core import exceptions as lc

from scout_adapters.errors.exceptions import (
    AccessDenied,
    KeyRejected,
    ModelNotFound,
    OutOfCredit,
    ProviderError,
)

Reduced = tuple[Callable[..., ProviderError], tuple[Any, ...]]


def _of_bad_request(error_class: type[ProviderError]) -> type[ProviderError]:
    """Return a class of the same name that is LangChain's `ModelInvalidRequestError`, too."""

    def reduce(self: ProviderError) -> Reduced:
        return _rebuild, (error_class, self.args, self.__dict__)

    fields = {
        "__doc__": error_class.__doc__,
        "__module__": error_class.__module__,
        "__reduce__": reduce,
    }
    return type(error_class.__name__, (error_class, lc.ModelInvalidRequestError), fields)


BAD_REQUESTS: dict[type[ProviderError], type[ProviderError]] = {
    each: _of_bad_request(each) for each in (AccessDenied, KeyRejected, ModelNotFound, OutOfCredit)
}
"""The class of errors with status 400, by our class that other statuses have."""


def _rebuild(
    error_class: type[ProviderError], args: tuple[Any, ...], state: dict[str, Any]
) -> ProviderError:
    """Restore an error from a pickle, or for a copy."""
    error = BAD_REQUESTS[error_class](*args)
    error.args = args
    error.__dict__.update(state)
    return error


def class_for_status(error_class: type[ProviderError], status: int | None) -> type[ProviderError]:
    """Return the class of an error that came with a status; None if there was no response."""
    if status != HTTPStatus.BAD_REQUEST:
        return error_class
    return BAD_REQUESTS.get(error_class, error_class)
