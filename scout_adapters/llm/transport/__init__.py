"""HTTP: one exchange over pooled connections. It knows no provider and no model."""

from scout_adapters.llm.transport.http_transport import Transport as Transport
