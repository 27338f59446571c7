"""Rendering a request (to come)."""

from __future__ import annotations
from typing import Any


def build_body(request: Any, turns: Any, spec: Any) -> Any:
    raise NotImplementedError
