"""OpenTelemetry: spans and metrics of model calls, by its conventions for generative AI.

Needs the extra `otel`: `pip install "scout-adapters[otel]"`. Only `opentelemetry-api` is imported.
`opentelemetry-util-genai` attaches each span to the current context until it ends, but the start
and the end of a LangChain run may be reported in different contexts.
"""

from __future__ import annotations

try:
    from scout_adapters.telemetry.telemetry_handler import (
        ScoutTelemetryCallbackHandler as ScoutTelemetryCallbackHandler,
    )
except ModuleNotFoundError as missing:
    if not (missing.name or "").startswith("opentelemetry"):
        raise
    from scout_adapters.errors import ConfigurationError

    raise ConfigurationError(
        'opentelemetry is missing: pip install "scout-adapters[otel]"'
    ) from None
