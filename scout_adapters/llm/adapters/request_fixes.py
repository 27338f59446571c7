"""Changes to a request that a refusal of a model requires: learnt once, and used from then on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters.errors import ErrorKind, ProviderError
from scout_adapters.llm.types import ProviderSpec, Wire

MAX_MODELS = 4096
"""Models at an address that are remembered."""

_OF_REQUEST = frozenset(
    {ErrorKind.UNSUPPORTED, ErrorKind.INVALID_REQUEST, ErrorKind.MODEL_NOT_FOUND}
)
_NO_SUCH_PATH = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)


@dataclass(frozen=True, slots=True)
class RequestFixes:
    """What is different in requests for a model at an address."""

    wire: Wire | None = None
    """The wire to use; None if the card and the request decide."""

    notes: tuple[str, ...] = ()
    """One sentence for each change, for `changes` of the answer."""


NO_FIXES = RequestFixes()

_learnt: BoundedDict[tuple[str, str, str], RequestFixes] = BoundedDict(MAX_MODELS)
"""Fixes by provider, address and model."""


def fixes_of(key: tuple[str, str, str]) -> RequestFixes:
    """Return the fixes for a provider, an address and a model."""
    return _learnt.get(key, NO_FIXES) if _learnt else NO_FIXES


def remember_fixes(key: tuple[str, str, str], fixes: RequestFixes) -> None:
    """Use these fixes for further requests to a provider, an address and a model."""
    _learnt.put(key, fixes)


def forget_fixes(key: tuple[str, str, str] | None = None) -> None:
    """Forget the fixes of a model, or all."""
    if key is None:
        _learnt.clear()
    else:
        _learnt.pop(key, None)


def fixes_after(
    error: ProviderError, fixes: RequestFixes, used: ProviderSpec, other: ProviderSpec | None
) -> RequestFixes | None:
    """Return the fixes after one more refusal; None if it requires no change that is known.

    `used` is the card over the wire of the request, `other` over the wire that it may change to.
    """
    if other is not None and fixes.wire is None and needs_wire(error, used, other):
        note = f"sent over {other.wire.name}: the provider refused {used.wire.name} for this model"
        return replace(fixes, wire=other.wire, notes=(*fixes.notes, note))
    return None


def needs_wire(error: ProviderError, used: ProviderSpec, other: ProviderSpec) -> bool:
    """Return whether a refusal says that the model, or the address, has the other API only."""
    status = error.status or 0
    if status in _NO_SUCH_PATH and "model" not in f"{error.code} {error.message}".lower():
        return True
    if error.kind not in _OF_REQUEST or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return False
    own_name, name = used.wire.refusals_name, other.wire.refusals_name
    if name is not None and name.search(error.message):
        return True
    lacks = "not supported" in error.message
    return lacks and own_name is not None and own_name.search(error.message) is not None
