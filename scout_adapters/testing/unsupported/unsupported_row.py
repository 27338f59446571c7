"""A row of a table of what a provider refuses: which models, what in the body, in which words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.faults.error_bodies.rows import Condition, Evidence, fill
from scout_adapters.testing.protocols.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from scout_adapters.testing.http_messages import Json

    Feature = Callable[[Json], Iterator[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedRow:
    """A part of a body that some models of a provider refuse.

    Texts have gaps, such as `{model}` and those that the feature yields.
    """

    feature: Feature
    """Finds the part in a body, one mapping for each place; see `body_features`."""

    message: str = ""
    source: Evidence
    models: str = ""
    """A pattern of the models, matched from their start; "" for all."""

    param: str | None = None
    code: str | None = None
    kind: str = "invalid_request_error"
    status: int | None = None
    """The status, where it is not the provider's usual one for a bad request."""

    condition: Condition = "bad_request"
    body: Any = None
    """The whole error body, where it is not the provider's usual one."""

    def check(self, body: Json, model: str) -> Iterator[Violation]:
        """Yield a violation for each place in a body that this row refuses."""
        if self.models and not re.match(self.models, model):
            return
        for place in self.feature(body):
            gaps = {"model": model, **place}
            yield Violation(
                fill(self.message, gaps),
                self.param and fill(self.param, gaps),
                self.code,
                self.kind,
                self.status,
                self.condition,
                fill(self.body, gaps),
            )


def _always(_: Json) -> Iterator[Mapping[str, Any]]:
    yield {}


NO_SUCH_MODEL = UnsupportedRow(
    feature=_always,
    models=r"bad( |/|%20)model|.*(no-?such-?model|-proo$|non-?existent|does-not-exist)"
    r"|invalid-model",
    condition="model_missing",
    source="recorded",
)
"""Names that no provider has; any other name is a model of the emulator."""


def check_rows(rows: Sequence[UnsupportedRow], body: Json, model: str) -> Iterator[Violation]:
    """Yield a violation for each place in a body that a table refuses."""
    for row in (*rows, NO_SUCH_MODEL):
        yield from row.check(body, model)
