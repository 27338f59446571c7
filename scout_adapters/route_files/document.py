"""The form of a route file: one route or several by name, with limits, prices, budgets and log."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PositiveFloat,
    Tag,
    model_validator,
)

from scout_adapters.llm.option_names import StrategyName

Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""US dollars."""


class Section(BaseModel):
    """A part of a route file; a name that is not a field is an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)


class TimeoutSection(Section):
    """Limits of an answer in seconds, as in `Timeouts`."""

    connect: PositiveFloat | None = None
    first_token: PositiveFloat | None = None
    idle: PositiveFloat | None = None
    total: PositiveFloat | None = None


class RouteEntry(BaseModel):
    """One model of a route. Fields that are not listed are options of the provider.

    model: openai/gpt-6-luna
    api_keys: [env:OPENAI_KEY_A, file:/run/secrets/openai]
    organization: env:OPENAI_ORG
    """

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True, frozen=True)

    model: str = Field(min_length=1, description="`provider/model`")
    api_key: str | None = Field(
        default=None, description="`env:NAME` or `file:/path`; default: the provider's variables"
    )
    api_keys: list[str | dict[str, Any]] | None = Field(
        default=None, description="Several keys, each by reference"
    )
    base_url: str | None = Field(default=None, description="The API's root, or `env:NAME`")
    weight: float | None = Field(default=None, ge=0, description='Share under "weighted"')
    order: int | None = Field(
        default=None, ge=1, description="Entries of a lower number are tried first; 1 by default"
    )
    timeout: PositiveFloat | TimeoutSection | None = Field(
        default=None, description="Seconds for the whole answer and between events, or each limit"
    )
    requests_per_minute: float | None = Field(
        default=None, gt=0, description="Requests that this process sends in a minute, at most"
    )


def _form_of(entry: Any) -> str:
    return "name" if isinstance(entry, str) else "entry"


Entry = Annotated[
    Annotated[str, Tag("name")] | Annotated[RouteEntry, Tag("entry")], Discriminator(_form_of)
]
"""`"provider/model"`, or a mapping with `model`."""


class RouteSection(Section):
    """Models, and how calls try them.

    models: [groq/openai/gpt-oss-120b, openai/gpt-6-luna]
    strategy: priority
    """

    models: list[Entry] = Field(min_length=1)
    strategy: StrategyName = "priority"
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="Options of `ScoutRouterChatModel`, such as temperature, timeout, max_retries",
    )


class BudgetSection(Section):
    """A limit on costs; the fields are those of `ScoutBudgetCallbackHandler`."""

    limit_usd: Decimal | dict[str, Decimal]
    per: Literal["total", "hour", "day", "month", "call", "run"] = "total"
    scope: Literal["user", "tag", "provider", "model", "key"] | dict[str, str] | None = None
    on_exceeded: Literal["raise", "cheaper", "warn"] = "raise"
    name: str = ""
    path: str | None = None
    store: str | None = Field(
        default=None, description="Address of a Redis server, or `env:NAME`; default: the file's"
    )
    on_store_error: Literal["raise", "allow"] = "raise"
    answer_tokens: int | None = None
    unpriced: Literal["raise", "allow"] = "raise"


class AuditSection(Section):
    """The audit log; the fields are those of `get_audit`."""

    path: str
    on_failure: Literal["raise", "warn"] | None = None
    rotate: Literal["day"] | int | None = None
    durability: Literal["process", "power"] | None = None


class RouteDocument(Section):
    """A route file: `models` for one route, or `routes` for several by name."""

    models: list[Entry] | None = Field(default=None, min_length=1)
    strategy: StrategyName = "priority"
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="Options of `ScoutRouterChatModel`, such as temperature, timeout, max_retries",
    )
    routes: dict[str, RouteSection] | None = Field(
        default=None, min_length=1, description="Routes by name; a call chooses one by `model=`"
    )
    default: str | None = Field(default=None, description="The route of a call that names none")
    prices: dict[str, dict[str, dict[str, Price]]] = Field(
        default_factory=dict, description="US dollars per 1,000 tokens, as in `PRICING`"
    )
    budgets: list[BudgetSection] = Field(default_factory=list)
    audit: AuditSection | None = None
    store: str | None = Field(
        default=None,
        description="`redis://…` or `env:NAME`: shares health and budgets between processes",
    )

    @model_validator(mode="after")
    def _check_routes(self) -> RouteDocument:
        if (self.models is None) == (self.routes is None):
            raise ValueError("write either `models` or `routes`")
        if self.default is not None and self.default not in (self.routes or {}):
            raise ValueError(f"`default` names no route: {self.default!r}")
        if self.routes is not None and (self.strategy != "priority" or self.options):
            raise ValueError("with `routes`, each route has its own `strategy` and `options`")
        return self

    def route_sections(self) -> dict[str, RouteSection]:
        """Return the routes by name; the only one of a file with `models` is called `""`."""
        if self.routes is not None:
            return self.routes
        section = RouteSection(
            models=self.models or [], strategy=self.strategy, options=self.options
        )
        return {"": section}

    def default_route(self) -> str:
        """Return the name of the route of a call that names none: the first by default."""
        return self.default or next(iter(self.route_sections()))
