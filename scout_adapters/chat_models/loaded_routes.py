"""The routes of one version of a route file, and what takes over the next version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scout_adapters.chat_models.base import ScoutChatModel


@dataclass(frozen=True, slots=True, eq=False)
class LoadedRoutes:
    """The routes of one version of a file, each as a router; replaced as a whole."""

    routers: Mapping[str, ScoutChatModel]
    default: str
    """The name of the route of a call that names none."""
