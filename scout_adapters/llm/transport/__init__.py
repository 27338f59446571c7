"""HTTP: one exchange over pooled connections. Nothing here depends on a provider."""

from scout_adapters.llm.transport.http_transport import Transport as Transport
